//! The other side: how an Ademco 685 hardware receiver sends, for test calls and simulators.

use super::{Body, Header, Line, Settings, encode};
use crate::automation::SenderSettings;

/// A sender: two attempts as an MX8000 (B), then link checks only, until one is answered. How often it checks is
/// unknown: 30 s as with Sur-Gard (C).
pub fn sender_settings(header: &Header) -> SenderSettings {
    SenderSettings {
        heartbeat_line: encode(&Line { header: Some(header.clone()), body: Body::Heartbeat }),
        ..SenderSettings::new(&Settings::default().timing)
    }
}
