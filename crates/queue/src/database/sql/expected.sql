-- Keeps who was heard when; what is known of somebody later stays. $1 rows as JSON.
INSERT INTO expectation (subject, heard_at, missed_at, changed)
SELECT subject, heard_at, missed_at, pg_current_xact_id() FROM jsonb_populate_recordset(NULL::expectation, $1)
ON CONFLICT (subject) DO UPDATE SET
    heard_at = excluded.heard_at, missed_at = excluded.missed_at, changed = excluded.changed
WHERE (excluded.heard_at, coalesce(excluded.missed_at, '-infinity'))
    > (expectation.heard_at, coalesce(expectation.missed_at, '-infinity'))
