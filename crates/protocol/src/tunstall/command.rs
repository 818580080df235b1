//! What the receiver plays: enquiries, acknowledgements, commands. Confidence B.
//!
//! ```text
//! enquiry      TT92 0#     TTNEW DB    TTOLD 1400 Hz 2 s
//! acknowledge  TT92 B0     TTNEW DB    TTOLD 1400 Hz 500 ms
//! C speak   * listen   1 2 louder, quieter   3 door: held, or three times in STMF
//! 701 both ways   702 one way   DDDA "I can do both ways"   UUUB select   * 0 clear   # clear down
//! ```

use std::time::Duration;

use super::{Settings, Signalling, message, stmf};
use crate::Protocol;
use crate::tones::{Digit, Note, Sound, Tone, notes};

/// A protocol that the receiver can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Probe {
    /// TT92, in DTMF or STMF.
    Tt92,
    /// TTNEW.
    TtNew,
    /// TTOLD, in bursts.
    TtOld,
}

impl Probe {
    /// The protocol.
    pub fn protocol(self) -> Protocol {
        match self {
            Probe::Tt92 => Protocol::Tt92,
            Probe::TtNew => Protocol::TtNew,
            Probe::TtOld => Protocol::TtOld,
        }
    }
}

/// The tone of a TTOLD receiver.
pub const OLD_ANSWER: Tone = Tone(1400);

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open the path to the unit.
    Speak,
    /// Open the path from the unit.
    Listen,
    /// Open both; a dispersed unit echoes it.
    Duplex,
    /// Let tones switch the path; a dispersed unit echoes it.
    Simplex,
    /// Louder, or quieter.
    Volume(bool),
    /// Release the door.
    Door,
    /// This receiver can do both ways at once.
    CanDuplex,
    /// Open the path to this dwelling, 3 digits.
    Select(String),
    /// End the speech with the dwelling that is selected.
    Clear,
    /// End the call.
    ClearDown,
}

/// What answers a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    /// Nothing.
    Nothing,
    /// The same digits.
    Echo(&'static str),
    /// The message with tag `A`.
    Selected,
    /// The message with tag `B`.
    Cleared,
}

impl Command {
    /// What answers it.
    pub fn expects(&self) -> Expects {
        match self {
            Command::Duplex => Expects::Echo(DUPLEX),
            Command::Simplex => Expects::Echo(SIMPLEX),
            Command::Select(_) => Expects::Selected,
            Command::Clear => Expects::Cleared,
            Command::Speak
            | Command::Listen
            | Command::Volume(_)
            | Command::Door
            | Command::CanDuplex
            | Command::ClearDown => Expects::Nothing,
        }
    }

    /// The command as it is played.
    pub fn notes(&self, settings: &Settings, signalling: Signalling) -> Vec<Note> {
        let held = |digit: Digit, on: Duration| match signalling {
            Signalling::Dtmf => vec![Note::alone(Sound::Digit(digit), on)],
            Signalling::Stmf => stmf::notes(&digit.as_char().to_string().repeat(STMF_TIMES), settings),
        };
        match (self, signalling) {
            (Command::Speak, _) => held(Digit::C, settings.hold),
            (Command::Listen, _) => held(Digit::Star, settings.hold),
            (Command::Volume(true), _) => held(Digit::One, settings.hold),
            (Command::Volume(false), _) => held(Digit::Two, settings.hold),
            (Command::Door, _) => held(Digit::Three, settings.hold),
            (Command::Duplex, _) => digits(DUPLEX, settings, signalling),
            (Command::Simplex, _) => digits(SIMPLEX, settings, signalling),
            (Command::CanDuplex, _) => digits("DDDA", settings, signalling),
            (Command::Select(unit), _) => digits(&message::select(unit).unwrap_or_default(), settings, signalling),
            (Command::Clear, Signalling::Dtmf) => vec![
                Note { sound: Sound::Digit(Digit::Star), on: settings.hold, off: settings.digit_off },
                Note::alone(Sound::Digit(Digit::Zero), settings.clear_hold),
            ],
            (Command::Clear, Signalling::Stmf) => stmf::notes("0", settings),
            (Command::ClearDown, Signalling::Dtmf) => vec![Note::alone(Sound::Digit(Digit::Hash), settings.clear_down)],
            (Command::ClearDown, Signalling::Stmf) => stmf::notes("##", settings),
        }
    }
}

const DUPLEX: &str = "701";
const SIMPLEX: &str = "702";
/// A held digit is sent so often in STMF.
const STMF_TIMES: usize = 3;

