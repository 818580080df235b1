-- This receiver's row, in every transaction: $5 name, $6 last sequence below which nothing is missing, $7 head sequence,
-- $8 head hash, $9 entries not yet here, $10 software, $11 when an operator was last heard.
heard AS (
    INSERT INTO receiver (name, heard_at, last_seq, head_seq, head, unforwarded, software, operator_heard_at)
    VALUES ($5, clock_timestamp(), $6, $7, $8, $9, $10, $11)
    ON CONFLICT (name) DO UPDATE SET
        heard_at = excluded.heard_at, last_seq = excluded.last_seq, head_seq = excluded.head_seq,
        head = excluded.head, unforwarded = excluded.unforwarded, software = excluded.software,
        operator_heard_at = greatest(receiver.operator_heard_at, excluded.operator_heard_at)
    RETURNING ctid::text AS place
)
