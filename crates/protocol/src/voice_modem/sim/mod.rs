//! The modem as a pure state machine, for test calls and simulators: it answers commands as a real one does, and its
//! far end hears and plays sounds that take their time.
//!
//! ```text
//! port ──bytes──► Simulator ──FarEvent──► whoever telephones
//!      ◄──bytes──           ◄──ring, play, hang up──
//! ```
//!
//! Timing: a digit is recognised 40 ms after its onset and missed when it is shorter, its end is told 30 ms late; a
//! command is answered after 10 ms, a line of tones when the last of them is out. All are settings.

mod commands;
mod settings;
mod test_call;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use settings::{HangUpTold, Reports, SimFaults, SimSettings};
pub use test_call::{Outcome, TestCall, Told};

use super::{DLE, Stream};
use crate::session::after;
use crate::tones::{Digit, Heard, Length, Note, Sound};

/// What a simulated modem asks its driver to do, or tells the far end.
#[derive(Clone, Debug, PartialEq)]
pub enum SimCommand {
    /// Write these bytes to the port.
    Send(Vec<u8>),
    /// Take notice.
    Far(FarEvent),
}

/// What the far end notices.
#[derive(Clone, Debug, PartialEq)]
pub enum FarEvent {
    /// The call is answered.
    Answered,
    /// A sound of the receiver's, at its end.
    Heard(Heard),
    /// Everything it was asked to play is out.
    Played,
    /// The receiver hung up.
    HungUp,
}

/// What is to happen at a time.
#[derive(Clone, Debug)]
enum Due {
    Say(Vec<u8>),
    Ring,
    /// The far end hears a sound of ours.
    Hears(Heard),
    /// A digit of the far end's is recognised.
    Digit(Digit),
    DigitEnds,
    /// The far end's notes are out.
    Played,
    /// Busy or dial tone goes on.
    Tone(u8),
}

/// The state of the telephone line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    OnHook,
    Ringing {
        rings: u32,
    },
    Call,
    /// Off the hook, and nobody at the far end.
    Dead,
}

/// A simulated modem.
#[derive(Debug)]
pub struct Simulator {
    settings: SimSettings,
    stream: Stream,
    commands: VecDeque<SimCommand>,
    due: VecDeque<(Instant, Due)>,
    line: Line,
    caller: Option<String>,
    echoes: bool,
    is_voice: bool,
    tells_caller: bool,
    /// Commands answered so far.
    answered: u32,
    /// Our own tones are out then.
    playing_until: Option<Instant>,
    /// A digit whose begin was told.
    is_digit_on: bool,
    digits: u32,
}

impl Simulator {
    /// A modem that was just switched on.
    pub fn new(settings: SimSettings) -> Simulator {
        Simulator {
            settings,
            stream: Stream::default(),
            commands: VecDeque::new(),
            due: VecDeque::new(),
            line: Line::OnHook,
            caller: None,
            echoes: true,
            is_voice: false,
            tells_caller: false,
            answered: 0,
            playing_until: None,
            is_digit_on: false,
            digits: 0,
        }
    }

