-- +goose Up

-- In the line of a list, what was dialled before (6) stands apart from what is
-- fresh (1), so that either is found at once.
UPDATE record SET queue = 6 WHERE queue = 1 AND NOT (type = 2 AND attempts = 0 AND last_call = 0);
