//! The one place that knows which protocol a telephone line speaks.

use std::sync::Arc;

use telecare_protocol::call::{Begun, Call};
use telecare_protocol::{Codes, Protocol, bs8521};
use telecare_queue::Supports;
use telecare_queue::live_calls::Command;

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

/// What an operator can ask of a call on this line.
pub fn supports(line: &config::Line) -> Supports {
    match line.protocol {
        Protocol::Bs8521 | Protocol::SurGard | Protocol::Ademco685 | Protocol::Own => {
            let is_allowed = |command: &Command| line.calls.bs8521.allow_control || !is_control(*command);
            let all: Vec<Command> = Command::ALL.into_iter().filter(is_allowed).collect();
            Supports::of(&all)
        }
    }
}

/// Whether it switches something at the unit's end.
fn is_control(command: Command) -> bool {
    matches!(command, Command::Door | Command::KeySafe | Command::UnlockAll | Command::Relay | Command::Code)
}
