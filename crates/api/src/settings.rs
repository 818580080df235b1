//! What the API needs to know of its receiver.

use std::time::Duration;

use crate::TokenStore;
use crate::calls::Calls;

/// Settings of the API.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This receiver's name, shown on consoles.
    pub receiver: String,
    /// The site's name, shown on consoles; may be empty.
    pub site: String,
    /// Who may ask.
    pub tokens: TokenStore,
    /// How long a claim holds without a renewal.
    pub lease: Duration,
    /// The last calls of every line; the lines record them.
    pub calls: Calls,
    /// Version of the software.
    pub software: String,
}
