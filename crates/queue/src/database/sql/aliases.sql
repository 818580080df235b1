-- $1 aliases, $2 what they stand for.
INSERT INTO alarm_alias (alias, alarm) SELECT * FROM UNNEST ($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING
