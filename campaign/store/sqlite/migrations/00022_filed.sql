-- +goose Up

-- What a correction has to know of a call beyond its attempt, as JSON; empty:
-- the call was on nobody's desk.
ALTER TABLE attempt ADD COLUMN filed TEXT NOT NULL DEFAULT '';
