//! The one place that knows which protocols a telephone line speaks.

use std::sync::Arc;

use telecare_protocol::call::{Begun, Call};
use telecare_protocol::detect::{self, Method};
use telecare_protocol::{Codes, Protocol};
use telecare_queue::Supports;
use telecare_queue::live_calls::Command;

use crate::config::{self, Family};

/// What is spoken in a call that was just answered.
pub fn begin(line: &config::Line, codes: &Arc<Codes>, begun: Begun) -> Call {
    let (codes, method) = (Arc::clone(codes), |family: &Family| method(*family, &line.calls));
    match family(line.protocol) {
        Some(family) => method(&family).begin(codes, begun),
        None => {
            detect::Call::new(detect::Settings { order: line.calls.order.iter().map(method).collect() }, codes, begun)
                .into()
        }
    }
}

/// What an operator can ask of a call in a protocol; while none is known, what every open path can.
pub fn supports(line: &config::Line, protocol: Protocol) -> Supports {
    let (bs8521, tunstall) = (line.calls.bs8521.allow_control, line.calls.tunstall.allow_control);
    let can = |command: &Command| match (family(protocol), *command) {
        (_, Command::Speak | Command::Listen | Command::Duplex) => true,
        (_, Command::Clear | Command::ClearDown | Command::HangUp) => true,
        (Some(Family::Bs8521 | Family::Tunstall), Command::Simplex | Command::Volume) => true,
        (Some(Family::Bs8521 | Family::Tunstall), Command::Next | Command::Select) => true,
        (Some(Family::Bs8521), Command::Door | Command::KeySafe | Command::UnlockAll) => bs8521,
        (Some(Family::Bs8521), Command::Relay | Command::Code) => bs8521,
        (Some(Family::Tunstall), Command::Door) => tunstall,
        _ => false,
    };
    Supports::of(&Command::ALL.into_iter().filter(can).collect::<Vec<_>>())
}

/// Who a protocol is asked for with; none while that is to be found out.
fn family(protocol: Protocol) -> Option<Family> {
    match protocol {
        Protocol::Bs8521 => Some(Family::Bs8521),
        Protocol::Tt92 | Protocol::TtNew | Protocol::TtOld => Some(Family::Tunstall),
        Protocol::ContactId | Protocol::FastFormat => Some(Family::ContactId),
        // The configuration lets no telephone line speak the others.
        _ => None,
    }
}

fn method(family: Family, calls: &config::CallSettings) -> Method {
    match family {
        Family::Bs8521 => Method::Bs8521(calls.bs8521.clone()),
        Family::Tunstall => Method::Tunstall(calls.tunstall.clone()),
        Family::ContactId => Method::ContactId(calls.contact_id.clone()),
    }
}
