-- $3 actions.
done AS (
    INSERT INTO action (
        id, alarm, at, person, desk, act, refused, contested, outcome, text, reason, held_until, shown, lease_ms,
        note_kind, reference, given_to, by_supervisor, rule, due, targets, delivered, incident, call, command, asked, ended_at,
        journalled_at, receiver, seq, hash, body
    )
    SELECT
        id, alarm, at, person, desk, act, refused, contested, outcome, text, reason, held_until, shown, lease_ms,
        note_kind, reference, given_to, by_supervisor, rule, due, targets, delivered, incident, call, command, asked, ended_at,
        journalled_at, receiver, seq, hash, body
    FROM jsonb_populate_recordset(NULL::action, $3)
)
