UPDATE entry SET forwarded = 1 WHERE seq IN (SELECT value FROM json_each(?1))
