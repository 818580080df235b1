-- The rows that a batch may change, locked in unit order. A row somebody else has locked comes back without
-- its row: its unit waits for the next batch. $1 unit keys, $2 alarm ids of actions, $3 those of
-- them to be reopened: their unit may have a later open alarm.
WITH wanted AS (
    SELECT id FROM alarm WHERE unit_key = ANY ($1) AND closed_at IS NULL
    UNION
    SELECT id FROM alarm WHERE id = ANY ($2)
    UNION
    SELECT alarm FROM alarm_alias WHERE alias = ANY ($2)
    UNION
    SELECT later.id FROM alarm a JOIN alarm later USING (unit_key) WHERE a.id = ANY ($3) AND later.closed_at IS NULL
), locked AS (
    SELECT a.id, to_jsonb(a) AS row FROM alarm a WHERE a.id IN (SELECT id FROM wanted)
    ORDER BY a.unit_key, a.id FOR UPDATE SKIP LOCKED
)
SELECT a.id, a.unit_key, locked.row
FROM alarm a JOIN wanted USING (id) LEFT JOIN locked USING (id)
