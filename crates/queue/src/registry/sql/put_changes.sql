-- $1 the changes, $2 version, $3 person, $4 receiver, $5 import.
INSERT INTO unit_change (unit, version, person, receiver, import, old, new)
SELECT (change ->> 'unit')::uuid, $2, $3, $4, $5, NULLIF(change -> 'old', 'null'), change -> 'new'
FROM jsonb_array_elements($1) change
