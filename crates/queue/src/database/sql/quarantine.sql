INSERT INTO quarantine (receiver, seq, kind, id, why, hash, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
