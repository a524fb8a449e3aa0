-- +goose Up

-- Who found no agent: when the announcement began, and when it had been played
-- to its end.
ALTER TABLE attempt ADD COLUMN announced_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN announced_end INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attempt_recording ON attempt (dialed_at) WHERE recording <> '';
