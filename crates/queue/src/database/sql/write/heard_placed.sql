-- As heard.sql, where $16 says where the row lies.
heard AS (
    UPDATE receiver SET
        heard_at = clock_timestamp(), last_seq = $6, head_seq = $7, head = $8, unforwarded = $9, software = $10,
        operator_heard_at = greatest(operator_heard_at, $11)
    WHERE ctid = $16::text::tid AND name = $5
    RETURNING ctid::text AS place
)
