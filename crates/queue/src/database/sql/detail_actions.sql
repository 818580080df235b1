SELECT body, receiver, refused FROM (
    SELECT body, receiver, refused, written_at, seq FROM action WHERE alarm = $1 ORDER BY written_at DESC, seq DESC LIMIT $2
) latest ORDER BY written_at, seq
