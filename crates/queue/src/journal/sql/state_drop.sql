DELETE FROM state WHERE kind = 'alarm' AND id IN (SELECT value FROM json_each(?1))
