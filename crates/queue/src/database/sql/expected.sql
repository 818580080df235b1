-- Keeps who was heard when; what is known of somebody later stays, and what is only supposed gives way. $1 rows as JSON.
INSERT INTO expectation (subject, heard_at, was_heard, missed_at, changed)
SELECT subject, heard_at, was_heard, missed_at, pg_current_xact_id()
FROM jsonb_populate_recordset(NULL::expectation, $1)
ON CONFLICT (subject) DO UPDATE SET
    heard_at = excluded.heard_at, was_heard = excluded.was_heard, missed_at = excluded.missed_at,
    changed = excluded.changed
WHERE excluded.was_heard > expectation.was_heard
   OR excluded.was_heard AND excluded.heard_at > expectation.heard_at
   OR excluded.was_heard = expectation.was_heard AND excluded.heard_at = expectation.heard_at
      AND coalesce(excluded.missed_at, '-infinity') > coalesce(expectation.missed_at, '-infinity')
