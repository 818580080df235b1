SELECT seq, at, kind, hash, body FROM entry WHERE forwarded = 0 ORDER BY seq
