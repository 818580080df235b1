-- Everything that a batch writes, in one statement, because each statement is a way there and back. Fails as a
-- serialisation does, and then nothing of it is written, when somebody was quicker: a unit has another open alarm, a row
-- is no longer what it was when it was looked at, or a signal or action is there already. Says which alarm was the
-- latest closed one of its unit, for those that were opened.
-- $1 alarms to open; none of their units may have an open one. $2 signals. $3 actions. $4 what this receiver answered by itself. All as JSON rows.
-- Of this receiver's row, in every transaction: $5 name, $6 last sequence below which nothing is missing, $7 head
-- sequence, $8 head hash, $9 entries not yet here, $10 software, $11 when an operator was last heard.
-- $12 rows to change, each with the revision after the one that was looked at.
WITH changed AS (
    UPDATE alarm SET
        priority = new.priority, class = new.class, opened_at = new.opened_at, last_at = new.last_at, presses =
        new.presses, first_press_at = new.first_press_at, last_press_at = new.last_press_at, ringing_since =
        new.ringing_since, ringing = new.ringing, claimed_by = new.claimed_by, claimed_desk = new.claimed_desk,
        claimed_since = new.claimed_since, lease_until = new.lease_until, held_by = new.held_by, held_desk =
        new.held_desk, held_since = new.held_since, held_until = new.held_until, held_reason = new.held_reason,
        contested_by = new.contested_by, contested_desk = new.contested_desk, contested_at = new.contested_at,
        contested_act = new.contested_act, closed_by = new.closed_by, closed_desk = new.closed_desk, closed_at =
        new.closed_at, outcome = new.outcome, closing_text = new.closing_text, caller_number = new.caller_number,
        caller_name = new.caller_name, caller_at = new.caller_at, triggers = new.triggers, signals = new.signals,
        repeats = new.repeats, last_signal = new.last_signal, rule = new.rule, revision = new.revision,
        given_by = new.given_by, given_desk = new.given_desk, served_at = new.served_at, shadow = coalesce(new.shadow, false),
        level = coalesce(new.level, 0), steps = coalesce(new.steps, 0), press_times = coalesce(new.press_times, '[]'),
        lifted_at = new.lifted_at, let_go_at = new.let_go_at, escalations = coalesce(new.escalations, '[]'),
        test = new.test, incident = new.incident, runaway = coalesce(new.runaway, false), on_test = new.on_test,
        calls = coalesce(new.calls, '[]'),
        changed = pg_current_xact_id()
    FROM jsonb_populate_recordset(NULL::alarm, $12) AS new
    WHERE alarm.id = new.id AND alarm.revision = new.revision - 1
    RETURNING alarm.id
), opened AS (
    INSERT INTO alarm (
        id, unit_words, priority, class, opened_at, last_at, presses, first_press_at, last_press_at,
        ringing_since, ringing, claimed_by, claimed_desk, claimed_since, lease_until, given_by, given_desk, held_by, held_desk,
        held_since, held_until, held_reason, contested_by, contested_desk, contested_at, contested_act, closed_by,
        closed_desk, closed_at, outcome, closing_text, caller_number, caller_name, caller_at, triggers, signals,
        repeats, last_signal, rule, receiver, line, unit_key, unit_basis, served_at, shadow,
        level, steps, press_times, lifted_at, let_go_at, escalations, test, incident, runaway, on_test, calls, previous, revision, changed
    )
    SELECT
        id, unit_words, priority, class, opened_at, last_at, presses, first_press_at, last_press_at,
        ringing_since, ringing, claimed_by, claimed_desk, claimed_since, lease_until, given_by, given_desk, held_by, held_desk,
        held_since, held_until, held_reason, contested_by, contested_desk, contested_at, contested_act, closed_by,
        closed_desk, closed_at, outcome, closing_text, caller_number, caller_name, caller_at, triggers, signals,
        repeats, last_signal, rule, receiver, line, unit_key, unit_basis, served_at, coalesce(shadow, false),
        coalesce(level, 0), coalesce(steps, 0), coalesce(press_times, '[]'), lifted_at, let_go_at, coalesce(escalations, '[]'), test, incident, coalesce(runaway, false), on_test, coalesce(calls, '[]'), coalesce(previous, (
        SELECT of_unit.id FROM (
            SELECT a.id, a.last_at FROM alarm a WHERE a.unit_key = new.unit_key AND a.closed_at IS NOT NULL
            UNION ALL
            SELECT h.id, h.last_at FROM alarm_history h WHERE h.unit_key = new.unit_key
        ) of_unit ORDER BY of_unit.last_at DESC LIMIT 1
    )),
        revision, pg_current_xact_id()
    FROM jsonb_populate_recordset(NULL::alarm, $1) AS new
    ON CONFLICT (unit_key) WHERE closed_at IS NULL DO NOTHING
    RETURNING id, previous
), kept AS (
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
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), done AS (
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
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), said AS (
    INSERT INTO own_verdict (receiver, seq, action, journalled_at, hash, body)
    SELECT receiver, seq, action, journalled_at, hash, body FROM jsonb_populate_recordset(NULL::own_verdict, $4)
    ON CONFLICT DO NOTHING
), heard AS (
    INSERT INTO receiver (name, heard_at, last_seq, head_seq, head, unforwarded, software, operator_heard_at)
    VALUES ($5, clock_timestamp(), $6, $7, $8, $9, $10, $11)
    ON CONFLICT (name) DO UPDATE SET
        heard_at = excluded.heard_at, last_seq = excluded.last_seq, head_seq = excluded.head_seq,
        head = excluded.head, unforwarded = excluded.unforwarded, software = excluded.software,
        operator_heard_at = greatest(receiver.operator_heard_at, excluded.operator_heard_at)
)
SELECT coalesce(jsonb_object_agg(id, previous) FILTER (WHERE previous IS NOT NULL), '{}') FROM opened
HAVING nobody_was_quicker(
    (SELECT count(*) FROM changed) = jsonb_array_length($12)
    AND count(*) = jsonb_array_length($1)
    AND (SELECT count(*) FROM kept) = jsonb_array_length($2)
    AND (SELECT count(*) FROM done) = jsonb_array_length($3)
)
