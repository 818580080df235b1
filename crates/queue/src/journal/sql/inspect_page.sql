SELECT seq, at, kind, id, subject, lane, forwarded, refused, hash, row_sum, body FROM entry
WHERE seq >= ?1 ORDER BY seq LIMIT ?2
