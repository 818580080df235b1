//! The messages as values. Texts are as sent, their zeros kept.

/// One message of a panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Something happened.
    Event(Event),
    /// The panel is there.
    Heartbeat(Heartbeat),
}

/// `LF 0101 LLLL "token" seq R… L… [#account|data] id|#system T… CR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What the data is: `SIA-DCS` or `ADM-CID` (A).
    pub token: String,
    /// Four hex digits.
    pub sequence: String,
    /// R, hex digits.
    pub receiver: String,
    /// L, hex digits.
    pub line: String,
    /// The account before the bar; none where it is left out.
    pub account: Option<String>,
    /// Behind the bar; bytes above 7F as Latin 1.
    pub data: String,
    /// The panel's identity: 16 hex digits under the connection's key, or 8 plain ones (B).
    pub panel_id: Option<String>,
    /// The account of the panel itself, where it has several (B).
    pub system_account: Option<String>,
    /// Seconds since 1970, 8 hex digits (B).
    pub time: Option<String>,
    /// Whatever else stands before CR.
    pub rest: String,
}

/// `SRrrrrLllll    AAAAAAXX    00`, from version 2 on with `[IDxxxxxxxx] 00` behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// R, hex digits.
    pub receiver: String,
    /// L, hex digits.
    pub line: String,
    /// The panel's account.
    pub account: String,
    /// The identity the panel was given, 8 hex digits; zeros where it was given none.
    pub panel_id: Option<String>,
    /// Seconds since 1970, 8 hex digits (B).
    pub time: Option<String>,
}
