-- The rows that a batch may change, with whatever else must be known to fold it. Each row: what it is, an id, another, a
-- text, the alarm.
--   row       an alarm, its unit and itself
--   alias     an id, and the alarm that it stands for
--   action    one that is kept already, and the name of its refusal
--   signal    one that is kept already
-- $1 unit keys, $2 alarm ids of actions, $3 those of them to be reopened: their unit may have a later open alarm.
-- $4 ids of entries, where there are actions; $5 the same, where some may have been offered before.
-- Ids are handed on as arrays, so that no estimate of how many there are can make a whole table be read.
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
SELECT 'row' AS what, id, NULL::uuid AS other, unit_key AS said, to_jsonb(alarm) AS row
FROM alarm WHERE id = ANY (ARRAY(SELECT id FROM wanted))
UNION ALL
SELECT 'alias', alias, alarm, NULL, NULL FROM alarm_alias WHERE alias = ANY ($2)
UNION ALL
SELECT 'action', id, NULL, refused, NULL FROM action WHERE id = ANY ($4)
UNION ALL
SELECT 'signal', id, NULL, NULL, NULL FROM signal WHERE id = ANY ($5)
