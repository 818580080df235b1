//! The other side: a premises unit, for test calls and simulators.
//!
//! ```text
//! idle ── message ──► waiting ── ACK of its sequence and account ──► next message, or idle
//!   └─ NULL ─────────►   │ NAK: sets its clock and sends again
//!                        │ DUH: the message is given up
//!                        │ nothing in time: again, up to `attempts`
//!                        └─► failed: NULLs only, until one is acknowledged; then what was held back
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::content::{Content, Extended};
use super::crypt::Key;
use super::heard::Heard;
use super::keys::Pads;
use super::reply::{Padding, clear, encrypted};
use super::stamp::{Clock, Stamp, stamp};
use crate::Mode;
use crate::automation::{LINES_HELD_MAX, LineNumber};
use crate::session::after;
use crate::sia_frame::{Address, Check, Deframer, Frame, Head, SEQUENCE_MAX, read};

/// Idle time after which a failed link is tried where polls are off.
const PROBE_EVERY: Duration = Duration::from_secs(10);

/// Settings of a simulated unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSettings {
    /// The account of its NULLs, 3 to 16 hex characters.
    pub account: String,
    /// Its receiver number; none to leave it out.
    pub receiver: Option<String>,
    /// Its account prefix.
    pub prefix: String,
    /// Its key; none to send in clear.
    pub key: Option<Key>,
    /// Whether it stamps what it sends in clear.
    pub stamps: bool,
    /// Whether its padding is that of the 2026 edition.
    pub long_pad: bool,
    /// Wait for an answer: 5 s and then again is seen (B).
    pub ack_wait: Duration,
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// Idle time before a NULL; zero sends none.
    pub poll_every: Duration,
}

impl Default for UnitSettings {
    fn default() -> Self {
        UnitSettings {
            account: "9999".to_owned(),
            receiver: None,
            prefix: "0".to_owned(),
            key: None,
            stamps: true,
            long_pad: false,
            ack_wait: Duration::from_secs(5),
            attempts: 4,
            poll_every: Duration::from_secs(60),
        }
    }
}

/// What a unit says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitMessage {
    /// Whose it is, 3 to 16 hex characters.
    pub account: String,
    /// SIA-DCS, ADM-CID, or another token.
    pub token: String,
    /// Between the brackets, the account included.
    pub data: String,
    /// Behind them.
    pub extended: Vec<Extended>,
}

/// What a unit asks its driver to do, or tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitCommand {
    /// Write these bytes at once, as one datagram where there are datagrams.
    Send(Vec<u8>),
    /// The message was acknowledged after so many attempts.
    Acknowledged {
        /// Which.
        message: LineNumber,
        /// 1 is without a repeat.
        attempts: u32,
    },
    /// The receiver cannot use the message, which is given up.
    Refused(LineNumber),
    /// The receiver's clock differs by so many seconds; the unit's follows it.
    ClockSet(i64),
    /// A NULL was acknowledged.
    Polled,
    /// All attempts failed; only NULLs follow.
    LinkFailed,
    /// An answer came after a failure; what was held back follows.
    LinkRestored,
}

/// A simulated unit.
#[derive(Debug)]
pub struct Unit {
    settings: UnitSettings,
    clock: Clock,
    /// Seconds by which the receiver's clock is ahead.
    ahead: i64,
    pads: Pads,
    held: VecDeque<(LineNumber, UnitMessage)>,
    state: State,
    deframer: Deframer,
    failed: bool,
    next_number: u64,
    sequence: u16,
    commands: VecDeque<UnitCommand>,
}

#[derive(Clone, Debug)]
enum State {
    Idle { since: Instant },
    Waiting { poll: bool, sequence: u16, attempts: u32, clock_set: bool, deadline: Instant },
}

impl Unit {
    /// Begins idle. `seed` is 16 bytes of chance for its padding; `first` the sequence it begins with, 1 to 9999.
    pub fn new(settings: UnitSettings, clock: Clock, seed: [u8; 16], first: u16) -> Unit {
        Unit {
            settings,
            clock,
            ahead: 0,
            pads: Pads::new(seed),
            held: VecDeque::new(),
            state: State::Idle { since: clock.at },
            deframer: Deframer::default(),
            failed: false,
            next_number: 0,
            sequence: first.clamp(1, SEQUENCE_MAX),
            commands: VecDeque::new(),
        }
    }

