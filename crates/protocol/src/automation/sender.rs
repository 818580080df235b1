//! The other side: a hardware receiver as a pure state machine, for test calls and simulators.
//!
//! ```text
//! idle ── line ──► waiting ── 06 ──► next line, or idle
//!   └─ heartbeat ─►   │ no 06 in time, or NAK: again, 4 attempts in all
//!                     └─► failed: heartbeats only, until a 06; then the lines held back
//! ```
//!

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{ACK, NAK, Timing};
use crate::Mode;
use crate::session::after;
use crate::sia_frame::{self, Deframer};

/// Lines held at most: the buffer of a System III line card (confidence B).
pub const LINES_HELD_MAX: usize = 256;

/// Settings of a simulated hardware receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderSettings {
    /// Wait for an answer.
    pub ack_wait: Duration,
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// Idle time before a heartbeat; zero sends none.
    pub heartbeat: Duration,
    /// The heartbeat's bytes, framing included.
    pub heartbeat_line: Vec<u8>,
    /// How its answers are written.
    pub answers: AnswersIn,
}

/// How a hardware receiver's answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswersIn {
    /// One byte that names no line.
    Bytes,
    /// A frame with the sequence of the line it is for ([`crate::sia_frame`]).
    Frames,
}

impl SenderSettings {
    /// These waits and attempts, a heartbeat every 30 s as Sur-Gard's (A) that is still to be written, answers in bytes.
    pub fn new(timing: &Timing) -> SenderSettings {
        SenderSettings {
            ack_wait: timing.ack_wait,
            attempts: timing.attempts,
            heartbeat: Duration::from_secs(30),
            heartbeat_line: Vec::new(),
            answers: AnswersIn::Bytes,
        }
    }
}

/// Idle time after which a failed link is probed where heartbeats are off: nothing else could bring it back.
const PROBE_EVERY: Duration = Duration::from_secs(30);

/// Names one line given to [`Sender::send`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineNumber(pub u64);

/// What a sender asks its driver to do, or tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderCommand {
    /// Write these bytes at once.
    Send(Vec<u8>),
    /// The line was answered after so many attempts.
    Acknowledged {
        /// Which.
        line: LineNumber,
        /// 1 is without a repeat.
        attempts: u32,
    },
    /// All attempts went unanswered; only heartbeats follow.
    LinkFailed,
    /// An answer came after a failure; the lines held back follow.
    LinkRestored,
}

/// What a sender counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderCounts {
    /// Answers that were waited for.
    pub acks: u64,
    /// Lines and heartbeats sent again.
    pub repeats: u64,
    /// Negative answers.
    pub naks: u64,
    /// Answers nobody waited for: they would be taken for the next line.
    pub unasked: u64,
    /// Bytes that are no answer.
    pub other_bytes: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Idle { since: Instant },
    Waiting { heartbeat: bool, attempts: u32, deadline: Instant },
}

/// A simulated hardware receiver.
#[derive(Debug)]
pub struct Sender {
    settings: SenderSettings,
    held: VecDeque<(LineNumber, Vec<u8>)>,
    state: State,
    failed: bool,
    next_line: u64,
    counts: SenderCounts,
    commands: VecDeque<SenderCommand>,
    frames: Deframer,
}

impl Sender {
    /// Begins idle.
    pub fn new(settings: SenderSettings, now: Instant) -> Sender {
        Sender {
            settings,
            held: VecDeque::new(),
            state: State::Idle { since: now },
            failed: false,
            next_line: 0,
            counts: SenderCounts::default(),
            commands: VecDeque::new(),
            frames: Deframer::new(),
        }
    }

    /// Takes a line to send, framing included; none when the buffer is full.
    pub fn send(&mut self, line: Vec<u8>, now: Instant) -> Option<LineNumber> {
        if self.held.len() >= LINES_HELD_MAX {
            return None;
        }
        let number = LineNumber(self.next_line);
        self.next_line = self.next_line.saturating_add(1);
        self.held.push_back((number, line));
        if matches!(self.state, State::Idle { .. }) {
            self.next(now);
        }
        Some(number)
    }