    /// Takes what the receiver wrote to the port.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        if !bytes.is_empty() && self.playing_until.is_some_and(|until| now < until) {
            self.abort(now);
        }
        for byte in bytes {
            if self.echoes && !self.settings.faults.deaf {
                self.commands.push_back(SimCommand::Send(vec![*byte]));
            }
            if let Some(super::Item::Line(line)) = self.stream.push(*byte) {
                self.command(&line, now);
            }
        }
    }

    /// Lets everything happen that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(next) = self.due.front().map(|(at, _)| *at).filter(|at| *at <= now) {
            if let Some((_, due)) = self.due.pop_front() {
                self.happen(due, next);
            }
        }
    }

    /// When [`Simulator::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.front().map(|(at, _)| *at)
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<SimCommand> {
        self.commands.pop_front()
    }

    /// Whether a receiver has prepared it for calls.
    pub fn is_ready(&self) -> bool {
        self.is_voice
    }

    /// Whether the line is free.
    pub fn is_on_hook(&self) -> bool {
        self.line == Line::OnHook
    }

    /// Somebody telephones; the number as the exchange tells it, `P` if it is withheld.
    pub fn ring(&mut self, caller: Option<String>, now: Instant) {
        if self.line == Line::OnHook {
            self.line = Line::Ringing { rings: 0 };
            self.caller = caller;
            self.at(now, Due::Ring);
        }
    }

    /// The far end plays; [`FarEvent::Played`] follows.
    pub fn play(&mut self, notes: &[Note], now: Instant) {
        if self.line != Line::Call {
            return;
        }
        let SimSettings { detect, release, reports, .. } = self.settings.clone();
        let mut at = now;
        for note in notes {
            if let Sound::Digit(digit) = note.sound
                && note.on >= detect
            {
                self.at(after(at, detect), Due::Digit(digit));
                if reports == Reports::Both {
                    self.at(after(after(at, note.on), release), Due::DigitEnds);
                }
            }
            at = after(after(at, note.on), note.off);
        }
        self.at(at, Due::Played);
    }

    /// The far end hangs up, in the middle of what it plays if need be.
    pub fn hang_up(&mut self, now: Instant) {
        self.due.retain(|(_, due)| !matches!(due, Due::Digit(_) | Due::Played | Due::Ring | Due::Hears(_)));
        match self.line {
            Line::Call => self.line = Line::Dead,
            Line::Ringing { .. } => self.line = Line::OnHook,
            Line::OnHook | Line::Dead => return,
        }
        if self.line == Line::Dead {
            match self.settings.hang_up_told {
                HangUpTold::LoopBreak => self.at(after(now, LOOP_BREAK_AFTER), Due::Say(vec![DLE, b'l'])),
                HangUpTold::Busy => self.at(after(now, TONE_AFTER), Due::Tone(b'b')),
                HangUpTold::DialTone => self.at(after(now, TONE_AFTER), Due::Tone(b'd')),
                HangUpTold::Nothing => {}
            }
        }
    }

    fn happen(&mut self, due: Due, at: Instant) {
        match due {
            Due::Say(bytes) => self.say(bytes),
            Due::Ring => self.rings(at),
            Due::Hears(heard) => self.commands.push_back(SimCommand::Far(FarEvent::Heard(heard))),
            Due::Digit(digit) => self.recognised(digit, at),
            Due::DigitEnds => {
                if std::mem::take(&mut self.is_digit_on) {
                    self.say(vec![DLE, b'~']);
                }
            }
            Due::Played => self.commands.push_back(SimCommand::Far(FarEvent::Played)),
            Due::Tone(code) => {
                if self.line == Line::Dead {
                    self.say(vec![DLE, code]);
                    self.at(after(at, TONE_EVERY), Due::Tone(code));
                }
            }
        }
    }

    fn rings(&mut self, at: Instant) {
        let Line::Ringing { rings } = &mut self.line else { return };
        *rings = rings.saturating_add(1);
        let is_first = *rings == 1;
        self.say(b"\r\nRING\r\n".to_vec());
        if let (true, true, Some(caller)) = (is_first, self.tells_caller, self.caller.clone()) {
            let told = format!("\r\nDATE = 0101\r\nTIME = 1200\r\nNMBR = {caller}\r\n");
            self.at(after(at, CALLER_AFTER), Due::Say(told.into_bytes()));
        }
        self.at(after(at, self.settings.ring_every), Due::Ring);
    }

    fn recognised(&mut self, digit: Digit, at: Instant) {
        self.digits = self.digits.saturating_add(1);
        let faults = &self.settings.faults;
        let is_drowned = !self.settings.hears_while_playing && self.playing_until.is_some_and(|until| at < until);
        if self.line != Line::Call || is_drowned || faults.misses == Some(self.digits) {
            return;
        }
        let digit = digit.as_byte();
        match self.settings.reports {
            Reports::Both => {
                self.is_digit_on = true;
                self.say(vec![DLE, b'/', DLE, digit]);
            }
            Reports::Once => self.say(vec![DLE, digit]),
        }
    }

    fn say(&mut self, bytes: Vec<u8>) {
        if !self.settings.faults.deaf {
            self.commands.push_back(SimCommand::Send(bytes));
        }
    }

    /// In order of time, and of the calls for one instant.
    fn at(&mut self, at: Instant, due: Due) {
        let place = self.due.iter().position(|(other, _)| *other > at).unwrap_or(self.due.len());
        self.due.insert(place, (at, due));
    }
}

/// The caller's number comes so long after the first ring (B).
const CALLER_AFTER: Duration = Duration::from_millis(500);
/// An exchange breaks the loop current so long after the far end has hung up (C).
const LOOP_BREAK_AFTER: Duration = Duration::from_millis(300);
/// Busy tone is recognised so long after that (C)...
const TONE_AFTER: Duration = Duration::from_secs(2);
/// ...and told again so often (B).
const TONE_EVERY: Duration = Duration::from_secs(4);

/// A sound as the far end hears it.
fn heard(sound: Sound, began: Instant, lasts: Duration) -> Heard {
    Heard::new(sound, began, Length::Measured(lasts))
}
