-- Moves alarms closed over fifteen minutes ago out of the small table, at most 500 at a time. Whatever came before one of
-- them stays with it.
WITH old AS (
    SELECT id FROM alarm WHERE closed_at < now() - interval '15 minutes' LIMIT 500 FOR UPDATE SKIP LOCKED
), moved AS (
    DELETE FROM alarm USING old WHERE alarm.id = old.id RETURNING alarm.*
)
INSERT INTO alarm_history (
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
    level, steps, press_times, lifted_at, let_go_at, escalations, test, incident, runaway, on_test, calls, coalesce(previous, alarm_before(id, unit_key, opened_at)), revision, changed
FROM moved
ON CONFLICT DO NOTHING
