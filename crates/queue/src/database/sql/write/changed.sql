-- $12 rows to change, each with the revision after the one that was looked at.
changed AS (
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
        given_by = new.given_by, given_desk = new.given_desk, served_at = new.served_at, shadow = new.shadow,
        level = new.level, steps = new.steps, press_times = new.press_times,
        lifted_at = new.lifted_at, let_go_at = new.let_go_at, escalations = new.escalations,
        test = new.test, incident = new.incident, runaway = new.runaway, on_test = new.on_test,
        calls = new.calls, previous = coalesce(new.previous, alarm.previous),
        changed = pg_current_xact_id()
    FROM unnest($12::alarm_row[]) AS new WHERE alarm.id = new.id
        AND alarm.revision = new.revision - 1
    RETURNING alarm.id, alarm.ctid::text AS place
)
