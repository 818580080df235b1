//! The documented line forms as values. Texts are as sent, blank padding removed, zeros kept.

use crate::contact_id::Qualifier;
use crate::sia::Block;

/// Whose lines they are. Makes that write like Sur-Gard share layouts and differ in the letters that name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Sur-Gard and its emulations.
    SurGard,
    /// Radionics D6500, and Bosch D6600 and D6100 in 6500 mode; [`crate::radionics`].
    Radionics6500,
}

/// The hardware receiver and its line card, as written at the head of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// RR, two hex digits.
    pub receiver: String,
    /// L to LLLLLLL: one character in the classic form, three on newer receivers.
    pub line: String,
}

/// One line between two DC4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Absent where the form has none, or where nothing is known of the form.
    pub header: Option<Header>,
    /// What it carries.
    pub body: Body,
}

/// What a line carries, by form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are those of the layout in each variant's comment")]
pub enum Body {
    /// `1RRL` blank account, X = `@`: the link is alive.
    Heartbeat,
    /// `1RRLssssssAAAAsXGYYY`: pulse and DTMF 4/3. X event letter, G group or blank, YYY zone or user.
    Basic { account: String, letter: char, group: String, zone: String },
    /// `5RRLs18AAAAQXYZGGCCC`: Contact ID.
    ContactId { account: String, qualifier: Qualifier, code: String, group: String, zone: String },
    /// `3RRLssssAAAAAAXXYYYY`: one SIA event.
    Sia { account: String, code: String, address: String },
    /// `SRRL[#AAAAAA|EMMZZZZ/...]`: SIA text as the panel sent it.
    SiaBlock { account: String, block: Block },
    /// `0RRLLL[#AAAA|Nxxyy]`: the hardware receiver about itself.
    Own { account: String, block: Block },
    /// `6RRLssssssAAAAXXYYYY`: BFSK or Modem II.
    Bfsk { account: String, code: String, zone: String },
    /// `8RRLAAAAsCCCCsCCCCsC`: Ademco High Speed, eight channels and one auxiliary digit.
    HighSpeed { account: String, channels: String, auxiliary: char },
    /// `9RRLssssAAAAsCCCCCCCC`: Acron super fast, eight channels.
    Acron { account: String, channels: String },
    /// `CRRLssssAAAAAAXYZZss`: FSK2.
    Fsk2 { account: String, code: String, zone: String },
    /// `TRRLssssAAAAAAsEssZZ`: Telenot; blanks vary in print.
    Telenot { account: String, letter: char, zone: String },
    /// `GRRLsssssAAAAAsXssZZ`: CESA; blanks vary in print.
    Cesa { account: String, letter: char, zone: String },
    /// `4RRLAAAAAALLLTTTTTTT`: telephone number of the caller of the event before it.
    CallerNumber { account: String, number: String },
    /// `U` and 18 digits, F-filled: the same as an international number.
    InternationalNumber { number: String },
    /// `u` and 18 characters: name of the caller of the event before it.
    CallerName { name: String },
    /// `1rrlssssssaaaa` and six more: pulse and Modem II of a Radionics. Two cells of status; then G and YYY after a
    /// status of one letter in the second cell, YYYY after any other.
    Status { account: String, status: String, group: String, zone: String },
    /// A form that is known by name, and its layout is not: what stands behind the header.
    Undecoded { form: char, text: String },
    /// A first character that no form has (vector G18).
    Unknown { text: String },
}

impl Body {
    /// The first character of the line.
    pub fn form(&self, make: Make) -> char {
        match self {
            Body::Heartbeat | Body::Basic { .. } | Body::Status { .. } => '1',
            Body::ContactId { .. } if make == Make::Radionics6500 => 'a',
            Body::ContactId { .. } => '5',
            Body::Undecoded { form, .. } => *form,
            Body::Sia { .. } => '3',
            Body::SiaBlock { .. } => 'S',
            Body::Own { .. } => '0',
            Body::Bfsk { .. } => '6',
            Body::HighSpeed { .. } => '8',
            Body::Acron { .. } => '9',
            Body::Fsk2 { .. } => 'C',
            Body::Telenot { .. } => 'T',
            Body::Cesa { .. } => 'G',
            Body::CallerNumber { .. } => '4',
            Body::InternationalNumber { .. } => 'U',
            Body::CallerName { .. } => 'u',
            Body::Unknown { text } => text.chars().next().unwrap_or(' '),
        }
    }

    /// The account as sent, where the form has one.
    pub fn account(&self) -> Option<&str> {
        match self {
            Body::Basic { account, .. }
            | Body::ContactId { account, .. }
            | Body::Sia { account, .. }
            | Body::SiaBlock { account, .. }
            | Body::Own { account, .. }
            | Body::Bfsk { account, .. }
            | Body::Status { account, .. }
            | Body::HighSpeed { account, .. }
            | Body::Acron { account, .. }
            | Body::Fsk2 { account, .. }
            | Body::Telenot { account, .. }
            | Body::Cesa { account, .. }
            | Body::CallerNumber { account, .. } => Some(account),
            Body::Heartbeat
            | Body::InternationalNumber { .. }
            | Body::CallerName { .. }
            | Body::Undecoded { .. }
            | Body::Unknown { .. } => None,
        }
    }
}
