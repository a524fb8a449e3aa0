-- +goose Up

-- Lines of the audit log before they have their numbers and checksums: whoever
-- adds one waits for nobody. They leave it for the log only.
CREATE TABLE audit_line (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    who     TEXT COLLATE "C" NOT NULL,
    what    TEXT COLLATE "C" NOT NULL,
    about   TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    old     TEXT COLLATE "C" NOT NULL,
    new     TEXT COLLATE "C" NOT NULL,
    reason  TEXT COLLATE "C" NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION audit_line_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit a WHERE a.at = OLD.at AND a.who = OLD.who AND a.what = OLD.what AND a.about = OLD.about
        AND a.subject = OLD.subject AND a.old = OLD.old AND a.new = OLD.new AND a.reason = OLD.reason) THEN
        RAISE EXCEPTION 'the audit log is only ever added to';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_line_final BEFORE UPDATE OR TRUNCATE ON audit_line EXECUTE FUNCTION audit_is_final();
CREATE TRIGGER audit_line_sealed BEFORE DELETE ON audit_line FOR EACH ROW EXECUTE FUNCTION audit_line_is_sealed();
