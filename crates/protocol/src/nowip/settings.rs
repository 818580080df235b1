//! What a site sets of NOW-IP, and what it may not.

use std::time::Duration;

/// Settings of a listener's NOW-IP units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What our documents have as `mac`: a label, any text.
    pub mac: String,
    /// The data of an acknowledgement.
    pub nothing: String,
    /// How long after the start of a call its alarm is waited for, before it goes to an operator without one.
    pub alarm_within: Duration,
    /// How long after an alarm with speech its call is waited for; none where calls never come here.
    pub call_within: Option<Duration>,
    /// From a document to its acknowledgement; later there is none, the unit repeats.
    pub ack_within: Duration,
    /// The same document of the same user within this time is a copy.
    pub repeat_window: Duration,
    /// From a command to its answer.
    pub answer_within: Duration,
    /// The same for "list".
    pub list_within: Duration,
    /// A session without a call is forgotten after so long a silence.
    pub session_quiet: Duration,
    /// So is one whose call was routed: its end may never be told here.
    pub call_quiet: Duration,
    /// Let operators switch doors and relays at the unit's end.
    pub allow_control: bool,
    /// Let operators change and read the unit's parameters, telephone numbers among them.
    pub allow_programming: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        let seconds = Duration::from_secs;
        Settings {
            mac: "00:00:00:00:00:00".to_owned(),
            nothing: super::NOTHING.to_owned(), // B
            alarm_within: seconds(6),           // B
            call_within: Some(seconds(60)),     // C
            ack_within: seconds(2),             // ours
            repeat_window: seconds(120),        // C
            answer_within: seconds(3),          // B: 0.5 to 3 s by family and command
            list_within: seconds(5),            // B
            session_quiet: seconds(60),         // C
            call_quiet: seconds(1_800),         // B: the longest silence on hold in the field
            allow_control: false,
            allow_programming: false,
        }
    }
}

/// Users remembered at once. Beyond them an alarm is stored and acknowledged, but neither its copies nor its call are
/// known by it; a call goes to an operator at once.
pub const SESSIONS_MAX: usize = 8_192;

/// Deliveries without a verdict. What comes beyond them is not delivered and not answered: the unit repeats.
pub const WAITING_MAX: usize = 8_192;

/// Alarms remembered of one user; the oldest that is answered makes room. If none is, the next is not remembered.
pub const ALARMS_MAX: usize = 16;

/// Unreadable bodies delivered of one session; more are only counted.
pub const UNREAD_MAX: usize = 8;

/// Operators' requests kept for one unit while it is busy with an earlier one. More are refused.
pub const REQUESTS_MAX: usize = 8;

/// Commands in a row without an operator's: select, list, select again, list again.
pub const STEPS_MAX: u8 = 4;

/// A refused alarm that is not repeated for so long is repeated no more; until then its user gets no acknowledgement,
/// because that names no alarm (ours).
pub const REFUSED_FOR: Duration = Duration::from_secs(30);

/// What the store refuses of a call, which no unit repeats, is offered again after so long,
pub const TELL_AGAIN: Duration = Duration::from_secs(5);

/// and so often in all: for a quarter of an hour. Then it is counted.
pub const TELLS_MAX: u32 = 180;
