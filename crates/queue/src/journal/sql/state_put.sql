INSERT INTO state (kind, id, version, body)
SELECT value ->> 'kind', value ->> 'id', value ->> 'version', value ->> 'body' FROM json_each(?1) WHERE TRUE
ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, body = excluded.body
