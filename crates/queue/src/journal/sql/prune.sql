DELETE FROM entry WHERE seq IN (
    SELECT seq FROM entry WHERE forwarded = 1 AND at < ?1 ORDER BY seq LIMIT ?2
)
