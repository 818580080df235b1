-- Signals that came under a test, first first, with the card each joined. $1 the test, $2 how many.
SELECT body, journalled_at, alarm FROM signal WHERE test = $1 ORDER BY id LIMIT $2
