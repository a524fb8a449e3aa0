-- +goose Up

-- Lines of the audit log before they have their numbers and checksums: whoever
-- adds one waits for nobody. They leave it for the log only.
CREATE TABLE audit_line (
    id      INTEGER PRIMARY KEY,
    at      BIGINT NOT NULL,
    who     TEXT NOT NULL,
    what    TEXT NOT NULL,
    about   TEXT NOT NULL,
    subject TEXT NOT NULL,
    old     TEXT NOT NULL,
    new     TEXT NOT NULL,
    reason  TEXT NOT NULL
);

-- +goose StatementBegin
CREATE TRIGGER audit_line_update BEFORE UPDATE ON audit_line BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_line_delete BEFORE DELETE ON audit_line
WHEN NOT EXISTS (SELECT 1 FROM audit a WHERE a.at = old.at AND a.who = old.who AND a.what = old.what AND a.about = old.about
    AND a.subject = old.subject AND a.old = old.old AND a.new = old.new AND a.reason = old.reason)
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
-- +goose StatementEnd
