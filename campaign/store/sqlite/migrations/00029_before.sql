-- +goose Up

-- What the calls that a list brings with it ended in; 0: there were none, or
-- the record is older than this.
ALTER TABLE record ADD COLUMN before_result INTEGER NOT NULL DEFAULT 0;
