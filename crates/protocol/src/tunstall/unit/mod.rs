//! The other side: a unit as a pure state machine, for test calls and simulators.
//!
//! ```text
//! guard tones ── enquiry ──► 200 ms ── frame ──► 1500 ms for its acknowledgement ─┬─ none: again, 4 times, hangs up
//!                                                                                 └─► messages, commands, answers
//! ```

mod commands;
mod settings;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use settings::{UnitFaults, UnitSettings};

use super::command::OLD_ANSWER;
use super::stmf::{Pairs, is_part};
use super::{Probe, Settings, Signalling, bursts};
use crate::call::{UnitCommand, UnitEvent};
use crate::session::after;
use crate::tones::{Digit, Heard, Length, Note, Sound};

/// A TTOLD enquiry is at least so long; a shorter tone is an acknowledgement (C).
const OLD_ENQUIRY: Duration = Duration::from_millis(1000);

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

/// A simulated unit in a call.
#[derive(Debug)]
pub struct Unit {
    settings: UnitSettings,
    state: State,
    pairs: Pairs,
    sent: u32,
    commands: VecDeque<UnitCommand>,
    answered: Instant,
    last_command: Instant,
    is_playing: bool,
    ignored_ack: bool,
    /// The last digits heard, for what is made of several.
    digits: String,
    last_digit: Instant,
    /// What is to be sent, each so long after the one before.
    replies: VecDeque<(Duration, Vec<Note>)>,
    /// The first of them is due then.
    reply_at: Instant,
    /// It hangs up then.
    leaves_at: Option<Instant>,
    hang_up_when_played: bool,
    /// The dwelling whose path is open.
    selected: Option<String>,
}

impl Unit {
    /// The receiver has answered its call.
    pub fn new(settings: UnitSettings, now: Instant) -> Unit {
        let next = (settings.guards > 0).then(|| after(now, settings.guard_first));
        Unit {
            state: State::Guard { next, left: settings.guards },
            pairs: Pairs::new(&Settings::default(), Duration::ZERO),
            settings,
            sent: 0,
            commands: VecDeque::new(),
            answered: now,
            last_command: now,
            is_playing: false,
            ignored_ack: false,
            digits: String::new(),
            last_digit: now,
            replies: VecDeque::new(),
            reply_at: now,
            leaves_at: None,
            hang_up_when_played: false,
            selected: None,
        }
    }

