//! The tokens of frames.

/// A token by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenName<'a> {
    /// DC-03 text.
    SiaDcs,
    /// Contact ID.
    AdmCid,
    /// Supervision; XNM, its extended form of 2026, too, whose layout is not known (B).
    Null,
    /// What a receiver answers: never answered, or two that answer each other would never end.
    Reply,
    /// One that the standard lists and whose layout is not known (B).
    Listed(&'a str),
    /// One that nobody lists.
    Unlisted(&'a str),
}

/// Formats of panels, carried as they are.
const LISTED: [&str; 16] = [
    "SIA-PUL", "ACR-SF", "ADM-41E", "ADM-42E", "ADM-HS", "DSC-43", "FBI-SF", "ITI-I", "SCN-S8", "SCN-S16", "SCN-S24",
    "SCT", "SES-SS", "SIA-S2K", "SK-FSK1", "SK-FSK2",
];

impl TokenName<'_> {
    /// By its name, without the asterisk of an encrypted frame.
    pub fn of(token: &str) -> TokenName<'_> {
        match token {
            "SIA-DCS" => TokenName::SiaDcs,
            "ADM-CID" => TokenName::AdmCid,
            "NULL" | "XNM" => TokenName::Null,
            "ACK" | "NAK" | "DUH" | "RSP" => TokenName::Reply,
            listed if LISTED.contains(&listed) => TokenName::Listed(listed),
            other => TokenName::Unlisted(other),
        }
    }
}
