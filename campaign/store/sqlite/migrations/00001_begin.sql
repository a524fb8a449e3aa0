-- +goose Up

CREATE TABLE list (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL UNIQUE,
    imported BIGINT  NOT NULL DEFAULT 0,
    columns  TEXT    NOT NULL DEFAULT '[]', -- JSON: header of the imported file
    ord      BIGINT  NOT NULL DEFAULT 0     -- last place given
);

-- The names of imported columns, once for all records that share them.
CREATE TABLE layout (
    id    INTEGER PRIMARY KEY,
    names TEXT NOT NULL UNIQUE              -- JSON array
);

CREATE TABLE record (
    key             INTEGER  PRIMARY KEY AUTOINCREMENT, -- never given twice: attempts outlive records
    list_id         BIGINT   NOT NULL REFERENCES list (id),
    id              TEXT     NOT NULL,
    line            BIGINT   NOT NULL,
    ord             BIGINT   NOT NULL,
    chain           TEXT     NOT NULL,
    position        INTEGER  NOT NULL,
    person          TEXT     NOT NULL,
    customer_id     TEXT     NOT NULL,
    phone           TEXT     NOT NULL,
    phone_type      TEXT     NOT NULL,
    name            TEXT     NOT NULL,
    layout_id       BIGINT   NOT NULL,
    vals            TEXT     NOT NULL,      -- JSON array, in the order of layout.names
    time_zone       TEXT     NOT NULL,
    win_from        BIGINT   NOT NULL,      -- ms since local midnight
    win_until       BIGINT   NOT NULL,
    type            SMALLINT NOT NULL,
    status          SMALLINT NOT NULL,
    result          SMALLINT NOT NULL,
    attempts        INTEGER  NOT NULL,
    next_dial       BIGINT   NOT NULL,
    last_call       BIGINT   NOT NULL,
    owner           TEXT     NOT NULL,
    top             BIGINT   NOT NULL,
    declined        INTEGER  NOT NULL,
    reason          TEXT     NOT NULL,
    disposition     TEXT     NOT NULL,
    note            TEXT     NOT NULL,
    no_call         SMALLINT NOT NULL,
    callback_at     BIGINT   NOT NULL,
    consent_at      BIGINT   NOT NULL,
    consent_text    TEXT     NOT NULL,
    consent_source  TEXT     NOT NULL,
    consent_ref     TEXT     NOT NULL,
    consent_revoked BIGINT   NOT NULL,
    fence           BIGINT   NOT NULL DEFAULT 0,
    changed_at      BIGINT   NOT NULL DEFAULT 0, -- 0: as imported
    finished_by     TEXT     NOT NULL DEFAULT '', -- the attempt whose outcome finished the chain, and
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
    number     TEXT   NOT NULL,
    person     TEXT   NOT NULL,
    process    TEXT   NOT NULL,
    fence      BIGINT NOT NULL,
    until      BIGINT NOT NULL
);
CREATE INDEX lease_number ON lease (number);
CREATE INDEX lease_person ON lease (person);

-- Who is being called, over all lists and processes.
CREATE TABLE calling (
    attempt    TEXT   NOT NULL PRIMARY KEY,
    number     TEXT   NOT NULL UNIQUE,
    person     TEXT   NOT NULL UNIQUE,
    record_key BIGINT NOT NULL,
    process    TEXT   NOT NULL,
    account    TEXT   NOT NULL
);
CREATE INDEX calling_record ON calling (record_key);

CREATE TABLE attempt (
    id            TEXT     NOT NULL PRIMARY KEY,
    campaign      TEXT     NOT NULL,
    record_key    BIGINT   NOT NULL,          -- 0: a manual call
    record_id     TEXT     NOT NULL,
    list          TEXT     NOT NULL,
    number        TEXT     NOT NULL,
    person        TEXT     NOT NULL,
    agent         TEXT     NOT NULL,
    process       TEXT     NOT NULL,
    account       TEXT     NOT NULL,
    fence         BIGINT   NOT NULL,
    status        INTEGER  NOT NULL DEFAULT 0,
    dialer_result SMALLINT NOT NULL DEFAULT 0,
    result        SMALLINT NOT NULL DEFAULT 0,
    disposition   TEXT     NOT NULL DEFAULT '',
    note          TEXT     NOT NULL DEFAULT '',
    counted       SMALLINT NOT NULL DEFAULT 1, -- until it is known better
    dialed_at     BIGINT   NOT NULL,
    ringing_at    BIGINT   NOT NULL DEFAULT 0,
    answered_at   BIGINT   NOT NULL DEFAULT 0,
    joined_at     BIGINT   NOT NULL DEFAULT 0,
    ended_at      BIGINT   NOT NULL DEFAULT 0,
    ended_by      TEXT     NOT NULL DEFAULT '',
    text          TEXT     NOT NULL DEFAULT '',
    held_ms       BIGINT   NOT NULL DEFAULT 0,
    rtp           TEXT     NOT NULL DEFAULT '', -- JSON
    recording     TEXT     NOT NULL DEFAULT '',
    token         BLOB
);
CREATE INDEX attempt_number ON attempt (number, dialed_at);
CREATE INDEX attempt_person ON attempt (person, dialed_at);
CREATE INDEX attempt_record ON attempt (record_key, dialed_at);
CREATE INDEX attempt_campaign ON attempt (campaign, dialed_at);
CREATE INDEX attempt_dialed ON attempt (dialed_at);
CREATE INDEX attempt_open ON attempt (process) WHERE ended_at = 0;

CREATE TABLE do_not_call (
    id       INTEGER PRIMARY KEY,
    number   TEXT   NOT NULL,
    person   TEXT   NOT NULL,
    campaign TEXT   NOT NULL,
    client   TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    by_whom  TEXT   NOT NULL,
    attempt  TEXT   NOT NULL,
    wording  TEXT   NOT NULL,
    UNIQUE (number, person, campaign, client)
);
CREATE INDEX do_not_call_person ON do_not_call (person) WHERE person <> '';

CREATE TABLE offer (
    id         INTEGER PRIMARY KEY,
    campaign   TEXT   NOT NULL,
    record_key BIGINT NOT NULL,
    record_id  TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    offered_at BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    decision   TEXT   NOT NULL,
    UNIQUE (record_key, agent, offered_at)
);
CREATE INDEX offer_campaign ON offer (campaign, offered_at);

CREATE TABLE campaign (
    name     TEXT   NOT NULL PRIMARY KEY,
    document BLOB   NOT NULL,
    state    TEXT   NOT NULL,
    pause    TEXT   NOT NULL,
    changed  BIGINT NOT NULL
);

CREATE TABLE account (
    name     TEXT     NOT NULL PRIMARY KEY,
    role     TEXT     NOT NULL,
    engaged  SMALLINT NOT NULL,
    headset  TEXT     NOT NULL,
    hash     TEXT     NOT NULL,
    created  BIGINT   NOT NULL,
    disabled SMALLINT NOT NULL
);

CREATE TABLE counter (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('top', 0);
