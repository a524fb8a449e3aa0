-- +goose Up

-- How many calls of its process might find no agent when a call was dialled
-- ahead of free ones; 0: it was not.
ALTER TABLE calling RENAME COLUMN ahead TO at_risk;
