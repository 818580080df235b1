SELECT last_seq, head_seq, head FROM receiver WHERE name = $1
