//! The one place that knows which protocol a line speaks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_protocol::codes::Codes;
use telecare_protocol::{Protocol, Session, Trigger, surgard};

use crate::config;

/// A new session for a line. Nothing is carried over from the one before but what an open alarm says of the
/// line, so that it can be taken back.
pub fn new(line: &config::Line, codes: &Arc<Codes>, told: &[Trigger]) -> Session {
    match line.protocol {
        // The configuration lets no line speak the other two.
        Protocol::SurGard | Protocol::Ademco685 | Protocol::Bs8521 | Protocol::Own => {
            let settings = settings(&line.surgard);
            let now = Instant::now();
            Session::SurGard(surgard::Session::new(settings, Arc::clone(codes), now).with_told(told, now))
        }
    }
}

/// Whether one sender speaks for many units and waits for each answer before it sends the next message.
pub fn is_stop_and_wait(protocol: Protocol) -> bool {
    match protocol {
        Protocol::SurGard | Protocol::Ademco685 => true,
        Protocol::Bs8521 | Protocol::Own => false,
    }
}

fn settings(surgard: &config::SurGard) -> surgard::Settings {
    surgard::Settings {
        header_digits: surgard.header_digits.into(),
        timing: surgard::Timing {
            ack_wait: surgard.ack_wait,
            link_watch: surgard.link_watch.unwrap_or(Duration::ZERO),
            ..surgard::Settings::default().timing
        },
    }
}
