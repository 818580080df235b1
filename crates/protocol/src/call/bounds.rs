//! The bounds of a call, which a site may not set.

use std::time::Duration;

/// Sounds kept with their times: over a minute of digits at the usual pace, more than any opening takes. Those
/// beyond it are still acted on, and counted.
pub const HEARD_MAX: usize = 512;

/// Deliveries of one call, most of them from schemes with many calls outstanding. What comes beyond them is not
/// acknowledged: the unit brings it in a call of its own.
pub const DELIVERIES_MAX: usize = 64;

/// Names of unreadable frames kept. Those beyond are only counted by the line.
pub const FAULTS_MAX: usize = 64;

/// Requests of the operator kept while the call is busy with an earlier one. More are refused.
pub const REQUESTS_MAX: usize = 8;

/// A line that has not said "played" so long after it should have is taken to have played.
pub const PLAY_GRACE: Duration = Duration::from_secs(2);
