//! The other side: a warden-call controller or nurse-call system that hands its calls over, for test calls and
//! simulators.
//!
//! ```text
//! idle ── call ──► its turn (see `master`) ── ACK ──► next call, or EOT and idle
//!   ├─ link check: selects and ends, or polls and hears statuses      └─ not taken: failed
//!   └─ polled: begins its turn, or EOT                                   checks only, until one is answered;
//!                                                                        then the calls held back
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::deframe::{Chunk, Deframer, Sign};
use super::master::{Master, Step};
use super::{ACK, Block, ENQ, EOT, NAK, NAK_DAMAGED, read};
use crate::Mode;
use crate::automation::{LINES_HELD_MAX, LineNumber, SenderCounts};
use crate::session::after;

/// How a controller opens its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Polls itself, then selects: `1 ENQ 2 ENQ`.
    SelfPoll,
    /// Selects: `2 ENQ`.
    Select,
    /// A bare ENQ (B).
    Bare,
    /// Sends the block at once.
    None,
    /// Is a station: waits to be polled, then selects.
    Polled,
}

/// Settings of a simulated controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerSettings {
    /// How it opens its turn.
    pub opening: Opening,
    /// Its address, a digit.
    pub address: u8,
    /// The address of the receiver, a digit.
    pub receiver: u8,
    /// Whether it ends its turn with EOT.
    pub ends: bool,
    /// Wait for an answer.
    pub reply_wait: Duration,
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// Idle time before it checks its link; zero checks only after a failure.
    pub check_every: Duration,
    /// Whether it checks by a poll, so that the receiver may send statuses.
    pub polls: bool,
}

impl Default for ControllerSettings {
    fn default() -> Self {
        ControllerSettings {
            opening: Opening::SelfPoll,
            address: b'1',
            receiver: b'2',
            ends: true,
            reply_wait: Duration::from_millis(2500),
            attempts: 3,
            check_every: Duration::from_secs(30),
            polls: false,
        }
    }
}

/// Idle time after which a failed link is tried where checks are off.
const PROBE_EVERY: Duration = Duration::from_secs(10);

/// What a controller asks its driver to do, or tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControllerCommand {
    /// Write these bytes at once.
    Send(Vec<u8>),
    /// The call was acknowledged after so many attempts.
    Acknowledged {
        /// Which.
        line: LineNumber,
        /// 1 is without a repeat.
        attempts: u32,
    },
    /// The call will never be accepted, and is dropped.
    Refused(LineNumber),
    /// All attempts failed; only link checks follow.
    LinkFailed,
    /// An answer came after a failure; the calls held back follow.
    LinkRestored,
    /// The receiver sent this block.
    Heard(Block),
}

/// A simulated controller.
#[derive(Debug)]
pub struct Controller {
    settings: ControllerSettings,
    held: VecDeque<(LineNumber, Vec<u8>)>,
    state: State,
    deframer: Deframer,
    failed: bool,
    /// Another address was enquired since EOT: the next one is selected, not polled.
    others_speak: bool,
    next_line: u64,
    counts: SenderCounts,
    commands: VecDeque<ControllerCommand>,
}

#[derive(Debug)]
enum State {
    Idle {
        since: Instant,
    },
    /// Its turn; `check` when no call is in it.
    Turn {
        master: Master,
        check: bool,
    },
    /// It has polled.
    Polling {
        until: Instant,
    },
    /// The receiver's turn.
    Receiving {
        until: Instant,
    },
}

impl Controller {
    /// Begins idle.
    pub fn new(settings: ControllerSettings, now: Instant) -> Controller {
        Controller {
            settings,
            held: VecDeque::new(),
            state: State::Idle { since: now },
            deframer: Deframer::new(),
            failed: false,
            others_speak: false,
            next_line: 0,
            counts: SenderCounts::default(),
            commands: VecDeque::new(),
        }
    }

    /// Takes a block to send, framing included; none when the buffer is full.
    pub fn send(&mut self, block: Vec<u8>, now: Instant) -> Option<LineNumber> {
        if self.held.len() >= LINES_HELD_MAX {
            return None;
        }
        let number = LineNumber(self.next_line);
        self.next_line = self.next_line.saturating_add(1);
        self.held.push_back((number, block));
        if matches!(self.state, State::Idle { .. }) && !self.failed && self.settings.opening != Opening::Polled {
            self.begin(now);
        }
        Some(number)
    }

