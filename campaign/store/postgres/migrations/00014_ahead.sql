-- +goose Up

-- Calls dialled ahead of free agents stand against the abandonment budget from
-- their permit on.
ALTER TABLE calling ADD COLUMN ahead SMALLINT NOT NULL DEFAULT 0;
