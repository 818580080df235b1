SELECT hash FROM entry WHERE seq = ?1
