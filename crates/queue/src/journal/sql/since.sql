SELECT seq, at, kind, hash, body FROM entry
WHERE forwarded = 1 AND (seq > ?1 OR at >= ?2) ORDER BY seq LIMIT ?3
