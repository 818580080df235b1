SELECT seq, at, kind, hash, body FROM entry ORDER BY seq DESC LIMIT ?1
