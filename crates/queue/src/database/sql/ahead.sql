-- The signals of a receiver after a sequence, latest first. $1 receiver, $2 sequence, $3 how many at most.
SELECT body FROM signal WHERE receiver = $1 AND seq > $2 ORDER BY seq DESC LIMIT $3
