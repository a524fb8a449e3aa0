-- +goose Up

-- What a floor answers for: who did and read what, what the gate refused, who
-- was forgotten, what agents did when.

-- Who did and read what. Lines are only ever added: sum covers the line and
-- the sum of the one before.
CREATE TABLE audit (
    n       BIGINT NOT NULL PRIMARY KEY, -- without a gap; counter 'audit' has the last
    at      BIGINT NOT NULL,
    who     TEXT COLLATE "C" NOT NULL,
    what    TEXT COLLATE "C" NOT NULL,
    about   TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL, -- keyed hash of a number, never the number
    old     TEXT COLLATE "C" NOT NULL,
    new     TEXT COLLATE "C" NOT NULL,
    reason  TEXT COLLATE "C" NOT NULL,
    sum     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_subject ON audit (subject) WHERE subject <> '';
INSERT INTO counter (name, value) VALUES ('audit', 0);

-- +goose StatementBegin
CREATE FUNCTION audit_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION audit_is_final();

-- The key under which numbers of forgotten people are hashed.
CREATE TABLE secret (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);
INSERT INTO secret (name, value) VALUES ('subject', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));

-- What the gate refused. The same again within the hour is counted.
CREATE TABLE refusal (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         BIGINT  NOT NULL,
    last_at    BIGINT  NOT NULL,
    times      INTEGER NOT NULL,
    campaign   TEXT COLLATE "C" NOT NULL,
    list       TEXT COLLATE "C" NOT NULL,
    record_key BIGINT  NOT NULL,
    record_id  TEXT COLLATE "C" NOT NULL,
    number     TEXT COLLATE "C" NOT NULL,
    person     TEXT COLLATE "C" NOT NULL,
    agent      TEXT COLLATE "C" NOT NULL,
    code       TEXT COLLATE "C" NOT NULL,
    text       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX refusal_number ON refusal (number, last_at);
CREATE INDEX refusal_person ON refusal (person);
CREATE INDEX refusal_at ON refusal (at);

-- Deletions of persons. Until done_at is set, files are still to be deleted.
CREATE TABLE erasure (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    by_whom TEXT COLLATE "C" NOT NULL,
    reason  TEXT COLLATE "C" NOT NULL,
    counts  TEXT COLLATE "C" NOT NULL, -- JSON
    kept    TEXT COLLATE "C" NOT NULL, -- JSON
    exports TEXT COLLATE "C" NOT NULL, -- JSON
    files   TEXT COLLATE "C" NOT NULL, -- JSON: recordings
    done_at BIGINT NOT NULL
);
CREATE TABLE erased (
    subject TEXT COLLATE "C" NOT NULL,
    erasure TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (subject, erasure)
);

-- Consent of erased records: the proof that calls were permitted.
CREATE TABLE consent_proof (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject   TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    text      TEXT COLLATE "C" NOT NULL,
    source    TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    revoked   BIGINT NOT NULL,
    locked_at BIGINT NOT NULL
);
CREATE INDEX consent_proof_subject ON consent_proof (subject);

-- What an agent did from when on, event by event.
CREATE TABLE agent_state (
    process TEXT COLLATE "C" NOT NULL,
    n       BIGINT NOT NULL, -- of the process's journal
    agent   TEXT COLLATE "C" NOT NULL,
    team    TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    status  TEXT COLLATE "C" NOT NULL,
    reason  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (process, n, agent)
);
CREATE INDEX agent_state_at ON agent_state (agent, at);

-- The same per day and team, for good.
CREATE TABLE team_time (
    day    TEXT COLLATE "C" NOT NULL,
    team   TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    ms     BIGINT NOT NULL,
    PRIMARY KEY (day, team, status, reason)
);

ALTER TABLE account ADD COLUMN team TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN clients TEXT COLLATE "C" NOT NULL DEFAULT '[]'; -- JSON: of the role client
