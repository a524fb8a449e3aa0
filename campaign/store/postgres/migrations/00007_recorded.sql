-- +goose Up

-- What is known about an attempt's recording beside its file: the contact's
-- consent, and who deleted it when.
ALTER TABLE attempt ADD COLUMN recorded TEXT COLLATE "C" NOT NULL DEFAULT ''; -- JSON
