SELECT seq, at, kind, hash, body, forwarded = 1, refused FROM entry
WHERE subject IN (?1, ?2) AND seq >= COALESCE((SELECT min(seq) FROM entry WHERE id = ?2 AND subject = ?1), 0)
ORDER BY seq LIMIT ?3
