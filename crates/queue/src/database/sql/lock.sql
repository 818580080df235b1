-- Locks the rows that a batch may change, in unit order, and says which: one that somebody else has locked is left out,
-- and its unit waits for the next batch. $1 to $3 as in look.sql.
WITH wanted AS (
    SELECT id FROM alarm WHERE unit_key = ANY ($1) AND closed_at IS NULL
    UNION
    SELECT id FROM alarm WHERE id = ANY ($2)
    UNION
    SELECT alarm FROM alarm_alias WHERE alias = ANY ($2)
    UNION
    SELECT id FROM alarm
    WHERE unit_key = ANY (ARRAY(SELECT unit_key FROM alarm WHERE id = ANY ($3))) AND closed_at IS NULL
)
SELECT id FROM alarm WHERE id = ANY (ARRAY(SELECT id FROM wanted))
ORDER BY unit_key, id FOR UPDATE SKIP LOCKED
