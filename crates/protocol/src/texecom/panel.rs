//! The other side: a panel, for test calls and simulators.
//!
//! ```text
//! idle ── message ──► waiting ── its answer ──► next message, or idle
//!   └─ poll ────────►   │ none in time: again, 4 attempts in all
//!                       └─► failed: after a rest what is held, or a poll
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::message::{Message, encode};
use super::{ACK, CR_LF};
use crate::automation::{LINES_HELD_MAX, LineNumber, SenderCounts};
use crate::session::after;

/// Rest after a failure before it is tried again (C).
const RETRY_EVERY: Duration = Duration::from_secs(10);
/// Bytes of an answer to a message, and to a poll.
const ANSWER_BYTES: usize = 4;
const POLL_ANSWER_BYTES: usize = 8;

/// Settings of a simulated panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelSettings {
    /// Account of its polls, 4 digits.
    pub account: String,
    /// Wait for an answer.
    pub ack_wait: Duration,
    /// Attempts in all for one message, the first included.
    pub attempts: u32,
    /// Idle time before a poll, until an answer says another; zero polls never.
    pub poll_every: Duration,
}

impl Default for PanelSettings {
    fn default() -> Self {
        let (account, ack_wait) = ("9999".to_owned(), super::Settings::default().ack_wait);
        PanelSettings { account, ack_wait, attempts: 4, poll_every: Duration::from_secs(120) }
    }
}

/// What a panel asks its driver to do, or tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanelCommand {
    /// Write these bytes at once.
    Send(Vec<u8>),
    /// The message was answered after so many attempts.
    Acknowledged {
        /// Which.
        line: LineNumber,
        /// 1 is without a repeat.
        attempts: u32,
    },
    /// All attempts failed; what is held is tried again later.
    LinkFailed,
    /// An answer came after a failure.
    LinkRestored,
}

/// A simulated panel.
#[derive(Debug)]
pub struct Panel {
    settings: PanelSettings,
    held: VecDeque<(LineNumber, Vec<u8>)>,
    state: State,
    heard: Vec<u8>,
    failed: bool,
    next_line: u64,
    counts: SenderCounts,
    commands: VecDeque<PanelCommand>,
}

#[derive(Debug)]
enum State {
    Idle { since: Instant },
    Resting { until: Instant },
    Waiting { poll: bool, attempts: u32, until: Instant },
}

impl Panel {
    /// Begins idle.
    pub fn new(settings: PanelSettings, now: Instant) -> Panel {
        Panel {
            settings,
            held: VecDeque::new(),
            state: State::Idle { since: now },
            heard: Vec::new(),
            failed: false,
            next_line: 0,
            counts: SenderCounts::default(),
            commands: VecDeque::new(),
        }
    }

    /// Takes a message to send; none when the buffer is full.
    pub fn send(&mut self, message: Vec<u8>, now: Instant) -> Option<LineNumber> {
        if self.held.len() >= LINES_HELD_MAX {
            return None;
        }
        let number = LineNumber(self.next_line);
        self.next_line = self.next_line.saturating_add(1);
        self.held.push_back((number, message));
        if matches!(self.state, State::Idle { .. }) {
            self.transmit(false, 1, now);
        }
        Some(number)
    }

    /// Takes bytes the receiver sent.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        for byte in bytes {
            self.heard.push(*byte);
            let is_poll = self.heard.starts_with(b"[");
            if self.heard.len() < if is_poll { POLL_ANSWER_BYTES } else { ANSWER_BYTES } {
                continue;
            }
            let answer = std::mem::take(&mut self.heard);
            self.answer(&answer, now);
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.state {
            State::Waiting { poll, attempts, .. } => self.again(poll, attempts, now),
            State::Resting { .. } | State::Idle { .. } => self.transmit(self.held.is_empty(), 1, now),
        }
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<PanelCommand> {
        self.commands.pop_front()
    }

