INSERT INTO unit_identity (unit_key, unit, position, identity)
SELECT unit_key, unit, position, identity FROM jsonb_populate_recordset(NULL::unit_identity, $1)
