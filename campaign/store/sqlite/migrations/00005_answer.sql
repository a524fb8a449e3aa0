-- +goose Up

-- What a floor answers for: who did and read what, what the gate refused, who
-- was forgotten, what agents did when.

-- Who did and read what. Lines are only ever added: sum covers the line and
-- the sum of the one before.
CREATE TABLE audit (
    n       BIGINT NOT NULL PRIMARY KEY, -- without a gap; counter 'audit' has the last
    at      BIGINT NOT NULL,
    who     TEXT NOT NULL,
    what    TEXT NOT NULL,
    about   TEXT NOT NULL,
    subject TEXT NOT NULL, -- keyed hash of a number, never the number
    old     TEXT NOT NULL,
    new     TEXT NOT NULL,
    reason  TEXT NOT NULL,
    sum     TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_subject ON audit (subject) WHERE subject <> '';
INSERT INTO counter (name, value) VALUES ('audit', 0);

-- +goose StatementBegin
CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
-- +goose StatementEnd

-- The key under which numbers of forgotten people are hashed.
CREATE TABLE secret (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO secret (name, value) VALUES ('subject', lower(hex(randomblob(32))));

-- What the gate refused. The same again within the hour is counted.
CREATE TABLE refusal (
    id         INTEGER PRIMARY KEY,
    at         BIGINT  NOT NULL,
    last_at    BIGINT  NOT NULL,
    times      INTEGER NOT NULL,
    campaign   TEXT NOT NULL,
    list       TEXT NOT NULL,
    record_key BIGINT  NOT NULL,
    record_id  TEXT NOT NULL,
    number     TEXT NOT NULL,
    person     TEXT NOT NULL,
    agent      TEXT NOT NULL,
    code       TEXT NOT NULL,
    text       TEXT NOT NULL
);
CREATE INDEX refusal_number ON refusal (number, last_at);
CREATE INDEX refusal_person ON refusal (person);
CREATE INDEX refusal_at ON refusal (at);

-- Deletions of persons. Until done_at is set, files are still to be deleted.
CREATE TABLE erasure (
    id      TEXT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    reason  TEXT NOT NULL,
    counts  TEXT NOT NULL, -- JSON
    kept    TEXT NOT NULL, -- JSON
    exports TEXT NOT NULL, -- JSON
    files   TEXT NOT NULL, -- JSON: recordings
    done_at BIGINT NOT NULL
);
CREATE TABLE erased (
    subject TEXT NOT NULL,
    erasure TEXT NOT NULL,
    PRIMARY KEY (subject, erasure)
);

-- Consent of erased records: the proof that calls were permitted.
CREATE TABLE consent_proof (
    id        INTEGER PRIMARY KEY,
    subject   TEXT NOT NULL,
    at        BIGINT NOT NULL,
    text      TEXT NOT NULL,
    source    TEXT NOT NULL,
    reference TEXT NOT NULL,
    revoked   BIGINT NOT NULL,
    locked_at BIGINT NOT NULL
);
CREATE INDEX consent_proof_subject ON consent_proof (subject);

-- What an agent did from when on, event by event.
CREATE TABLE agent_state (
    process TEXT NOT NULL,
    n       BIGINT NOT NULL, -- of the process's journal
    agent   TEXT NOT NULL,
    team    TEXT NOT NULL,
    at      BIGINT NOT NULL,
    status  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    PRIMARY KEY (process, n, agent)
);
CREATE INDEX agent_state_at ON agent_state (agent, at);

-- The same per day and team, for good.
CREATE TABLE team_time (
    day    TEXT NOT NULL,
    team   TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    ms     BIGINT NOT NULL,
    PRIMARY KEY (day, team, status, reason)
);

ALTER TABLE account ADD COLUMN team TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN clients TEXT NOT NULL DEFAULT '[]'; -- JSON: of the role client

-- What is deleted is gone from the index, too, at once.
INSERT INTO record_text (record_text, rank) VALUES ('secure-delete', 1);
INSERT INTO contact_text (contact_text, rank) VALUES ('secure-delete', 1);
