-- Keeps what a receiver answered by itself. $1 rows as JSON.
INSERT INTO own_verdict (receiver, seq, action, journalled_at, hash, body)
SELECT receiver, seq, action, journalled_at, hash, body FROM jsonb_populate_recordset(NULL::own_verdict, $1)
ON CONFLICT DO NOTHING
