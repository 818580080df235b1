-- What people did to an alarm, the latest; a console's signs that it is still there are no news. $1 alarm, $2 how many.
SELECT body, receiver, refused FROM (
    SELECT body, receiver, refused, written_at, seq FROM action
    WHERE alarm = $1 AND act <> 'renew' ORDER BY written_at DESC, seq DESC LIMIT $2
) latest ORDER BY written_at, seq
