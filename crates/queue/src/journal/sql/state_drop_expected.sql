DELETE FROM state WHERE kind = 'expected' AND id IN (SELECT value FROM json_each(?1))
