-- Who was heard when, as written since a read. $1 the snapshot's xmin of that read, as text.
SELECT subject, heard_at, was_heard, missed_at FROM expectation WHERE changed >= $1::xid8
