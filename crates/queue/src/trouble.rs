//! What operations should hear of the queue itself. The daemon makes a technical alarm of each.

/// A trouble began or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Its name: "journal-failed", "journal-damaged", "database-away", "database-schema-newer",
    /// "database-not-durable", "quarantined".
    pub what: &'static str,
    /// Whether it began.
    pub active: bool,
    /// Why, in words; empty when it ended.
    pub why: String,
}
