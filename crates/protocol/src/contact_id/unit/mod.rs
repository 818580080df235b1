//! The other side: a panel as a pure state machine, for test calls and simulators.
//!
//! ```text
//! 1400 Hz, 2300 Hz ──► 275 ms ── message ──► 1250 ms for 1400 Hz ─┬─ none: again, 4 times, then hangs up
//!                          ▲                                      │
//!                          └──────────── next message ────────────┴─► after the last: stays for speech, hangs up
//! ```

mod settings;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use settings::{UnitFaults, UnitSettings};

use super::keys;
use crate::call::{UnitCommand, UnitEvent};
use crate::session::after;
use crate::tones::{Digit, Heard, Length, Note, Sound, Tone, notes};

const LOW: Tone = Tone(1400);
const HIGH: Tone = Tone(2300);

/// A kiss-off that goes on longer than this is none.
const KISS_OFF_LONGEST: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Waits for the handshake; its first tone was heard, or not.
    Waiting {
        until: Instant,
        is_half: bool,
    },
    /// Data begins then.
    Delaying {
        at: Instant,
    },
    Sending,
    /// Waits for the kiss-off, which may have begun.
    Sent {
        until: Instant,
        hearing: Option<Instant>,
    },
    /// Everything is kissed off.
    Done {
        until: Instant,
    },
    Ended,
}

/// A simulated panel in a call.
#[derive(Debug)]
pub struct Unit {
    settings: UnitSettings,
    state: State,
    /// The message it is at.
    message: usize,
    /// Sends of that message, and of all.
    sent: u32,
    sent_in_all: u32,
    commands: VecDeque<UnitCommand>,
    answered: Instant,
    is_playing: bool,
    ignored_kiss_off: bool,
    hang_up_when_played: bool,
}

impl Unit {
    /// The receiver has answered its call.
    pub fn new(settings: UnitSettings, now: Instant) -> Unit {
        Unit {
            state: State::Waiting { until: after(now, settings.handshake_wait), is_half: false },
            settings,
            message: 0,
            sent: 0,
            sent_in_all: 0,
            commands: VecDeque::new(),
            answered: now,
            is_playing: false,
            ignored_kiss_off: false,
            hang_up_when_played: false,
        }
    }

