-- The alarm before each of these, where there is one. $1 ids, $2 their units' keys, $3 when they were opened.
SELECT id, before FROM (
    SELECT id, alarm_before(id, key, opened) AS before FROM UNNEST($1, $2, $3) AS card (id, key, opened)
) found WHERE before IS NOT NULL
