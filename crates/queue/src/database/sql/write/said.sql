-- $4 what this receiver answered by itself.
said AS (
    INSERT INTO own_verdict (receiver, seq, action, journalled_at, hash, body)
    SELECT receiver, seq, action, journalled_at, hash, body FROM jsonb_populate_recordset(NULL::own_verdict, $4)
    ON CONFLICT DO NOTHING
)
