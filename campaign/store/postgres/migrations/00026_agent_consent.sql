-- +goose Up

-- What users said to being recorded: when (0: not asked), and who wrote it down.
ALTER TABLE account ADD COLUMN recording_consent SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN recording_consent_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN recording_consent_by TEXT NOT NULL DEFAULT '';
