-- Which of these actions are kept already, and what was said to them. $1 ids.
SELECT id, refused FROM action WHERE id = ANY ($1)