    /// Takes a sound of the receiver's; only its end counts.
    pub fn handle_sound(&mut self, heard: Heard, now: Instant) {
        if heard.length == Length::StillOn || self.state == State::Ended || self.is_deaf(now) {
            return;
        }
        if let State::Delaying { at } = &mut self.state {
            // An enquiry for both kinds goes on after the part that this unit hears.
            *at = (*at).max(after(now, self.settings.delay));
        }
        match (heard.sound, self.settings.signalling) {
            (Sound::Digit(digit), Signalling::Dtmf) => self.digit(digit, heard.lasted(), now),
            (Sound::Tone(tone), _) if tone == OLD_ANSWER && self.settings.probe == Probe::TtOld => {
                self.old_answer(heard.lasted().is_none_or(|lasted| lasted >= OLD_ENQUIRY), now);
            }
            (Sound::Tone(tone), Signalling::Stmf) if is_part(tone) => {
                if let Some((digit, _)) = self.pairs.push(tone, &heard) {
                    self.digit(digit, None, now);
                }
            }
            (Sound::Digit(_) | Sound::Tone(_), _) => {}
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
        self.next_reply(now);
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.leaves_at.is_some_and(|at| now >= at) {
            return self.hang_up();
        }
        if self.is_playing {
            return;
        }
        match self.state {
            State::Guard { next: Some(next), left } if now >= next => self.guard(left, now),
            State::Delaying { at } if now >= at => self.send_frame(),
            State::Sent { until } if now >= until && self.sent < self.settings.sends => self.send_frame(),
            State::Sent { until } if now >= until => {
                self.happened(UnitEvent::GaveUp);
                self.hang_up();
            }
            State::Online if !self.replies.is_empty() && now >= self.reply_at => {
                if let Some((_, notes)) = self.replies.pop_front() {
                    self.play(notes);
                }
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
        self.replies.clear();
        self.leaves_at = None;
        self.is_playing = false;
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<UnitCommand> {
        self.commands.pop_front()
    }

    /// When [`Unit::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_playing {
            return self.leaves_at;
        }
        let due = match self.state {
            State::Guard { next, .. } => next,
            State::Delaying { at } => Some(at),
            State::Sent { until } => Some(until),
            State::Online => {
                let lost = after(self.last_command, self.settings.link_lost);
                Some(if self.replies.is_empty() { lost } else { self.reply_at.min(lost) })
            }
            State::Sending | State::Ended => None,
        };
        [due, self.leaves_at].into_iter().flatten().min()
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

    /// A digit before its frame is acknowledged, or of a command.
    fn digit(&mut self, digit: Digit, lasted: Option<Duration>, now: Instant) {
        if self.state == State::Online {
            return self.command_digit(digit, lasted, now);
        }
        self.keep_digit(digit, now);
        let (enquiry, ack) = match (self.settings.probe, self.settings.signalling) {
            (Probe::Tt92, Signalling::Dtmf) => ("0#", "B0"),
            (Probe::Tt92, Signalling::Stmf) => ("0", "B0"),
            (Probe::TtNew, _) => ("DB", "DB"),
            (Probe::TtOld, _) => return,
        };
        match self.state {
            State::Sent { .. } if self.digits.ends_with(ack) => self.acknowledged(now),
            State::Guard { .. } | State::Sent { .. } if self.digits.ends_with(enquiry) => self.asked(now),
            _ => {}
        }
    }

    fn old_answer(&mut self, is_enquiry: bool, now: Instant) {
        match self.state {
            State::Guard { .. } | State::Sent { .. } if is_enquiry => self.asked(now),
            State::Sent { .. } => self.acknowledged(now),
            _ => {}
        }
    }

    fn asked(&mut self, now: Instant) {
        self.happened(UnitEvent::Asked);
        self.digits.clear();
        self.sent = 0;
        let delay = self.settings.delay.saturating_add(self.settings.faults.late_start);
        self.state = State::Delaying { at: after(now, delay) };
    }

    fn acknowledged(&mut self, now: Instant) {
        self.digits.clear();
        if self.settings.faults.ignores_first_ack && !std::mem::replace(&mut self.ignored_ack, true) {
            return;
        }
        self.happened(UnitEvent::Acknowledged(self.sent));
        self.last_command = now;
        self.state = State::Online;
        self.tell_waiting();
        if let Some((wait, _)) = self.replies.front_mut() {
            *wait = self.settings.waiting_after;
        }
        self.next_reply(now);
    }

    fn send_frame(&mut self) {
        self.state = State::Sending;
        let is_faulty = self.settings.faults.sends.is_none_or(|sends| self.sent < sends);
        let faults = if is_faulty { self.settings.faults.clone() } else { UnitFaults::default() };
        let frame = self.settings.frame.clone();
        let mut other = frame.clone();
        if faults.wrong_checksum
            && let Some(last) = other.pop()
        {
            other.push(if last == '0' { '1' } else { '0' });
        }
        let mut played = if self.settings.probe == Probe::TtOld {
            let mut copies = [frame.as_str(), other.as_str()].map(bursts);
            if let Some(last) = copies.first_mut().and_then(|copy| copy.last_mut()) {
                last.off = self.settings.copy_gap;
            }
            copies.into_iter().flatten().map(|note| vec![note]).collect()
        } else {
            self.digit_notes(&other)
        };
        if let Some((at, gap)) = faults.long_gap
            && let Some(note) = played.get_mut(at).and_then(|digit| digit.last_mut())
        {
            note.off = gap;
        }
        if let Some(at) = faults.dropped.filter(|at| *at < played.len()) {
            played.remove(at);
        }
        if let Some(digits) = faults.hangs_up_after {
            played.truncate(digits);
            self.hang_up_when_played = true;
        }
        let mut notes: Vec<Note> = played.into_iter().flatten().collect();
        if let Some(last) = notes.last_mut() {
            last.off = Duration::ZERO;
        }
        self.play(notes);
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
