-- +goose Up

-- Of which day the national do-not-call lists are; their numbers stand in
-- do_not_call.
CREATE TABLE national_list (
    country TEXT   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL
);
