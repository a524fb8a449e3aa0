-- +goose Up

-- Logins of the web, where several processes share them. A token is hashed; a
-- session that was ended keeps its row for a while, without data, so that a
-- request under way does not bring it back.
CREATE TABLE session (
    token  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    data   BYTEA,
    expiry BIGINT NOT NULL
);
CREATE INDEX session_expiry ON session (expiry);
