-- Nothing is expected of them any more. $1 subjects.
DELETE FROM expectation WHERE subject = ANY($1::text[])
