-- The latest closed alarm of units. $1 unit keys.
SELECT DISTINCT ON (unit_key) unit_key, id FROM (
    SELECT unit_key, id, last_at FROM alarm WHERE unit_key = ANY ($1) AND closed_at IS NOT NULL
    UNION ALL
    SELECT unit_key, id, last_at FROM alarm_history WHERE unit_key = ANY ($1)
) closed ORDER BY unit_key, last_at DESC
