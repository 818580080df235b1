-- Rows written since the last read. $1 the snapshot's xmin of that read, as text.
SELECT to_jsonb(a) FROM alarm a WHERE changed >= $1::xid8
