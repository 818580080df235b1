-- Which of these signals are kept already. $1 ids.
SELECT id FROM signal WHERE id = ANY ($1)
