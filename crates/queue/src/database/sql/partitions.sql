SELECT make_partitions(current_date, 7)
