-- +goose Up

-- Calls from outside are attempts as well. They never count against a cap and
-- change no record; record_key says whose call it is, where that is known.
ALTER TABLE attempt ADD COLUMN inbound SMALLINT NOT NULL DEFAULT 0;
