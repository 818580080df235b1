-- Senders nobody registered, the one heard last first. $1 the earliest signal's id, $2 how many.
SELECT unit_key, count(*), min(last_byte_at), max(last_byte_at),
       (array_agg(id ORDER BY id DESC))[1], (array_agg(unit_words ORDER BY id DESC))[1],
       (array_agg(unit_basis ORDER BY id DESC))[1], (array_agg(caller_number ORDER BY id DESC))[1],
       (array_agg(receiver ORDER BY id DESC))[1], (array_agg(line ORDER BY id DESC))[1],
       (array_agg(protocol ORDER BY id DESC))[1], (array_agg(trigger ORDER BY id DESC))[1]
FROM signal s
WHERE id >= $1 AND unit_basis IN ('identity', 'caller-number')
  AND NOT EXISTS (SELECT 1 FROM unit_identity i WHERE i.unit_key = s.unit_key)
GROUP BY unit_key ORDER BY max(last_byte_at) DESC LIMIT $2
