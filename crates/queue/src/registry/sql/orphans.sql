-- Senders nobody registered, the one heard last first. $1 the earliest signal's id, $2 how many.
WITH heard AS (
    SELECT unit_key, count(*) AS signals, min(last_byte_at) AS first_at, max(last_byte_at) AS last_at,
           max(id::text)::uuid AS last     -- there is no max of a uuid before PostgreSQL 18
    FROM signal WHERE id >= $1 AND unit_basis IN ('identity', 'caller-number') GROUP BY unit_key
), unknown AS (
    SELECT * FROM heard h
    WHERE NOT EXISTS (SELECT 1 FROM unit_identity i WHERE i.unit_key = h.unit_key)
    ORDER BY last_at DESC LIMIT $2
)
SELECT u.unit_key, u.signals, u.first_at, u.last_at, s.id, s.unit_words, s.unit_basis, s.caller_number, s.receiver,
       s.line, s.protocol, s.trigger
FROM unknown u JOIN signal s ON s.id = u.last ORDER BY u.last_at DESC
