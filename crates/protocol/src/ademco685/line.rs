//! The documented line forms as values. Texts are as sent, zeros kept; a digit that the hardware receiver could
//! not read is X.

use crate::contact_id::Qualifier;

/// Whose lines they are. Makes that write like an Ademco 685 share layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Ademco 685, MX8000 and VisorALARM in their 685 modes.
    Ademco685,
    /// CP-220, whose first and last characters are set, and others that end a line otherwise; [`crate::cp220`].
    Cp220,
}

/// The hardware receiver and its line, as written at the head of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// R, one character.
    pub receiver: String,
    /// G, the group or line: one character.
    pub line: String,
}

/// One line between LF and CR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Absent where a link check has none.
    pub header: Option<Header>,
    /// What it carries.
    pub body: Body,
}

/// What a line carries, by form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are those of the layout in each variant's comment")]
pub enum Body {
    /// `RG OKAY @`: the link is alive.
    Heartbeat,
    /// `RG AAAA E`: pulse 3+1 and 4+1. A three-digit account has a zero before it.
    Pulse { account: String, event: char },
    /// `RG AAAA E Z`, or `RG AAAA EZ` on the first receivers: pulse 4+2.
    PulseZone { account: String, event: char, zone: char, together: bool },
    /// `RG AAAA DDD`: pulse 4+2 as one decimal number, 16 times the event and the zone; CAPS (B).
    Combined { account: String, number: u8 },
    /// `RGAAAACC`: Silent Knight forms of a CP-220. What the two characters are one by one is not documented (B).
    Compact { account: String, code: String },
    /// `RG AAAA NNNN NNNN N`: Ademco High Speed, eight channels and one auxiliary digit.
    HighSpeed { account: String, channels: String, auxiliary: char },
    /// `RG AAAA 18 QXYZ GG FCCC`: Contact ID; F is C for a contact or zone, U for a user.
    ContactId { account: String, qualifier: Qualifier, code: String, group: String, kind: char, zone: String },
    /// `RG RCVA NNNN NNNN N`: the hardware receiver about itself, in the layout of High Speed.
    Own { source: String, channels: String, auxiliary: char },
}

impl Body {
    /// The name of the form in reports.
    pub fn form(&self) -> &'static str {
        match self {
            Body::Heartbeat => "okay",
            Body::Pulse { .. } => "pulse",
            Body::PulseZone { .. } => "pulse-zone",
            Body::Combined { .. } => "combined",
            Body::Compact { .. } => "compact",
            Body::HighSpeed { .. } => "high-speed",
            Body::ContactId { .. } => "contact-id",
            Body::Own { .. } => "own",
        }
    }

    /// The account as sent, where the form has one.
    pub fn account(&self) -> Option<&str> {
        match self {
            Body::Pulse { account, .. }
            | Body::PulseZone { account, .. }
            | Body::Combined { account, .. }
            | Body::Compact { account, .. }
            | Body::HighSpeed { account, .. }
            | Body::ContactId { account, .. } => Some(account),
            Body::Heartbeat | Body::Own { .. } => None,
        }
    }
}