    /// Takes a message to send; none when it holds as many as it can.
    pub fn send(&mut self, message: UnitMessage, now: Instant) -> Option<LineNumber> {
        if self.held.len() >= LINES_HELD_MAX {
            return None;
        }
        let number = LineNumber(self.next_number);
        self.next_number = self.next_number.saturating_add(1);
        self.held.push_back((number, message));
        if matches!(self.state, State::Idle { .. }) {
            self.next(now);
        }
        Some(number)
    }

    /// Sends a NULL when it is idle.
    pub fn poll(&mut self, now: Instant) {
        if matches!(self.state, State::Idle { .. }) {
            self.transmit(true, now);
        }
    }

    /// Takes bytes the receiver answered.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        for byte in bytes {
            self.deframer.push(*byte, now);
            while let Some(piece) = self.deframer.next_piece() {
                if let Ok(heard) = Heard::read(piece) {
                    self.answer(&heard.frame, now);
                }
            }
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.state.clone() {
            State::Idle { .. } => self.transmit(true, now),
            State::Waiting { poll, sequence, attempts, clock_set, .. } if attempts < self.settings.attempts => {
                let attempts = attempts.saturating_add(1);
                self.transmit_again(poll, sequence, attempts, clock_set, now);
            }
            State::Waiting { .. } => {
                if !self.failed {
                    self.failed = true;
                    self.commands.push_back(UnitCommand::LinkFailed);
                }
                self.state = State::Idle { since: now };
            }
        }
    }

    /// When it wants to be woken.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting { deadline, .. } => Some(*deadline),
            State::Idle { since } if self.failed && self.settings.poll_every.is_zero() => {
                Some(after(*since, PROBE_EVERY))
            }
            State::Idle { since } => {
                Some(self.settings.poll_every).filter(|every| !every.is_zero()).map(|every| after(*since, every))
            }
        }
    }

    /// Messages not yet acknowledged.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The next thing to do or to know.
    pub fn next_command(&mut self) -> Option<UnitCommand> {
        self.commands.pop_front()
    }

    fn answer(&mut self, frame: &Frame, now: Instant) {
        let head = &frame.head;
        let State::Waiting { poll, sequence, attempts, clock_set, .. } = self.state.clone() else { return };
        let ours = head.sequence == sequence && head.address == self.address(poll);
        match &*head.token {
            "ACK" if ours && self.is_genuine(frame, now) => {
                if self.failed {
                    self.failed = false;
                    self.commands.push_back(UnitCommand::LinkRestored);
                }
                if poll {
                    self.commands.push_back(UnitCommand::Polled);
                } else if let Some((message, _)) = self.held.pop_front() {
                    self.commands.push_back(UnitCommand::Acknowledged { message, attempts });
                }
                self.next(now);
            }
            "DUH" if ours => {
                if let Some((message, _)) = self.held.pop_front().filter(|_| !poll) {
                    self.commands.push_back(UnitCommand::Refused(message));
                }
                self.next(now);
            }
            "NAK" if !clock_set => {
                if let Some(Stamp::At(theirs)) = Content::read(&frame.content).map(|content| content.stamp) {
                    let own = self.clock.utc(now).unix_timestamp();
                    self.ahead = theirs.unix_timestamp().saturating_sub(own);
                    self.commands.push_back(UnitCommand::ClockSet(self.ahead));
                    self.transmit_again(poll, sequence, attempts.saturating_add(1), true, now);
                }
            }
            _ => {}
        }
    }

    /// An encrypted unit takes an ACK only in its own key with a stamp of now.
    fn is_genuine(&self, frame: &Frame, now: Instant) -> bool {
        let Some(key) = &self.settings.key else { return !frame.head.enciphered };
        let clear = key.decrypt(&frame.content).filter(|_| frame.head.enciphered);
        let stamp = clear.and_then(|clear| Content::read_padded(&clear)).map(|(content, _)| content.stamp);
        stamp.is_some_and(|stamp| stamp.is_inside(self.utc(now)))
    }

    fn next(&mut self, now: Instant) {
        self.state = State::Idle { since: now };
        if !self.held.is_empty() && !self.failed {
            self.transmit(false, now);
        }
    }

    fn transmit(&mut self, poll: bool, now: Instant) {
        let sequence = if poll { 0 } else { self.take_sequence() };
        self.transmit_again(poll, sequence, 1, false, now);
    }

    fn transmit_again(&mut self, poll: bool, sequence: u16, attempts: u32, clock_set: bool, now: Instant) {
        let message = if poll { Some(self.null()) } else { self.held.front().map(|(_, message)| message.clone()) };
        if let Some(frame) = message.and_then(|message| self.frame(&message, sequence, now)) {
            self.commands.push_back(UnitCommand::Send(frame));
        }
        let deadline = after(now, self.settings.ack_wait);
        self.state = State::Waiting { poll, sequence, attempts, clock_set, deadline };
    }

    fn frame(&mut self, message: &UnitMessage, sequence: u16, now: Instant) -> Option<Vec<u8>> {
        let head = Head {
            enciphered: false,
            token: message.token.clone(),
            sequence,
            address: self.address_of(&message.account),
        };
        let (data, extended) = (&message.data, &message.extended);
        let stamp = stamp(self.utc(now));
        match &self.settings.key {
            None => Some(clear(head, Check::Hex, data, extended, if self.settings.stamps { &stamp } else { "" })),
            Some(key) => {
                let padding = Padding { bar: !data.is_empty(), long: self.settings.long_pad };
                encrypted(head, Check::Hex, &Content::encode(data, extended, &stamp), padding, key, &mut self.pads)
            }
        }
    }

    fn null(&self) -> UnitMessage {
        let (account, token) = (self.settings.account.clone(), "NULL".to_owned());
        UnitMessage { account, token, data: String::new(), extended: Vec::new() }
    }

    /// Of what it waits for.
    fn address(&self, poll: bool) -> Address {
        let of_message = self.held.front().filter(|_| !poll).map(|(_, message)| &message.account);
        self.address_of(of_message.unwrap_or(&self.settings.account))
    }

    fn address_of(&self, account: &str) -> Address {
        let UnitSettings { receiver, prefix, .. } = &self.settings;
        let (line, account) = (Some(prefix.clone()), Some(account.to_owned()));
        Address { receiver: receiver.clone(), line, account, bare: false }
    }

    fn utc(&self, now: Instant) -> OffsetDateTime {
        self.clock.utc(now).saturating_add(time::Duration::seconds(self.ahead))
    }

    fn take_sequence(&mut self) -> u16 {
        let sequence = self.sequence;
        self.sequence = if sequence >= SEQUENCE_MAX { 1 } else { sequence.saturating_add(1) };
        sequence
    }
}

impl UnitMessage {
    /// The message of a frame in clear, whose sequence and stamp the unit makes anew; none if it is not one.
    pub fn of_frame(frame: &[u8]) -> Option<UnitMessage> {
        let frame = read(frame, Mode::Strict).ok()?.frame;
        let content = Content::read(&frame.content).filter(|_| !frame.head.enciphered)?;
        let account = frame.head.address.account?;
        Some(UnitMessage { account, token: frame.head.token, data: content.data, extended: content.extended })
    }

    /// A message of DC-03 text, `Nri1/QA001` for example.
    pub fn sia(account: &str, text: &str) -> UnitMessage {
        UnitMessage {
            account: account.to_owned(),
            token: "SIA-DCS".to_owned(),
            data: format!("#{account}|{text}"),
            extended: Vec::new(),
        }
    }

    /// A Contact ID message, `1101 00 001` for example.
    pub fn contact_id(account: &str, text: &str) -> UnitMessage {
        UnitMessage {
            account: account.to_owned(),
            token: "ADM-CID".to_owned(),
            data: format!("#{account}|{text}"),
            extended: Vec::new(),
        }
    }
}
