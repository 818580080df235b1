-- $2 signals, $13 their cards, places there and links of the chain.
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
        location, report, raw, repeat_of, shadow, software, clock, card, position, journalled_at, seq, hash, body,
        test, incident, runaway, call
    FROM unnest($2::signal_row[], $13::kept_row[])
)
