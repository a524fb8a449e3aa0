-- +goose Up

-- The files that a campaign's document names, in one piece, by their hash.
CREATE TABLE bundle (
    name    TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- SHA-256 of the content
    content BYTEA NOT NULL,
    named   BIGINT NOT NULL -- when it was last put: nobody's are forgotten after a day
);
ALTER TABLE campaign ADD COLUMN files TEXT COLLATE "C" NOT NULL DEFAULT '';
