-- Locks alarms in the order of their units, and says which: one that somebody else has locked is left out, and its unit
-- waits for the next batch. $1 ids.
SELECT id FROM alarm WHERE id = ANY ($1) ORDER BY unit_key, id FOR UPDATE SKIP LOCKED
