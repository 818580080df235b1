//! The one place that knows which protocol a line speaks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_protocol::automation::{self, Dialect, Timing};
use telecare_protocol::codes::Codes;
use telecare_protocol::sia_dc09::{self, Outside};
use telecare_protocol::{
    Protocol, Session, Trigger, ademco685, cp220, dc03, espa, iti, osborne_hoffman, radionics, sia_dc07, surgard,
    texecom,
};

use super::world::chance;
use crate::config;

/// A new session for a line. Nothing is carried over from the one before but what an open alarm says of the
/// line, so that it can be taken back.
pub fn new(line: &config::Line, codes: &Arc<Codes>, told: &[Trigger], outside: &Outside) -> Session {
    let header_digits = line.automation.header_digits.into();
    match line.protocol {
        Protocol::Ademco685 => {
            let timing = timing(&line.automation, ademco685::Settings::default().timing);
            Session::Ademco685(begin(line, ademco685::Settings { header_digits, timing }, codes, told))
        }
        Protocol::Espa444 => {
            let now = Instant::now();
            let session = espa::Session::new(line.espa.clone(), Arc::clone(codes), now).with_told(told, now);
            if line.listen_only { session.listening_only().into() } else { session.into() }
        }
        Protocol::OsborneHoffman => {
            let (now, settings) = (Instant::now(), line.osborne_hoffman.session.clone());
            osborne_hoffman::Session::new(settings, &key(), Arc::clone(codes), now).with_told(told, now).into()
        }
        Protocol::SiaDc03 => {
            let (settings, now) = (line.panels.dc03.clone(), Instant::now());
            let session = dc03::Session::new(settings, Arc::clone(codes), now).with_told(told, now);
            if line.listen_only { session.listening_only().into() } else { session.into() }
        }
        Protocol::Texecom => {
            let settings = line.panels.texecom.clone();
            let session = texecom::Session::new(settings, Arc::clone(codes)).with_told(told, Instant::now());
            if line.listen_only { session.listening_only().into() } else { session.into() }
        }
        Protocol::SiaDc09 => {
            let (now, settings) = (Instant::now(), line.sia_dc09.settings.clone());
            let session = sia_dc09::Session::new(settings, Arc::clone(codes), outside.clone(), chance(), now);
            if line.listen_only { session.listening_only().into() } else { session.into() }
        }
        Protocol::Radionics6500 => {
            let timing = timing(&line.automation, radionics::Settings::default().timing);
            let (header, trailer) = (line.automation.first, line.automation.last);
            Session::Radionics6500(begin(line, radionics::Settings { header, trailer, timing }, codes, told))
        }
        Protocol::Cp220 => {
            let timing = timing(&line.automation, cp220::Settings::default().timing);
            let (first, last) = (line.automation.first, line.automation.last);
            Session::Cp220(begin(line, cp220::Settings { header_digits, first, last, timing }, codes, told))
        }
        Protocol::SiaDc07 => {
            let timing = timing(&line.automation, sia_dc07::Settings::default().timing);
            Session::SiaDc07(begin(line, sia_dc07::Settings { timing }, codes, told))
        }
        Protocol::Iti => {
            let timing = timing(&line.automation, iti::Settings::default().timing);
            Session::Iti(begin(line, iti::Settings { timing }, codes, told))
        }
        // The configuration lets no line on a port speak the others.
        _ => {
            let timing = timing(&line.automation, surgard::Settings::default().timing);
            Session::SurGard(begin(line, surgard::Settings { header_digits, timing }, codes, told))
        }
    }
}

/// A key for one connection, drawn from the operating system.
fn key() -> osborne_hoffman::Key {
    loop {
        let mut bytes = [0; osborne_hoffman::KEY_BYTES];
        getrandom::fill(&mut bytes).expect("the operating system has random bytes");
        // A weak one comes once in many lifetimes.
        if let Some(key) = osborne_hoffman::Key::from_random(bytes) {
            return key;
        }
    }
}

fn begin<D: Dialect>(line: &config::Line, dialect: D, codes: &Arc<Codes>, told: &[Trigger]) -> automation::Session<D> {
    let now = Instant::now();
    let session = automation::Session::new(dialect, Arc::clone(codes), now).with_told(told, now);
    if line.listen_only { session.listening_only() } else { session }
}

/// Whether one sender speaks for many units and waits for each answer before it sends the next message.
pub fn is_stop_and_wait(protocol: Protocol) -> bool {
    config::AUTOMATION.contains(&protocol) || matches!(protocol, Protocol::Espa444 | Protocol::SiaDc03)
}

fn timing(automation: &config::Automation, usual: Timing) -> Timing {
    let link_watch = automation.link_watch.unwrap_or(Duration::ZERO);
    Timing { ack_wait: automation.ack_wait, link_watch, ..usual }
}
