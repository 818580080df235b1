-- References of units that are about to change, so that two units may swap theirs. $1 the units.
UPDATE unit SET reference = '' WHERE id = ANY ($1) AND reference <> ''
