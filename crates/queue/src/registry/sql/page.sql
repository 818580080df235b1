-- Units after an id, with their identities. $1 the id before, $2 how many.
SELECT to_jsonb(u) || jsonb_build_object('identities', COALESCE(
    (SELECT jsonb_agg(i.identity ORDER BY i.position) FROM unit_identity i WHERE i.unit = u.id), '[]'))
FROM unit u WHERE u.id > $1 ORDER BY u.id LIMIT $2
