//! What goes out when nobody helps: ids and ages, never a unit, a number, a name or a text. Whoever is told looks
//! the alarm up with a token of their own.

use serde::Serialize;
use uuid::Uuid;

use super::Timestamp;

/// The body of one POST to a webhook.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookShape {
    /// The receiver that tells.
    pub receiver: String,
    /// When it was sent; another time at each try.
    pub sent_at: Timestamp,
    /// What there is to tell, the oldest first.
    pub events: Vec<CalledOutShape>,
}

/// One escalation.
#[derive(Clone, Debug, Serialize)]
pub struct CalledOutShape {
    /// The same whenever this escalation is told to this target.
    pub id: Uuid,
    /// The alarm's id.
    pub alarm: Uuid,
    /// Why: "unanswered-2", "lease-lost".
    pub rule: String,
    /// The alarm's level after it.
    pub level: u8,
    /// The alarm's priority.
    pub priority: u8,
    /// The alarm's class.
    pub class: &'static str,
    /// When it was due.
    pub due: Timestamp,
    /// When the alarm was opened.
    pub opened_at: Timestamp,
    /// Since then, whole seconds at sending.
    pub age_s: i64,
    /// Whether the alarm has been closed meanwhile.
    pub closed: bool,
}

impl WebhookShape {
    /// The bytes that are signed and sent.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}
