DELETE FROM state WHERE kind = 'unit' AND id IN (SELECT value FROM json_each(?1))
