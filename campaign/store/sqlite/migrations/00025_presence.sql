-- +goose Up

-- At which process each agent works.
CREATE TABLE presence (
    agent   TEXT NOT NULL PRIMARY KEY,
    process TEXT NOT NULL,
    place   TEXT NOT NULL,
    turn    INTEGER NOT NULL, -- grows with each coming and going
    wanted  TEXT NOT NULL, -- the process she wants to go to
    until   INTEGER NOT NULL -- known to live till then; 0: she has left
);
CREATE INDEX presence_process ON presence (process);
