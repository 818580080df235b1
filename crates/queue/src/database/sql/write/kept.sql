-- $2 signals.
kept AS (
    INSERT INTO signal (
        id, receiver, line, unit_key, unit_basis, unit_words, first_byte_at, last_byte_at, decoded_at, lane,
        priority, class, rule, policy, protocol, outcome, identity, caller_number, trigger, code, status,
        location, report, raw, repeat_of, shadow, software, clock, alarm, position, journalled_at, seq, hash, body,
        test, incident, runaway, call
    )
    SELECT
        id, receiver, line, unit_key, unit_basis, unit_words, first_byte_at, last_byte_at, decoded_at, lane,
        priority, class, rule, policy, protocol, outcome, identity, caller_number, trigger, code, status,
        location, report, raw, repeat_of, coalesce(shadow, false), software, clock, alarm, position, journalled_at, seq, hash, body,
        test, incident, coalesce(runaway, false), call
    FROM jsonb_populate_recordset(NULL::signal, $2)
)
