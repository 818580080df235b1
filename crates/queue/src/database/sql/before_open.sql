-- The alarm before each open one that does not say it.
SELECT id, before FROM (
    SELECT id, alarm_before(id, unit_key, opened_at) AS before FROM alarm WHERE closed_at IS NULL AND previous IS NULL
) found WHERE before IS NOT NULL
