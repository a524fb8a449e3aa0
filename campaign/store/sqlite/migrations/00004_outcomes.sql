-- +goose Up

-- What the outcome of an attempt was before it was corrected.
CREATE TABLE outcome_before (
    id          INTEGER PRIMARY KEY,
    attempt     TEXT NOT NULL,
    until       BIGINT   NOT NULL,
    result      SMALLINT NOT NULL,
    disposition TEXT NOT NULL,
    note        TEXT NOT NULL
);
CREATE INDEX outcome_before_attempt ON outcome_before (attempt);
