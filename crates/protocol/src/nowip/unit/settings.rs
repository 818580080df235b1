//! What a simulated unit is, and what it does wrong.

use std::collections::BTreeMap;
use std::time::Duration;

/// Settings of a simulated unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSettings {
    /// Its controller, 8 digits, and its local unit, 4, for heartbeats.
    pub identity: String,
    /// What its documents have as `mac`.
    pub mac: String,
    /// Wait for an acknowledgement (C).
    pub ack_wait: Duration,
    /// Times that an alarm is sent in all (C).
    pub attempts: u32,
    /// Idle time before a heartbeat; zero sends none by itself.
    pub heartbeat_every: Duration,
    /// Its parameters, by their three digits.
    pub parameters: BTreeMap<String, String>,
    /// What it does wrong.
    pub faults: UnitFaults,
}

impl Default for UnitSettings {
    fn default() -> UnitSettings {
        UnitSettings {
            identity: "000123450000".to_owned(),
            mac: "00:11:22:33:44:55".to_owned(),
            ack_wait: Duration::from_secs(5),
            attempts: 4,
            heartbeat_every: Duration::ZERO,
            parameters: BTreeMap::from([("018".to_owned(), "1234".to_owned())]),
            faults: UnitFaults::default(),
        }
    }
}

/// What a unit does wrong, for tests and acceptance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitFaults {
    /// Leaves this element out of its alarm.
    pub without_element: Option<&'static str>,
    /// Sends 23 digits.
    pub is_short: bool,
    /// Sends each alarm twice at once.
    pub is_doubled: bool,
    /// Sends its alarm before it calls.
    pub message_first: bool,
    /// Announces speech and never calls.
    pub no_call: bool,
    /// Proves itself with a wrong password; its driver sees to that.
    pub wrong_credential: bool,
    /// Does not answer "select", "list" and whatever else wants data.
    pub no_response: bool,
}
