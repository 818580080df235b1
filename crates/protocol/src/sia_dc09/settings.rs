//! What a site may set.

use std::time::Duration;

/// Settings of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long the rest of a frame may take to come.
    pub partial_frame: Duration,
}

impl Default for Settings {
    /// 8 s: 5 to 10 are suggested (C).
    fn default() -> Self {
        Settings { partial_frame: Duration::from_secs(8) }
    }
}
