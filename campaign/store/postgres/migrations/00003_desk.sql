-- +goose Up

-- What agents have changed of contacts, or entered; records keep what was imported.
CREATE TABLE contact (
    key         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person      TEXT COLLATE "C" NOT NULL UNIQUE,
    number      TEXT COLLATE "C" NOT NULL,
    customer_id TEXT COLLATE "C" NOT NULL,
    doc         TEXT COLLATE "C" NOT NULL, -- JSON: the name, and the fields by their columns
    search      TEXT COLLATE "C" NOT NULL,
    created     BIGINT NOT NULL,
    changed     BIGINT NOT NULL,
    by_whom     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX contact_number ON contact (number);
CREATE INDEX contact_text ON contact USING gin (to_tsvector('simple', search));

-- The words a record is found by: small letters without accents.
ALTER TABLE record ADD COLUMN search TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE record SET search = lower(name || ' ' || customer_id || ' ' || id);
CREATE INDEX record_text ON record USING gin (to_tsvector('simple', search));

CREATE INDEX record_person ON record (person);
CREATE INDEX record_owner ON record (owner, next_dial) WHERE owner <> '';
CREATE INDEX attempt_agent ON attempt (agent, dialed_at);

-- One row for each reader of a message.
CREATE TABLE message (
    reader   TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    sender   TEXT COLLATE "C" NOT NULL, -- empty: the dialer
    audience TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    code     TEXT COLLATE "C" NOT NULL,
    text     TEXT COLLATE "C" NOT NULL,
    read_at  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (reader, id)
);
CREATE INDEX message_inbox ON message (reader, at);
CREATE INDEX message_unread ON message (reader) WHERE read_at = 0;
CREATE INDEX message_sent ON message (sender, at) WHERE sender <> '';

-- What users have chosen for themselves.
CREATE TABLE preference (
    account TEXT COLLATE "C" NOT NULL,
    name    TEXT COLLATE "C" NOT NULL,
    value   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account, name)
);

-- The supervisors' page counts lists every few seconds.
DROP INDEX record_status;
CREATE INDEX record_status ON record (list_id, status, result);
