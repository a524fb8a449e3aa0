-- +goose Up

-- National do-not-call lists stand apart from our own one: the law says of which
-- calls each of them bars, and ours bars all. The numbers of lists that were
-- imported before stay in do_not_call and bar all calls as they did: among them
-- may be entries that somebody has asked for since, which were not kept twice.
-- Of those lists no day is known any more, so they must be imported again.
DROP TABLE national_list;
CREATE TABLE national_list (
    name   TEXT   NOT NULL PRIMARY KEY,
    of_day BIGINT NOT NULL
);
CREATE TABLE national_number (
    number TEXT   NOT NULL,
    list   TEXT   NOT NULL,
    of_day BIGINT NOT NULL,
    PRIMARY KEY (number, list)
) WITHOUT ROWID;