    /// Takes a sound of the receiver's; its onset too where that is told, or a late kiss-off is sent over.
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        let Sound::Tone(tone) = heard.sound else { return };
        if self.is_deaf(now) {
            return;
        }
        let is_over = heard.length != Length::StillOn;
        match (&mut self.state, tone) {
            (State::Waiting { is_half, .. }, LOW) if is_over => *is_half = self.settings.is_handshake(&heard),
            (State::Waiting { is_half: true, .. }, HIGH) if is_over && self.settings.is_handshake(&heard) => {
                self.happened(UnitEvent::Asked);
                self.delay(self.settings.faults.late_start, now);
            }
            (State::Sent { until, hearing }, LOW) if heard.began <= *until => {
                *hearing = (!is_over).then_some(heard.began);
                let is_kiss_off = heard.lasted().is_none_or(|lasted| lasted >= self.settings.kiss_off_shortest);
                if is_over && is_kiss_off {
                    self.kissed_off(now);
                }
            }
            _ => {}
        }
    }

    /// Everything that was asked to be played is out.
    pub fn handle_played(&mut self, now: Instant) {
        if !std::mem::take(&mut self.is_playing) {
            return;
        }
        if std::mem::take(&mut self.hang_up_when_played) {
            return self.hang_up();
        }
        if self.state == State::Sending {
            self.sent = self.sent.saturating_add(1);
            self.sent_in_all = self.sent_in_all.saturating_add(1);
            self.happened(UnitEvent::Sent(self.sent));
            self.state = State::Sent { until: after(now, self.settings.kiss_off_wait), hearing: None };
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_playing || self.due().is_none_or(|due| now < due) {
            return;
        }
        match self.state {
            State::Delaying { .. } => self.send(),
            State::Sent { .. } if self.sent < self.settings.sends => self.send(),
            State::Waiting { .. } | State::Sent { .. } => {
                self.happened(UnitEvent::GaveUp);
                self.hang_up();
            }
            State::Done { .. } => self.hang_up(),
            State::Sending | State::Ended => {}
        }
    }

    /// The receiver hung up, or the call broke off.
    pub fn handle_hung_up(&mut self) {
        self.state = State::Ended;
        self.is_playing = false;
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<UnitCommand> {
        self.commands.pop_front()
    }

    /// When [`Unit::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due().filter(|_| !self.is_playing)
    }

    fn due(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until, .. } | State::Done { until } => Some(until),
            State::Delaying { at } => Some(at),
            State::Sent { until, hearing } => {
                Some(hearing.map_or(until, |began| after(began, KISS_OFF_LONGEST).max(until)))
            }
            State::Sending | State::Ended => None,
        }
    }

    fn is_deaf(&self, now: Instant) -> bool {
        let UnitFaults { deaf_after, deaf_until, .. } = &self.settings.faults;
        deaf_after.is_some_and(|from| now >= after(self.answered, from))
            || deaf_until.is_some_and(|until| now < after(self.answered, until))
    }

    fn delay(&mut self, more: Duration, now: Instant) {
        self.state = State::Delaying { at: after(now, self.settings.delay.saturating_add(more)) };
    }

    fn kissed_off(&mut self, now: Instant) {
        if self.settings.faults.ignores_first_kiss_off && !std::mem::replace(&mut self.ignored_kiss_off, true) {
            return;
        }
        self.happened(UnitEvent::Acknowledged(self.sent));
        self.sent = 0;
        self.message = self.message.saturating_add(1);
        if self.message < self.settings.messages.len() {
            self.delay(Duration::ZERO, now);
        } else {
            self.state = State::Done { until: after(now, self.settings.stays) };
        }
    }

    fn send(&mut self) {
        self.state = State::Sending;
        let none = UnitFaults::default();
        let is_faulty = self.settings.faults.sends.is_none_or(|sends| self.sent_in_all < sends);
        let faults = if is_faulty { &self.settings.faults } else { &none };
        let message = self.settings.messages.get(self.message).map(String::as_str).unwrap_or_default();
        let mut played = notes(&keys(message), self.settings.digit_on, self.settings.digit_off);
        self.hang_up_when_played = faults.apply(&mut played);
        self.is_playing = true;
        self.commands.push_back(UnitCommand::Play(played));
    }

    fn hang_up(&mut self) {
        self.handle_hung_up();
        self.commands.push_back(UnitCommand::HangUp);
    }

    fn happened(&mut self, event: UnitEvent) {
        self.commands.push_back(UnitCommand::Happened(event));
    }
}

impl UnitSettings {
    fn is_handshake(&self, heard: &Heard) -> bool {
        heard.lasted().is_none_or(|lasted| (self.handshake_shortest..=self.handshake_longest).contains(&lasted))
    }
}

impl UnitFaults {
    /// Spoils a message; true if it hangs up in it.
    fn apply(&self, played: &mut Vec<Note>) -> bool {
        let zero = Sound::Digit(Digit::Zero);
        if let Some(check) = played.last_mut() {
            if self.wrong_checksum {
                check.sound = Sound::Digit(if check.sound == zero { Digit::One } else { Digit::Zero });
            } else if self.key_d && check.sound == zero {
                check.sound = Sound::Digit(Digit::D);
            }
        }
        if let Some((at, gap)) = self.long_gap
            && let Some(note) = played.get_mut(at)
        {
            note.off = gap;
        }
        if let Some((at, note)) = self.doubled.and_then(|at| Some((at, *played.get(at)?))) {
            played.insert(at, note);
        }
        if let Some(at) = self.dropped.filter(|at| *at < played.len()) {
            played.remove(at);
        }
        if let Some(digits) = self.hangs_up_after {
            played.truncate(digits);
        }
        if let Some(last) = played.last_mut() {
            last.off = Duration::ZERO;
        }
        self.hangs_up_after.is_some()
    }
}
