//! The other side: how a Sur-Gard hardware receiver sends, for test calls and simulators.

use super::{Body, Header, Line, Settings, encode};
use crate::automation::SenderSettings;

/// A sender as delivered: 4.0 s, first and 3 repeats, heartbeat every 30 s when idle (confidence A).
pub fn sender_settings(header: &Header) -> SenderSettings {
    SenderSettings {
        heartbeat_line: encode(&Line { header: Some(header.clone()), body: Body::Heartbeat }),
        ..SenderSettings::new(&Settings::default().timing)
    }
}
