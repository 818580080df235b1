UPDATE entry SET forwarded = 0 WHERE forwarded = 1 AND at >= ?1
