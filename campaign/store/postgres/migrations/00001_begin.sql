-- +goose Up

-- The tables of the SQLite store, and the same column names: the statements
-- are the same. Text compares by bytes.

CREATE TABLE list (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     TEXT COLLATE "C" NOT NULL UNIQUE,
    imported BIGINT  NOT NULL DEFAULT 0,
    columns  TEXT COLLATE "C" NOT NULL DEFAULT '[]', -- JSON: header of the imported file
    ord      BIGINT  NOT NULL DEFAULT 0     -- last place given
);

-- The names of imported columns, once for all records that share them.
CREATE TABLE layout (
    id    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    names TEXT NOT NULL -- JSON array, of any length: no index bears it
);

CREATE UNIQUE INDEX layout_names ON layout (md5(names));

CREATE TABLE record (
    key             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- never given twice: attempts outlive records
    list_id         BIGINT   NOT NULL REFERENCES list (id),
    id              TEXT COLLATE "C" NOT NULL,
    line            BIGINT   NOT NULL,
    ord             BIGINT   NOT NULL,
    chain           TEXT COLLATE "C" NOT NULL,
    position        INTEGER  NOT NULL,
    person          TEXT COLLATE "C" NOT NULL,
    customer_id     TEXT COLLATE "C" NOT NULL,
    phone           TEXT COLLATE "C" NOT NULL,
    phone_type      TEXT COLLATE "C" NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    layout_id       BIGINT   NOT NULL,
    vals            TEXT COLLATE "C" NOT NULL,      -- JSON array, in the order of layout.names
    time_zone       TEXT COLLATE "C" NOT NULL,
    win_from        BIGINT   NOT NULL,      -- ms since local midnight
    win_until       BIGINT   NOT NULL,
    type            SMALLINT NOT NULL,
    status          SMALLINT NOT NULL,
    result          SMALLINT NOT NULL,
    attempts        INTEGER  NOT NULL,
    next_dial       BIGINT   NOT NULL,
    last_call       BIGINT   NOT NULL,
    owner           TEXT COLLATE "C" NOT NULL,
    top             BIGINT   NOT NULL,
    declined        INTEGER  NOT NULL,
    reason          TEXT COLLATE "C" NOT NULL,
    disposition     TEXT COLLATE "C" NOT NULL,
    note            TEXT COLLATE "C" NOT NULL,
    no_call         SMALLINT NOT NULL,
    callback_at     BIGINT   NOT NULL,
    consent_at      BIGINT   NOT NULL,
    consent_text    TEXT COLLATE "C" NOT NULL,
    consent_source  TEXT COLLATE "C" NOT NULL,
    consent_ref     TEXT COLLATE "C" NOT NULL,
    consent_revoked BIGINT   NOT NULL,
    fence           BIGINT   NOT NULL DEFAULT 0,
    changed_at      BIGINT   NOT NULL DEFAULT 0, -- 0: as imported
    finished_by     TEXT COLLATE "C" NOT NULL DEFAULT '', -- the attempt whose outcome finished the chain, and
    was             SMALLINT NOT NULL DEFAULT 0,  -- the status before it: for corrections
    -- Where Lease finds it, derived from the columns above whenever one of
    -- them changes. 1 list order by ord; 2 top by -top; 3 callback and 4
    -- waiting, by next_dial; 5 an agent's own, by next_dial; NULL nowhere.
    queue           SMALLINT,
    rank            BIGINT   NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX record_phone ON record (phone, list_id);
CREATE INDEX record_queue ON record (list_id, queue, rank, ord) WHERE queue IS NOT NULL;
CREATE INDEX record_own ON record (owner, rank) WHERE queue = 5;
CREATE INDEX record_chain ON record (list_id, chain, position) WHERE chain <> '';
CREATE UNIQUE INDEX record_ord ON record (list_id, ord);
CREATE INDEX record_id ON record (id);
CREATE INDEX record_status ON record (list_id, status);

-- Records taken by a process: offered, or being called.
CREATE TABLE lease (
    record_key BIGINT NOT NULL PRIMARY KEY,
    list_id    BIGINT NOT NULL,
    number     TEXT COLLATE "C" NOT NULL,
    person     TEXT COLLATE "C" NOT NULL,
    process    TEXT COLLATE "C" NOT NULL,
    fence      BIGINT NOT NULL,
    until      BIGINT NOT NULL
);
-- Two processes that offer the same person at once: one begins again.
CREATE UNIQUE INDEX lease_number ON lease (number);
CREATE UNIQUE INDEX lease_person ON lease (person);
CREATE INDEX lease_process ON lease (process);
CREATE INDEX lease_list ON lease (list_id);
CREATE INDEX lease_until ON lease (until);

-- Who is being called, over all lists and processes.
CREATE TABLE calling (
    attempt    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number     TEXT COLLATE "C" NOT NULL UNIQUE,
    person     TEXT COLLATE "C" NOT NULL UNIQUE,
    record_key BIGINT NOT NULL,
    process    TEXT COLLATE "C" NOT NULL,
    account    TEXT COLLATE "C" NOT NULL
);
CREATE INDEX calling_record ON calling (record_key);
CREATE INDEX calling_account ON calling (account);

CREATE TABLE attempt (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    campaign      TEXT COLLATE "C" NOT NULL,
    record_key    BIGINT   NOT NULL,          -- 0: a manual call
    record_id     TEXT COLLATE "C" NOT NULL,
    list          TEXT COLLATE "C" NOT NULL,
    number        TEXT COLLATE "C" NOT NULL,
    person        TEXT COLLATE "C" NOT NULL,
    agent         TEXT COLLATE "C" NOT NULL,
    process       TEXT COLLATE "C" NOT NULL,
    account       TEXT COLLATE "C" NOT NULL,
    fence         BIGINT   NOT NULL,
    status        INTEGER  NOT NULL DEFAULT 0,
    dialer_result SMALLINT NOT NULL DEFAULT 0,
    result        SMALLINT NOT NULL DEFAULT 0,
    disposition   TEXT COLLATE "C" NOT NULL DEFAULT '',
    note          TEXT COLLATE "C" NOT NULL DEFAULT '',
    counted       SMALLINT NOT NULL DEFAULT 1, -- until it is known better
    dialed_at     BIGINT   NOT NULL,
    ringing_at    BIGINT   NOT NULL DEFAULT 0,
    answered_at   BIGINT   NOT NULL DEFAULT 0,
    joined_at     BIGINT   NOT NULL DEFAULT 0,
    ended_at      BIGINT   NOT NULL DEFAULT 0,
    ended_by      TEXT COLLATE "C" NOT NULL DEFAULT '',
    text          TEXT COLLATE "C" NOT NULL DEFAULT '',
    held_ms       BIGINT   NOT NULL DEFAULT 0,
    rtp           TEXT COLLATE "C" NOT NULL DEFAULT '', -- JSON
    recording     TEXT COLLATE "C" NOT NULL DEFAULT '',
    token         BYTEA
);
CREATE INDEX attempt_number ON attempt (number, dialed_at);
CREATE INDEX attempt_person ON attempt (person, dialed_at);
CREATE INDEX attempt_record ON attempt (record_key, dialed_at);
CREATE INDEX attempt_campaign ON attempt (campaign, dialed_at);
CREATE INDEX attempt_dialed ON attempt (dialed_at);
CREATE INDEX attempt_open ON attempt (process) WHERE ended_at = 0;

CREATE TABLE do_not_call (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number   TEXT COLLATE "C" NOT NULL,
    person   TEXT COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    client   TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    by_whom  TEXT COLLATE "C" NOT NULL,
    attempt  TEXT COLLATE "C" NOT NULL,
    wording  TEXT COLLATE "C" NOT NULL,
    UNIQUE (number, person, campaign, client)
);
CREATE INDEX do_not_call_person ON do_not_call (person) WHERE person <> '';

CREATE TABLE offer (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign   TEXT COLLATE "C" NOT NULL,
    record_key BIGINT NOT NULL,
    record_id  TEXT COLLATE "C" NOT NULL,
    agent      TEXT COLLATE "C" NOT NULL,
    offered_at BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    decision   TEXT COLLATE "C" NOT NULL,
    UNIQUE (record_key, agent, offered_at)
);
CREATE INDEX offer_campaign ON offer (campaign, offered_at);

CREATE TABLE campaign (
    name     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    document BYTEA   NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    pause    TEXT COLLATE "C" NOT NULL,
    changed  BIGINT NOT NULL
);

CREATE TABLE account (
    name     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    role     TEXT COLLATE "C" NOT NULL,
    engaged  SMALLINT NOT NULL,
    headset  TEXT COLLATE "C" NOT NULL,
    hash     TEXT COLLATE "C" NOT NULL,
    created  BIGINT   NOT NULL,
    disabled SMALLINT NOT NULL
);

CREATE TABLE counter (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('top', 0);
-- Grows whenever campaigns, users or the do-not-call list change.
INSERT INTO counter (name, value) VALUES ('changes', 0);

-- Processes that share the database, and how long each is known to live.
CREATE TABLE process (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);