/// The enquiry.
pub fn enquiry(probe: Probe, settings: &Settings, is_stmf: bool) -> Vec<Note> {
    match probe {
        Probe::Tt92 if settings.stmf_enquiry || is_stmf => {
            let mut played = stmf::notes("0", settings);
            if let Some(last) = played.last_mut() {
                last.off = STMF_THEN_DTMF;
            }
            let both = notes("0#", settings.digit_on, settings.digit_off);
            played.extend(both.into_iter().map(|note| Note { off: settings.digit_off, ..note }));
            played
        }
        Probe::Tt92 => digits("0#", settings, Signalling::Dtmf),
        Probe::TtNew => digits("DB", settings, Signalling::Dtmf),
        Probe::TtOld => vec![Note::alone(Sound::Tone(OLD_ANSWER), settings.ttold_enquiry)],
    }
}

/// Silence between the STMF digit of an enquiry and the DTMF digits after it.
const STMF_THEN_DTMF: Duration = Duration::from_millis(115);

/// The acknowledgement of a frame.
pub fn acknowledgement(protocol: Protocol, settings: &Settings, signalling: Signalling) -> Vec<Note> {
    match (protocol, signalling) {
        (Protocol::TtOld, _) => vec![Note::alone(Sound::Tone(OLD_ANSWER), settings.ttold_ack)],
        (Protocol::TtNew, _) => acknowledgement_digits("DB", settings, signalling),
        _ => acknowledgement_digits("B0", settings, signalling),
    }
}

fn acknowledgement_digits(text: &str, settings: &Settings, signalling: Signalling) -> Vec<Note> {
    let mut played = digits(text, settings, signalling);
    if let (Signalling::Stmf, Some(last)) = (signalling, played.last_mut()) {
        last.off = settings.stmf_last_off;
    }
    played
}

fn digits(text: &str, settings: &Settings, signalling: Signalling) -> Vec<Note> {
    match signalling {
        Signalling::Dtmf => notes(text, settings.digit_on, settings.digit_off),
        Signalling::Stmf => stmf::notes(text, settings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tones::playing_time;

    fn said(notes: &[Note]) -> String {
        let note = |note: &Note| format!("{} {}/{}", note.sound, note.on.as_millis(), note.off.as_millis());
        notes.iter().map(note).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn commands_are_the_documents() {
        let settings = Settings::default();
        for (command, dtmf, stmf_digits) in [
            (Command::Speak, "C 500/0", "CCC"),
            (Command::Listen, "* 500/0", "***"),
            (Command::Volume(true), "1 500/0", "111"),
            (Command::Volume(false), "2 500/0", "222"),
            (Command::Door, "3 500/0", "333"),
            (Command::Duplex, "7 80/80, 0 80/80, 1 80/0", "701"),
            (Command::Simplex, "7 80/80, 0 80/80, 2 80/0", "702"),
            (Command::CanDuplex, "D 80/80, D 80/80, D 80/80, A 80/0", "DDDA"),
            (Command::Select("027".into()), "D 80/80, 2 80/80, 7 80/80, B 80/0", "D27B"),
            (Command::Clear, "* 500/80, 0 1000/0", "0"),
            (Command::ClearDown, "# 2000/0", "##"),
        ] {
            assert_eq!(said(&command.notes(&settings, Signalling::Dtmf)), dtmf);
            assert_eq!(command.notes(&settings, Signalling::Stmf), stmf::notes(stmf_digits, &settings), "{command:?}");
        }
    }

    #[test]
    fn enquiries_and_acknowledgements_are_the_documents() {
        let settings = Settings::default();
        let plain = Settings { stmf_enquiry: false, ..Settings::default() };
        let both = "941 Hz 75/5, 1336 Hz 75/115, 0 80/80, # 80/80";
        assert_eq!(said(&enquiry(Probe::Tt92, &settings, false)), both);
        assert_eq!(said(&enquiry(Probe::Tt92, &plain, true)), both);
        assert_eq!(said(&enquiry(Probe::Tt92, &plain, false)), "0 80/80, # 80/0");
        assert_eq!(said(&enquiry(Probe::TtNew, &settings, false)), "D 80/80, B 80/0");
        assert_eq!(said(&enquiry(Probe::TtOld, &settings, false)), "1400 Hz 2000/0");
        let ack = |protocol, signalling| said(&acknowledgement(protocol, &settings, signalling));
        assert_eq!(ack(Protocol::Tt92, Signalling::Dtmf), "B 80/80, 0 80/0");
        assert_eq!(ack(Protocol::Tt92, Signalling::Stmf), "770 Hz 75/5, 1633 Hz 75/5, 941 Hz 75/5, 1336 Hz 75/85");
        assert_eq!(ack(Protocol::TtNew, Signalling::Dtmf), "D 80/80, B 80/0");
        assert_eq!(ack(Protocol::TtOld, Signalling::Dtmf), "1400 Hz 500/0");
        let symbol = stmf::notes("7", &settings);
        assert_eq!(playing_time(&symbol), settings.stmf_symbol);
    }
}
