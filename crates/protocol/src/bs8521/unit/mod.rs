//! The other side: a unit as a pure state machine, for test calls and simulators.
//!
//! ```text
//! guard tones ── B ≥ 500 ms ──► 80 ms ── frame ──► 600 ms for a short B ─┬─ none: again, 4 times, then hangs up
//!                                                                        └─► commands and answers
//! ```

mod commands;
mod settings;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use settings::{UnitFaults, UnitSettings};

use crate::call::{UnitCommand, UnitEvent};
use crate::session::after;
use crate::tones::{Digit, Heard, Length, Note, Sound, notes, playing_time};

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Waits to be asked; the next guard tone is due then.
    Guard {
        next: Option<Instant>,
        left: u32,
    },
    /// Data begins then.
    Delaying {
        at: Instant,
    },
    Sending,
    /// Waits for the acknowledgement of its frame.
    Sent {
        until: Instant,
    },
    Online,
    Ended,
}

/// An answer that is owed, or is sent again until it is acknowledged.
#[derive(Clone, Debug)]
struct Reply {
    notes: Vec<Note>,
    at: Instant,
    /// Sends left after this one.
    again: u32,
    hang_up: bool,
}

/// A simulated unit in a call.
#[derive(Debug)]
pub struct Unit {
    settings: UnitSettings,
    state: State,
    sent: u32,
    commands: VecDeque<UnitCommand>,
    answered: Instant,
    last_command: Instant,
    is_playing: bool,
    ignored_ack: bool,
    /// The command that is arriving.
    digits: String,
    reply: Option<Reply>,
    /// The reply that is out hangs up.
    hang_up_when_played: bool,
    /// The local unit whose call is open.
    selected: Option<String>,
}

impl Unit {
    /// The receiver has answered its call.
    pub fn new(settings: UnitSettings, now: Instant) -> Unit {
        // The frame opens the call of its own local unit.
        let selected = settings.frame.get(13..17).map(str::to_owned);
        let next = (settings.guards > 0).then(|| after(now, settings.guard_first));
        Unit {
            state: State::Guard { next, left: settings.guards },
            settings,
            sent: 0,
            commands: VecDeque::new(),
            answered: now,
            last_command: now,
            is_playing: false,
            ignored_ack: false,
            digits: String::new(),
            reply: None,
            hang_up_when_played: false,
            selected,
        }
    }

    /// Takes a sound of the receiver's; only its end counts.
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        let Sound::Digit(digit) = heard.sound else { return };
        if heard.length == Length::StillOn || self.state == State::Ended || self.is_deaf(now) {
            return;
        }
        let is_long = |least: Duration| heard.lasted().is_none_or(|lasted| lasted >= least);
        match (self.state, digit) {
            (State::Guard { .. }, Digit::B) if is_long(self.settings.request_shortest) => self.asked(now),
            (State::Sent { .. }, Digit::B) => {
                let is_request = heard.lasted().is_some_and(|lasted| lasted >= self.settings.request_shortest);
                if is_request { self.asked(now) } else { self.acknowledged(now) }
            }
            (State::Online, Digit::B) if self.digits.is_empty() => self.reply = None,
            (State::Online, _) => self.command_digit(digit, is_long(self.settings.long_a), now),
            (State::Guard { .. } | State::Delaying { .. } | State::Sending | State::Sent { .. } | State::Ended, _) => {}
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
            self.happened(UnitEvent::Sent(self.sent));
            self.state = State::Sent { until: after(now, self.settings.ack_wait) };
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_playing {
            return;
        }
        if self.reply.as_ref().is_some_and(|reply| now >= reply.at) {
            return self.send_reply(now);
        }
        match self.state {
            State::Guard { next: Some(next), left } if now >= next => self.guard(left, now),
            State::Delaying { at } if now >= at => self.send_frame(),
            State::Sent { until } if now >= until && self.sent < self.settings.sends => self.send_frame(),
            State::Sent { until } if now >= until => {
                self.happened(UnitEvent::GaveUp);
                self.hang_up();
            }
            State::Online if now >= after(self.last_command, self.settings.link_lost) => {
                self.happened(UnitEvent::LinkLost);
                self.hang_up();
            }
            State::Guard { .. }
            | State::Delaying { .. }
            | State::Sending
            | State::Sent { .. }
            | State::Online
            | State::Ended => {}
        }
    }

