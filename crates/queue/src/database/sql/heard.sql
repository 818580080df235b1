-- This receiver's row, in every transaction. $1 name, $2 last sequence below which nothing is missing, $3 head
-- sequence, $4 head hash, $5 entries not yet here, $6 software, $7 when an operator was last heard.
INSERT INTO receiver (name, heard_at, last_seq, head_seq, head, unforwarded, software, operator_heard_at)
VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6, $7)
ON CONFLICT (name) DO UPDATE SET
    heard_at = excluded.heard_at, last_seq = excluded.last_seq, head_seq = excluded.head_seq,
    head = excluded.head, unforwarded = excluded.unforwarded, software = excluded.software,
    operator_heard_at = greatest(receiver.operator_heard_at, excluded.operator_heard_at)
