-- The alarm that a unit had before another: the latest one closed of those that were opened no later. It is looked up
-- beside the writer, because to look through every month of the history took a fifth of the time of a signal's commit.
CREATE FUNCTION alarm_before(self uuid, key text, opened timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT id FROM (
        SELECT id, last_at FROM alarm
        WHERE unit_key = key AND id <> self AND closed_at IS NOT NULL AND opened_at <= opened
        UNION ALL
        SELECT id, last_at FROM alarm_history WHERE unit_key = key AND id <> self AND opened_at <= opened
    ) of_unit ORDER BY last_at DESC LIMIT 1
$$;
