-- +goose Up

-- What the outcome of an attempt was before it was corrected.
CREATE TABLE outcome_before (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt     TEXT COLLATE "C" NOT NULL,
    until       BIGINT   NOT NULL,
    result      SMALLINT NOT NULL,
    disposition TEXT COLLATE "C" NOT NULL,
    note        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX outcome_before_attempt ON outcome_before (attempt);
