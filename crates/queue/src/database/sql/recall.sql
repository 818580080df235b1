-- Takes alarms that were moved to the history back, because somebody wants to reopen them. $1 their ids.
WITH back AS (
    DELETE FROM alarm_history WHERE id = ANY ($1) RETURNING *
)
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
    repeats, last_signal, rule, receiver, line, unit_key, unit_basis, served_at, shadow,
    level, steps, press_times, lifted_at, let_go_at, escalations, test, incident, runaway, on_test, calls, previous,
    revision, pg_current_xact_id()
FROM back
ON CONFLICT DO NOTHING
