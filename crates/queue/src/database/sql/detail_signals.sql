SELECT body, journalled_at FROM (
    SELECT body, journalled_at, position FROM signal WHERE alarm = $1 ORDER BY position DESC LIMIT $2
) latest ORDER BY position
