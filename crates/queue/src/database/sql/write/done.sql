-- $3 actions, $14 their cards, what became of them and their links of the chain; $5 this receiver.
done AS (
    INSERT INTO action (
        id, alarm, at, person, desk, act, refused, contested, outcome, text, reason, held_until, shown, lease_ms,
        note_kind, reference, given_to, by_supervisor, rule, due, targets, delivered, incident, call, command, asked, ended_at,
        journalled_at, receiver, seq, hash, body
    )
    SELECT
        id, card, at, person, desk, act, refused, contested, outcome, text, reason, held_until, shown, lease_ms,
        note_kind, reference, given_to, by_supervisor, rule, due, targets, delivered, incident, call, command, asked, ended_at,
        journalled_at, $5, seq, hash, body
    FROM unnest($3::action_row[], $14::done_row[])
)