    /// When [`Panel::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until, .. } | State::Resting { until } => Some(until),
            State::Idle { since } => {
                let every = self.settings.poll_every;
                (!every.is_zero()).then(|| after(since, every))
            }
        }
    }

    /// What was counted so far.
    pub fn counts(&self) -> SenderCounts {
        self.counts
    }

    /// Messages not yet answered.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn answer(&mut self, answer: &[u8], now: Instant) {
        let State::Waiting { poll, attempts, .. } = self.state else {
            self.counts.unasked = self.counts.unasked.saturating_add(1);
            return;
        };
        let kind = self.held.front().and_then(|(_, message)| message.first()).copied();
        let fits = match answer {
            [b'[', b'P', b']', 0, minutes, ACK, end @ ..] => {
                if !self.settings.poll_every.is_zero() && *minutes > 0 {
                    self.settings.poll_every = Duration::from_secs(60).saturating_mul((*minutes).into());
                }
                end == CR_LF && (poll || kind == Some(b'P'))
            }
            [first, ACK, end @ ..] => end == CR_LF && !poll && kind == Some(*first),
            _ => false,
        };
        if !fits {
            self.counts.other_bytes = self.counts.other_bytes.saturating_add(1);
            return;
        }
        self.counts.acks = self.counts.acks.saturating_add(1);
        if std::mem::take(&mut self.failed) {
            self.commands.push_back(PanelCommand::LinkRestored);
        }
        if !poll && let Some((line, _)) = self.held.pop_front() {
            self.commands.push_back(PanelCommand::Acknowledged { line, attempts });
        }
        if self.held.is_empty() { self.state = State::Idle { since: now } } else { self.transmit(false, 1, now) }
    }

    fn again(&mut self, poll: bool, attempts: u32, now: Instant) {
        if attempts < self.settings.attempts {
            self.counts.repeats = self.counts.repeats.saturating_add(1);
            self.transmit(poll, attempts.saturating_add(1), now);
            return;
        }
        if !std::mem::replace(&mut self.failed, true) {
            self.commands.push_back(PanelCommand::LinkFailed);
        }
        self.state = State::Resting { until: after(now, RETRY_EVERY) };
    }

    fn transmit(&mut self, poll: bool, attempts: u32, now: Instant) {
        let message = self.held.front().filter(|_| !poll).map(|(_, message)| message.clone());
        let poll_message = Message::Poll { account: self.settings.account.clone(), flags: 0 };
        let bytes = message.or_else(|| encode(&poll_message)).unwrap_or_default();
        self.heard.clear();
        self.state = State::Waiting { poll, attempts, until: after(now, self.settings.ack_wait) };
        self.commands.push_back(PanelCommand::Send(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(panel: &mut Panel) -> Vec<PanelCommand> {
        std::iter::from_fn(|| panel.next_command()).collect()
    }

    #[test]
    fn only_the_answer_to_a_message_is_its_answer() {
        let now = Instant::now();
        let mut panel = Panel::new(PanelSettings::default(), now);
        let line = panel.send(b"2...\r\n".to_vec(), now).unwrap();
        let again = PanelCommand::Send(b"2...\r\n".to_vec());
        assert_eq!(commands(&mut panel), std::slice::from_ref(&again));
        panel.handle_bytes(b"3\x06\r\n", now);
        assert_eq!(commands(&mut panel), []);
        let now = panel.poll_timeout().unwrap();
        panel.handle_timeout(now);
        assert_eq!(commands(&mut panel), [again]);
        panel.handle_bytes(b"2\x06\r", now);
        panel.handle_bytes(b"\n", now);
        assert_eq!(commands(&mut panel), [PanelCommand::Acknowledged { line, attempts: 2 }]);
        let now = panel.poll_timeout().unwrap();
        panel.handle_timeout(now);
        assert_eq!(commands(&mut panel), [PanelCommand::Send(b"POLL9999#\0\0\0\0\r\n".to_vec())]);
        panel.handle_bytes(b"[P]\0\x0A\x06\r\n", now);
        assert_eq!(panel.poll_timeout(), Some(now + Duration::from_secs(600)), "as it was told");
    }
}
