-- +goose Up

-- At which process each agent works.
CREATE TABLE presence (
    agent   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    process TEXT COLLATE "C" NOT NULL,
    place   TEXT COLLATE "C" NOT NULL,
    turn    BIGINT NOT NULL, -- grows with each coming and going
    wanted  TEXT COLLATE "C" NOT NULL, -- the process she wants to go to
    until   BIGINT NOT NULL -- known to live till then; 0: she has left
);
CREATE INDEX presence_process ON presence (process);
