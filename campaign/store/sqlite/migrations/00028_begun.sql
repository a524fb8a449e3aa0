-- +goose Up

-- When a call was permitted, by the clock that all processes share: calls per
-- second of an account are counted by it. 0: it came in, or is older than this.
ALTER TABLE attempt ADD COLUMN begun_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX attempt_begun ON attempt (account, begun_at);
