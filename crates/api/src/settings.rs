//! What the API needs to know of its receiver.

use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::Choices;

use crate::calls::Calls;
use crate::cors::Origin;
use crate::tls::Tls;
use crate::tokens::TokenStore;

/// Settings of the API.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This receiver's name, shown on consoles.
    pub receiver: String,
    /// The site's name, shown on consoles; may be empty.
    pub site: String,
    /// Who may ask.
    pub tokens: TokenStore,
    /// How long a claim holds without a sign from its console.
    pub lease: Duration,
    /// What operators choose from.
    pub choices: Arc<Choices>,
    /// The last calls of every line; the lines record them.
    pub calls: Calls,
    /// Front-ends whose pages may ask from a browser.
    pub origins: Vec<Origin>,
    /// Certificate and key; none where the API speaks plain HTTP.
    pub tls: Option<Tls>,
    /// Version of the software.
    pub software: String,
}
