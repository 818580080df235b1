INSERT INTO entry (seq, at, kind, id, subject, lane, hash, row_sum, body)
SELECT value ->> 'seq', value ->> 'at', value ->> 'kind', value ->> 'id', value ->> 'subject', value ->> 'lane',
       value ->> 'hash', value ->> 'row_sum', value ->> 'body'
FROM json_each(?1)
