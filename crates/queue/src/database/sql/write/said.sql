-- $4 what this receiver answered by itself; $5 its name.
said AS (
    INSERT INTO own_verdict (receiver, seq, action, journalled_at, hash, body)
    SELECT $5, seq, action, journalled_at, hash, body FROM unnest($4::said_row[])
    ON CONFLICT DO NOTHING
)