    /// Takes bytes the receiver sent.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        for byte in bytes {
            let sign = self.deframer.push(*byte, now);
            self.counts.other_bytes = self.counts.other_bytes.saturating_add(self.deframer.take_junk());
            if let Some(sign) = sign {
                self.sign(sign, now);
            }
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = self.deframer.expire(self.settings.reply_wait, now);
        if self.state_deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match &mut self.state {
            State::Idle { .. } if self.settings.polls && !self.failed => {
                self.push(vec![self.settings.receiver, ENQ]);
                self.state = State::Polling { until: after(now, self.settings.reply_wait) };
            }
            State::Idle { .. } => self.begin(now),
            State::Turn { master, .. } => {
                self.counts.repeats = self.counts.repeats.saturating_add(1);
                let step = master.silence(now);
                self.step(step, now);
            }
            State::Polling { .. } | State::Receiving { .. } => {
                self.push(vec![EOT]);
                self.fail(now);
            }
        }
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<ControllerCommand> {
        self.commands.pop_front()
    }

    /// When [`Controller::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [self.state_deadline(), self.deframer.deadline(self.settings.reply_wait)];
        deadlines.into_iter().flatten().min()
    }

    /// What was counted so far.
    pub fn counts(&self) -> SenderCounts {
        self.counts
    }

    /// Calls not yet acknowledged.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn state_deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Turn { master, .. } => Some(master.deadline()),
            State::Polling { until } | State::Receiving { until } => Some(*until),
            State::Idle { .. } if self.settings.opening == Opening::Polled => None,
            State::Idle { since } => match (self.settings.check_every.is_zero(), self.failed) {
                (false, _) => Some(after(*since, self.settings.check_every)),
                (true, true) => Some(after(*since, PROBE_EVERY)),
                (true, false) => None,
            },
        }
    }

    fn opening(&self) -> Vec<u8> {
        let ControllerSettings { address, receiver, .. } = self.settings;
        match self.settings.opening {
            Opening::SelfPoll => vec![address, ENQ, receiver, ENQ],
            Opening::Select | Opening::Polled => vec![receiver, ENQ],
            Opening::Bare => vec![ENQ],
            Opening::None => Vec::new(),
        }
    }

    /// Begins a turn: the first call, or a check where there is none or the link has failed.
    fn begin(&mut self, now: Instant) {
        let opening = self.opening();
        let line = self.held.front().map(|(_, block)| block.clone());
        let check = line.is_none() || (self.failed && !opening.is_empty());
        let block = line.filter(|_| !check).unwrap_or_default();
        if opening.is_empty() && block.is_empty() {
            self.state = State::Idle { since: now };
            return;
        }
        let ControllerSettings { attempts, reply_wait, .. } = self.settings;
        let (master, bytes) = Master::begin(opening, block, attempts, reply_wait, now);
        self.state = State::Turn { master, check };
        self.push(bytes);
    }

    fn sign(&mut self, sign: Sign, now: Instant) {
        match sign {
            Sign::Positive => match &mut self.state {
                State::Turn { master, .. } => {
                    self.counts.acks = self.counts.acks.saturating_add(1);
                    let step = master.positive(now);
                    self.step(step, now);
                }
                _ => self.counts.unasked = self.counts.unasked.saturating_add(1),
            },
            Sign::Negative(reason) => {
                self.counts.naks = self.counts.naks.saturating_add(1);
                if let State::Turn { master, .. } = &mut self.state {
                    let step = master.negative(reason, now);
                    self.step(step, now);
                }
            }
            Sign::Enquiry { address, .. } => self.enquiry(address, now),
            Sign::End => {
                self.others_speak = false;
                if matches!(self.state, State::Polling { .. } | State::Receiving { .. }) {
                    self.restored();
                    self.rest(now);
                }
            }
            Sign::Block(chunk) => self.block(&chunk, now),
            Sign::Broken(..) => {}
        }
    }

    /// The receiver selects us after our poll; or it is in control, and polls or selects us.
    fn enquiry(&mut self, address: Option<u8>, now: Instant) {
        if address != Some(self.settings.address) {
            self.others_speak = true;
            return;
        }
        let polled = self.settings.opening == Opening::Polled && !self.others_speak;
        match &self.state {
            State::Turn { .. } => {}
            State::Idle { .. } if polled => {
                self.restored();
                if self.held.is_empty() { self.push(vec![EOT]) } else { self.begin(now) }
            }
            State::Idle { .. } | State::Polling { .. } | State::Receiving { .. } => {
                self.state = State::Receiving { until: after(now, self.settings.reply_wait) };
                self.push(vec![ACK]);
            }
        }
    }

    fn block(&mut self, chunk: &Chunk, now: Instant) {
        if !matches!(self.state, State::Receiving { .. }) {
            return;
        }
        self.state = State::Receiving { until: after(now, self.settings.reply_wait) };
        match read(&chunk.bytes, Mode::Tolerant) {
            Ok(found) => {
                self.commands.push_back(ControllerCommand::Heard(found.block));
                self.push(vec![ACK]);
            }
            Err(_) => self.push(vec![NAK_DAMAGED, NAK]),
        }
    }

    fn step(&mut self, step: Step, now: Instant) {
        let done = match step {
            Step::Send(bytes) => return self.push(bytes),
            Step::GivenUp(bytes) => {
                self.push(bytes);
                return self.fail(now);
            }
            Step::Done(attempts) => Some(attempts),
            Step::Invalid => None,
        };
        self.restored();
        let State::Turn { check, .. } = &self.state else { return };
        if !check && let Some((line, _)) = self.held.pop_front() {
            self.commands.push_back(match done {
                Some(attempts) => ControllerCommand::Acknowledged { line, attempts },
                None => ControllerCommand::Refused(line),
            });
        }
        match (self.held.front().map(|(_, block)| block.clone()), &mut self.state) {
            (Some(block), State::Turn { master, check }) => {
                *check = false;
                let bytes = master.next(block, now);
                self.push(bytes);
            }
            _ => {
                if self.settings.ends {
                    self.push(vec![EOT]);
                }
                self.state = State::Idle { since: now };
            }
        }
    }

    /// The turn is over; calls that came meanwhile follow.
    fn rest(&mut self, now: Instant) {
        self.state = State::Idle { since: now };
        if !self.held.is_empty() && self.settings.opening != Opening::Polled {
            self.begin(now);
        }
    }

    fn fail(&mut self, now: Instant) {
        self.state = State::Idle { since: now };
        if !std::mem::replace(&mut self.failed, true) {
            self.commands.push_back(ControllerCommand::LinkFailed);
        }
    }

    fn restored(&mut self) {
        if std::mem::replace(&mut self.failed, false) {
            self.commands.push_back(ControllerCommand::LinkRestored);
        }
    }

    fn push(&mut self, bytes: Vec<u8>) {
        self.commands.push_back(ControllerCommand::Send(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::espa::encode;

    fn commands(controller: &mut Controller) -> Vec<ControllerCommand> {
        std::iter::from_fn(|| controller.next_command()).collect()
    }

    fn send(bytes: &[u8]) -> ControllerCommand {
        ControllerCommand::Send(bytes.to_vec())
    }

    fn call(text: &str) -> Vec<u8> {
        encode(&Block::new('1', &[("1", "12"), ("2", text)]))
    }

    #[test]
    fn a_call_is_selected_sent_and_ended_and_the_next_follows_in_the_same_turn() {
        let now = Instant::now();
        let mut controller = Controller::new(ControllerSettings::default(), now);
        let (first, second) = (call("A"), call("B"));
        let one = controller.send(first.clone(), now).unwrap();
        let two = controller.send(second.clone(), now).unwrap();
        assert_eq!(commands(&mut controller), [send(b"1\x052\x05")]);
        controller.handle_bytes(&[ACK], now);
        assert_eq!(commands(&mut controller), [send(&first)]);
        controller.handle_bytes(b"1\x15", now);
        assert_eq!(commands(&mut controller), [send(&first)], "damaged: at once again");
        controller.handle_bytes(&[ACK], now);
        let acknowledged = |line, attempts| ControllerCommand::Acknowledged { line, attempts };
        assert_eq!(commands(&mut controller), [acknowledged(one, 2), send(&second)]);
        controller.handle_bytes(b"\x06\x06", now);
        assert_eq!(commands(&mut controller), [acknowledged(two, 1), send(&[EOT])]);
        assert_eq!(controller.counts().unasked, 1);
    }

    #[test]
    fn silence_fails_the_link_and_a_check_brings_it_back() {
        let start = Instant::now();
        let mut controller = Controller::new(ControllerSettings::default(), start);
        let block = call("A");
        let line = controller.send(block.clone(), start).unwrap();
        commands(&mut controller);
        for _ in 0..2 {
            let now = controller.poll_timeout().unwrap();
            controller.handle_timeout(now);
            assert_eq!(commands(&mut controller), [send(b"\x041\x052\x05")]);
        }
        let now = controller.poll_timeout().unwrap();
        controller.handle_timeout(now);
        assert_eq!(commands(&mut controller), [send(&[EOT]), ControllerCommand::LinkFailed]);
        let now = controller.poll_timeout().unwrap();
        controller.handle_timeout(now);
        assert_eq!(commands(&mut controller), [send(b"1\x052\x05")]);
        controller.handle_bytes(&[ACK], now);
        assert_eq!(commands(&mut controller), [ControllerCommand::LinkRestored, send(&block)]);
        controller.handle_bytes(&[ACK], now);
        let acknowledged = ControllerCommand::Acknowledged { line, attempts: 1 };
        assert_eq!(commands(&mut controller), [acknowledged, send(&[EOT])]);
    }
}
