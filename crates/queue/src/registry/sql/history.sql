-- A unit's latest changes, latest first. $1 the unit, $2 how many.
SELECT version, at, person, receiver, import, old, new FROM unit_change WHERE unit = $1 ORDER BY version DESC LIMIT $2