    /// Takes bytes the host answered.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        if self.settings.answers == AnswersIn::Frames {
            return self.frames(bytes, now);
        }
        for byte in bytes {
            match *byte {
                ACK => self.positive(now),
                NAK => self.negative(now),
                _ => self.counts.other_bytes = self.counts.other_bytes.saturating_add(1),
            }
        }
    }

    /// Answers in frames: those for another sequence than that of the line sent last are not waited for.
    fn frames(&mut self, bytes: &[u8], now: Instant) {
        for byte in bytes {
            self.frames.push(*byte, now);
            while let Some(piece) = self.frames.next_piece() {
                match sia_frame::read(&piece.bytes, Mode::Tolerant) {
                    Ok(read) if Some(read.frame.head.sequence) != self.sequence() => {
                        self.counts.unasked = self.counts.unasked.saturating_add(1);
                    }
                    Ok(read) if read.frame.head.token == "ACK" => self.positive(now),
                    Ok(_) => self.negative(now),
                    Err(_) => self.counts.other_bytes = self.counts.other_bytes.saturating_add(1),
                }
            }
        }
    }

    /// The sequence of the line or heartbeat sent last.
    fn sequence(&self) -> Option<u16> {
        let State::Waiting { heartbeat, .. } = self.state else { return None };
        let line = self.held.front().filter(|_| !heartbeat).map_or(&self.settings.heartbeat_line, |(_, line)| line);
        sia_frame::read(line, Mode::Tolerant).ok().map(|read| read.frame.head.sequence)
    }

    fn positive(&mut self, now: Instant) {
        match self.state {
            State::Waiting { heartbeat, attempts, .. } => self.acknowledged(heartbeat, attempts, now),
            State::Idle { .. } => self.counts.unasked = self.counts.unasked.saturating_add(1),
        }
    }

    fn negative(&mut self, now: Instant) {
        self.counts.naks = self.counts.naks.saturating_add(1);
        if let State::Waiting { heartbeat, attempts, .. } = self.state {
            self.again(heartbeat, attempts, now);
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.state {
            State::Waiting { heartbeat, attempts, .. } => self.again(heartbeat, attempts, now),
            State::Idle { .. } => self.transmit(true, 1, now),
        }
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<SenderCommand> {
        self.commands.pop_front()
    }

    /// When [`Sender::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { deadline, .. } => Some(deadline),
            State::Idle { since } => self.heartbeat_period().map(|period| after(since, period)),
        }
    }

    /// What was counted so far.
    pub fn counts(&self) -> SenderCounts {
        self.counts
    }

    /// Lines not yet answered.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn heartbeat_period(&self) -> Option<Duration> {
        let period = self.settings.heartbeat;
        match (period.is_zero(), self.failed) {
            (false, _) => Some(period),
            (true, true) => Some(PROBE_EVERY),
            (true, false) => None,
        }
    }

    fn acknowledged(&mut self, heartbeat: bool, attempts: u32, now: Instant) {
        self.counts.acks = self.counts.acks.saturating_add(1);
        if !heartbeat && let Some((line, _)) = self.held.pop_front() {
            self.commands.push_back(SenderCommand::Acknowledged { line, attempts });
        }
        if self.failed {
            self.failed = false;
            self.commands.push_back(SenderCommand::LinkRestored);
        }
        self.next(now);
    }

    fn again(&mut self, heartbeat: bool, attempts: u32, now: Instant) {
        if attempts < self.settings.attempts {
            self.counts.repeats = self.counts.repeats.saturating_add(1);
            self.transmit(heartbeat, attempts.saturating_add(1), now);
            return;
        }
        if !self.failed {
            self.failed = true;
            self.commands.push_back(SenderCommand::LinkFailed);
        }
        self.state = State::Idle { since: now };
    }

    fn next(&mut self, now: Instant) {
        if self.failed || self.held.is_empty() {
            self.state = State::Idle { since: now };
        } else {
            self.transmit(false, 1, now);
        }
    }

    fn transmit(&mut self, heartbeat: bool, attempts: u32, now: Instant) {
        let line = self.held.front().filter(|_| !heartbeat).map(|(_, line)| line.clone());
        let bytes = line.unwrap_or_else(|| self.settings.heartbeat_line.clone());
        self.commands.push_back(SenderCommand::Send(bytes));
        self.state = State::Waiting { heartbeat, attempts, deadline: after(now, self.settings.ack_wait) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"5011 181234E12101001\x14";
    const HEARTBEAT: &[u8] = b"1011           @    \x14";

    fn settings() -> SenderSettings {
        crate::surgard::sender_settings(&crate::surgard::Header { receiver: "01".into(), line: "1".into() })
    }

    fn commands(sender: &mut Sender) -> Vec<SenderCommand> {
        std::iter::from_fn(|| sender.next_command()).collect()
    }

    fn send(bytes: &[u8]) -> SenderCommand {
        SenderCommand::Send(bytes.to_vec())
    }

    #[test]
    fn four_attempts_then_heartbeats_then_the_lines_held_back() {
        let start = Instant::now();
        let mut sender = Sender::new(settings(), start);
        let line = sender.send(LINE.to_vec(), start).unwrap();
        assert_eq!(commands(&mut sender), [send(LINE)]);
        for _ in 0..3 {
            let now = sender.poll_timeout().unwrap();
            sender.handle_timeout(now);
            assert_eq!(commands(&mut sender), [send(LINE)]);
        }
        let now = sender.poll_timeout().unwrap();
        assert_eq!(now - start, Duration::from_secs(16));
        sender.handle_timeout(now);
        assert_eq!(commands(&mut sender), [SenderCommand::LinkFailed]);
        let now = sender.poll_timeout().unwrap();
        sender.handle_timeout(now);
        assert_eq!(commands(&mut sender), [send(HEARTBEAT)]);
        sender.handle_bytes(&[ACK], now);
        assert_eq!(commands(&mut sender), [SenderCommand::LinkRestored, send(LINE)]);
        sender.handle_bytes(&[ACK, ACK], now);
        assert_eq!(commands(&mut sender), [SenderCommand::Acknowledged { line, attempts: 1 }]);
        assert_eq!(sender.counts(), SenderCounts { acks: 2, repeats: 3, unasked: 1, ..SenderCounts::default() });
    }

    #[test]
    fn lines_go_one_by_one_and_a_nak_repeats_at_once() {
        let now = Instant::now();
        let mut sender = Sender::new(settings(), now);
        sender.send(LINE.to_vec(), now).unwrap();
        sender.send(b"second\x14".to_vec(), now).unwrap();
        assert_eq!(commands(&mut sender), [send(LINE)]);
        sender.handle_bytes(&[NAK], now);
        assert_eq!(commands(&mut sender), [send(LINE)]);
        sender.handle_bytes(&[ACK], now);
        let first = SenderCommand::Acknowledged { line: LineNumber(0), attempts: 2 };
        assert_eq!(commands(&mut sender), [first, send(b"second\x14")]);
    }
}
