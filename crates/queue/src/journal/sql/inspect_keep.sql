INSERT INTO entry (seq, at, kind, id, subject, lane, forwarded, refused, hash, row_sum, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10)
