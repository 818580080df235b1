//! The other side: how a Sur-Gard hardware receiver sends, for test calls and simulators.

use std::time::Duration;

use super::settings::{ACK_WAIT, ATTEMPTS};
use super::{Body, Header, Line, encode};
use crate::automation::SenderSettings;

/// A sender as delivered: 4.0 s, first and 3 repeats, heartbeat every 30 s when idle (confidence A).
pub fn sender_settings(header: &Header) -> SenderSettings {
    SenderSettings {
        ack_wait: ACK_WAIT,
        attempts: ATTEMPTS,
        heartbeat: Duration::from_secs(30),
        heartbeat_line: encode(&Line { header: Some(header.clone()), body: Body::Heartbeat }),
    }
}
