-- +goose Up

-- Answered calls by campaign and hour (of the answer, since 1970): what the
-- abandonment budget is reckoned from. Of calls that are joined or over; those
-- without an agent within 2 s are abandoned.
CREATE TABLE answers (
    campaign  TEXT COLLATE "C" NOT NULL,
    hour      BIGINT NOT NULL,
    answered  BIGINT NOT NULL,
    abandoned BIGINT NOT NULL,
    PRIMARY KEY (campaign, hour)
);
INSERT INTO answers (campaign, hour, answered, abandoned)
    SELECT campaign, answered_at / 3600000, count(*),
        sum(CASE WHEN result = 21 OR dialer_result = 21 OR joined_at = 0 OR joined_at - answered_at > 2000 THEN 1 ELSE 0 END)
    FROM attempt WHERE campaign <> '' AND answered_at > 0 AND (joined_at > 0 OR ended_at > 0)
    GROUP BY campaign, answered_at / 3600000;
