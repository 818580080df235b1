SELECT seq, at, kind, hash, body, forwarded = 1, refused FROM entry
WHERE seq >= (SELECT min(seq) FROM entry WHERE kind = 'signal' AND id = ?1) AND kind <> 'verdict'
ORDER BY seq LIMIT ?2
