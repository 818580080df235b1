//! The one place that knows which protocol a telephone line speaks.

use std::sync::Arc;

use telecare_protocol::call::{Begun, Call};
use telecare_protocol::{Codes, Protocol, bs8521};

use crate::config;

/// What is spoken in a call that was just answered.
pub fn begin(line: &config::Line, codes: &Arc<Codes>, begun: Begun) -> Call {
    let codes = Arc::clone(codes);
    match line.protocol {
        // The configuration lets no telephone line speak the others.
        Protocol::Bs8521 | Protocol::SurGard | Protocol::Ademco685 | Protocol::Own => {
            bs8521::Call::new(line.calls.bs8521.clone(), codes, begun).into()
        }
    }
}
