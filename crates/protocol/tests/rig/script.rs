//! What session scripts of every protocol have: the line, the store, what the operator wants.

use std::time::Duration;

use serde::Deserialize;
use telecare_protocol::call::{Control, Operator, Request, RequestId, Volume};
use telecare_protocol::tones::{Digit, Sound};

use super::{Rig, Store, Tells};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Line {
    #[serde(default)]
    tells: String,
    #[serde(default)]
    late_ms: u64,
    #[serde(default)]
    delay_ms: u64,
    echo_ms: Option<u64>,
    #[serde(default)]
    doubtful: bool,
    /// A digit of the room: when, which, for how long.
    noise: Option<(u64, char, u64)>,
    /// Digits of 80 ms with 80 ms between them: when, which.
    digits: Option<(u64, String)>,
    hangs_up_ms: Option<u64>,
}

impl Line {
    pub fn set(&self, rig: &mut Rig) {
        rig.delay = ms(self.delay_ms);
        rig.echo = self.echo_ms.map(ms);
        rig.tells = match self.tells.as_str() {
            "" | "both" => Tells::Both,
            "ends" => Tells::Ends(ms(self.late_ms)),
            "once" => Tells::Once(ms(self.late_ms)),
            other => panic!("{other}"),
        };
        rig.doubtful = self.doubtful;
        if let Some((at, digit, lasts)) = self.noise {
            rig.sound(ms(at), Sound::Digit(Digit::from_char(digit).unwrap()), ms(lasts));
        }
        if let Some((at, digits)) = &self.digits {
            rig.digits(ms(*at), digits, ms(80), ms(80));
        }
        if let Some(at) = self.hangs_up_ms {
            rig.hangs_up(ms(at));
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wanted {
    at_ms: u64,
    wanted: String,
}

/// The requests get ids from 1 on.
pub fn ask(rig: &mut Rig, wanted: &[Wanted]) {
    for (id, wanted) in (1..).zip(wanted) {
        let request = Request { id: RequestId(id), wanted: operator(&wanted.wanted) };
        rig.wanted(ms(wanted.at_ms), request);
    }
}

pub fn store(takes_ms: Option<u64>, refuses_from_ms: u64, refuses_until_ms: u64) -> Store {
    Store { takes: ms(takes_ms.unwrap_or(20)), refuses: (ms(refuses_from_ms), ms(refuses_until_ms)) }
}

fn operator(wanted: &str) -> Operator {
    match wanted {
        "speak" => Operator::Speak,
        "listen" => Operator::Listen,
        "duplex" => Operator::Duplex,
        "simplex" => Operator::Simplex,
        "louder" => Operator::Volume(Volume::Up),
        "quieter" => Operator::Volume(Volume::Down),
        "clear" => Operator::Clear,
        "clear down" => Operator::ClearDown,
        "hang up" => Operator::HangUp,
        "next" => Operator::Next,
        "door 1" => Operator::Control(Control::Door(1)),
        "door 2" => Operator::Control(Control::Door(2)),
        other => Operator::Select(other.strip_prefix("select ").unwrap().to_owned()),
    }
}

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