    /// The receiver hung up, or the call broke off.
    pub fn handle_hung_up(&mut self) {
        self.state = State::Ended;
        self.reply = None;
        self.is_playing = false;
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<UnitCommand> {
        self.commands.pop_front()
    }

    /// When [`Unit::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_playing {
            return None;
        }
        let due = match self.state {
            State::Guard { next, .. } => next,
            State::Delaying { at } => Some(at),
            State::Sent { until } => Some(until),
            State::Online => Some(after(self.last_command, self.settings.link_lost)),
            State::Sending | State::Ended => None,
        };
        [due, self.reply.as_ref().map(|reply| reply.at)].into_iter().flatten().min()
    }

    fn is_deaf(&self, now: Instant) -> bool {
        let UnitFaults { deaf_after, deaf_until, .. } = &self.settings.faults;
        deaf_after.is_some_and(|from| now >= after(self.answered, from))
            || deaf_until.is_some_and(|until| now < after(self.answered, until))
    }

    fn guard(&mut self, left: u32, now: Instant) {
        if left == 0 {
            return self.hang_up();
        }
        let next = Some(after(now, self.settings.guard_every));
        self.state = State::Guard { next, left: left.saturating_sub(1) };
        self.play(vec![Note::alone(Sound::Tone(self.settings.guard), self.settings.guard_on)]);
    }

    fn asked(&mut self, now: Instant) {
        self.happened(UnitEvent::Asked);
        self.sent = 0;
        let delay = self.settings.delay.saturating_add(self.settings.faults.late_start);
        self.state = State::Delaying { at: after(now, delay) };
    }

    fn acknowledged(&mut self, now: Instant) {
        if self.settings.faults.ignores_first_ack && !std::mem::replace(&mut self.ignored_ack, true) {
            return;
        }
        self.happened(UnitEvent::Acknowledged(self.sent));
        self.last_command = now;
        self.state = State::Online;
    }

    fn send_frame(&mut self) {
        self.state = State::Sending;
        let mut frame = notes(&self.settings.frame, self.settings.digit_on, self.settings.digit_off);
        let is_faulty = self.settings.faults.sends.is_none_or(|sends| self.sent < sends);
        let none = UnitFaults::default();
        let faults = if is_faulty { &self.settings.faults } else { &none };
        if let (true, Some(at)) = (faults.wrong_checksum, frame.len().checked_sub(2))
            && let Some(note) = frame.get_mut(at)
        {
            note.sound = Sound::Digit(if note.sound == Sound::Digit(Digit::Zero) { Digit::One } else { Digit::Zero });
        }
        if faults.missing_end {
            frame.pop();
        }
        if let Some((at, gap)) = faults.long_gap
            && let Some(note) = frame.get_mut(at)
        {
            note.off = gap;
        }
        if let Some(at) = faults.dropped.filter(|at| *at < frame.len()) {
            frame.remove(at);
        }
        if let Some(digits) = faults.hangs_up_after {
            frame.truncate(digits);
            self.hang_up_when_played = true;
        }
        if let Some(last) = frame.last_mut() {
            last.off = Duration::ZERO;
        }
        self.play(frame);
    }

    fn send_reply(&mut self, now: Instant) {
        let Some(mut reply) = self.reply.take() else { return };
        self.hang_up_when_played = reply.hang_up;
        let played = reply.notes.clone();
        if let Some(again) = reply.again.checked_sub(1) {
            reply.again = again;
            reply.at = after(now, playing_time(&played).saturating_add(self.settings.answer_again));
            self.reply = Some(reply);
        }
        self.play(played);
    }

    fn play(&mut self, notes: Vec<Note>) {
        self.is_playing = true;
        self.commands.push_back(UnitCommand::Play(notes));
    }

    fn hang_up(&mut self) {
        self.handle_hung_up();
        self.commands.push_back(UnitCommand::HangUp);
    }

    fn happened(&mut self, event: UnitEvent) {
        self.commands.push_back(UnitCommand::Happened(event));
    }
}
