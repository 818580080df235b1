//! When the stores get their next batches.

use std::time::Duration;

use tokio::time::Instant;

use super::signals::COMMIT_IS_NEAR;

/// Pause between two batches while units wait for the journal and nobody for a commit.
const STORM_PAUSE: Duration = Duration::from_millis(50);

/// Entries that wait for the database in no storm that soon passes: it would fall behind for good.
pub(super) const FALLS_BEHIND: usize = 10_000;

/// From so many entries that wait for a database that is up, the journal takes in routine signals only as fast as it
/// commits. Two of [`FALLS_BEHIND`]: a storm of ten thousand, and what rules do with it, stays below.
const ROUTINE_KEEPS_PACE: usize = 2 * FALLS_BEHIND;

/// Whether routine signals wait in their lane for the database to catch up: what the journal takes faster than the
/// database can for good only grows until such signals are refused.
pub(super) fn holds_routine(backlog: usize) -> bool {
    backlog >= ROUTINE_KEEPS_PACE
}

/// Until when a batch waits in a storm. Units are answered first, by the journal: the database gets a batch now and then,
/// and the rest at once when no unit waits, or when so much waits that more is coming than it gets.
pub(super) fn storm_until(backlog: usize, units_wait: bool, committed_at: Instant) -> Option<Instant> {
    (units_wait && (COMMIT_IS_NEAR..FALLS_BEHIND).contains(&backlog)).then_some(committed_at + STORM_PAUSE)
}

/// How long after the database got a batch the journal begins none, so that both take the next one together. An answer
/// needs both: a batch begun alone is there no sooner, and what comes meanwhile finds each store in the middle of another.
const IN_STEP: Duration = Duration::from_millis(5);

/// Until when the journal waits for a commit that was begun; not at all where answers wait for the journal alone.
pub(super) fn in_step_until(backlog: usize, asked_at: Instant) -> Option<Instant> {
    (backlog < COMMIT_IS_NEAR).then_some(asked_at + IN_STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_waits_only_while_units_do_and_never_for_long() {
        let now = Instant::now();
        for (backlog, units_wait, until) in [
            (COMMIT_IS_NEAR - 1, true, None),
            (COMMIT_IS_NEAR, true, Some(now + STORM_PAUSE)),
            (FALLS_BEHIND - 1, true, Some(now + STORM_PAUSE)),
            (FALLS_BEHIND - 1, false, None),
            (FALLS_BEHIND, true, None),
        ] {
            assert_eq!(storm_until(backlog, units_wait, now), until, "{backlog} {units_wait}");
        }
    }

    #[test]
    fn the_journal_waits_for_a_commit_that_is_near_and_never_for_long() {
        let now = Instant::now();
        for (backlog, until) in [
            (0, Some(now + IN_STEP)),
            (COMMIT_IS_NEAR - 1, Some(now + IN_STEP)),
            (COMMIT_IS_NEAR, None),
            (1_000_000, None),
        ] {
            assert_eq!(in_step_until(backlog, now), until, "{backlog}");
        }
    }
}
