-- What was done to the cards of a test's signals. $1 alarms, $2 how many.
SELECT body, receiver, refused FROM action
WHERE alarm = ANY ($1) AND act <> 'renew' ORDER BY at, seq LIMIT $2
