-- +goose Up

-- What agents have changed of contacts, or entered; records keep what was imported.
CREATE TABLE contact (
    key         INTEGER PRIMARY KEY,
    person      TEXT   NOT NULL UNIQUE,
    number      TEXT   NOT NULL,
    customer_id TEXT   NOT NULL,
    doc         TEXT   NOT NULL, -- JSON: the name, and the fields by their columns
    search      TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    changed     BIGINT NOT NULL,
    by_whom     TEXT   NOT NULL
);
CREATE INDEX contact_number ON contact (number);

-- The words a record is found by: small letters without accents.
ALTER TABLE record ADD COLUMN search TEXT NOT NULL DEFAULT '';
UPDATE record SET search = lower(name || ' ' || customer_id || ' ' || id);
CREATE VIRTUAL TABLE record_text USING fts5(search, content = 'record', content_rowid = 'key', prefix = '2', detail = none, columnsize = 0);
INSERT INTO record_text (record_text) VALUES ('rebuild');
CREATE VIRTUAL TABLE contact_text USING fts5(search, content = 'contact', content_rowid = 'key', prefix = '2', detail = none, columnsize = 0);

-- +goose StatementBegin
CREATE TRIGGER record_text_new AFTER INSERT ON record BEGIN
    INSERT INTO record_text (rowid, search) VALUES (new.key, new.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER record_text_gone AFTER DELETE ON record BEGIN
    INSERT INTO record_text (record_text, rowid, search) VALUES ('delete', old.key, old.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER record_text_changed AFTER UPDATE OF search ON record BEGIN
    INSERT INTO record_text (record_text, rowid, search) VALUES ('delete', old.key, old.search);
    INSERT INTO record_text (rowid, search) VALUES (new.key, new.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER contact_text_new AFTER INSERT ON contact BEGIN
    INSERT INTO contact_text (rowid, search) VALUES (new.key, new.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER contact_text_gone AFTER DELETE ON contact BEGIN
    INSERT INTO contact_text (contact_text, rowid, search) VALUES ('delete', old.key, old.search);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER contact_text_changed AFTER UPDATE OF search ON contact BEGIN
    INSERT INTO contact_text (contact_text, rowid, search) VALUES ('delete', old.key, old.search);
    INSERT INTO contact_text (rowid, search) VALUES (new.key, new.search);
END;
-- +goose StatementEnd

CREATE INDEX record_person ON record (person);
CREATE INDEX record_owner ON record (owner, next_dial) WHERE owner <> '';
CREATE INDEX attempt_agent ON attempt (agent, dialed_at);

-- One row for each reader of a message.
CREATE TABLE message (
    reader   TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    sender   TEXT   NOT NULL, -- empty: the dialer
    audience TEXT   NOT NULL,
    name     TEXT   NOT NULL,
    code     TEXT   NOT NULL,
    text     TEXT   NOT NULL,
    read_at  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (reader, id)
);
CREATE INDEX message_inbox ON message (reader, at);
CREATE INDEX message_unread ON message (reader) WHERE read_at = 0;
CREATE INDEX message_sent ON message (sender, at) WHERE sender <> '';

-- What users have chosen for themselves.
CREATE TABLE preference (
    account TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (account, name)
);

-- The supervisors' page counts lists every few seconds.
DROP INDEX record_status;
CREATE INDEX record_status ON record (list_id, status, result);
