//! The other side: an alarm panel on a serial line, for test calls and simulators.
//!
//! ```text
//! idle ── report ──► account ── 40 38 87 ──► event ── 40 38 87 ──► text ... end ── next report, or idle
//!                       │ rejected: at once again; silence: after the wait; 4 attempts in all
//!                       └─► failed: after a rest the account and what was not acknowledged
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::deframe::{Deframer, Found};
use super::{Kind, Timing, read, split};
use crate::automation::{LINES_HELD_MAX, LineNumber, SenderCounts};
use crate::session::after;

/// Rest after a failed report before it is tried again (C).
const RETRY_EVERY: Duration = Duration::from_secs(10);

/// Settings of a simulated panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelSettings {
    /// Wait for an acknowledgement.
    pub ack_wait: Duration,
    /// Attempts in all for one block, the first included.
    pub attempts: u32,
}

impl Default for PanelSettings {
    fn default() -> Self {
        let Timing { ack_wait, attempts, .. } = Timing::default();
        PanelSettings { ack_wait, attempts }
    }
}

/// What a panel asks its driver to do, or tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanelCommand {
    /// Write these bytes at once.
    Send(Vec<u8>),
    /// Every block of the report was acknowledged.
    Acknowledged {
        /// Which.
        line: LineNumber,
        /// The most that one of its blocks needed; 1 is without a repeat.
        attempts: u32,
    },
    /// A block was acknowledged.
    BlockAcknowledged {
        /// Of which report.
        line: LineNumber,
        /// Its bytes.
        block: Vec<u8>,
    },
    /// All attempts failed; what is left is tried again later.
    LinkFailed,
    /// An acknowledgement came after a failure.
    LinkRestored,
}

/// A simulated panel.
#[derive(Debug)]
pub struct Panel {
    settings: PanelSettings,
    held: VecDeque<(LineNumber, VecDeque<Vec<u8>>)>,
    /// The account block of the report that is under way.
    account: Option<Vec<u8>>,
    state: State,
    most_attempts: u32,
    deframer: Deframer,
    failed: bool,
    next_line: u64,
    counts: SenderCounts,
    commands: VecDeque<PanelCommand>,
}

#[derive(Debug)]
enum State {
    Idle,
    Resting { until: Instant },
    Waiting { attempts: u32, until: Instant },
}

impl Panel {
    /// Begins idle.
    pub fn new(settings: PanelSettings) -> Panel {
        Panel {
            settings,
            held: VecDeque::new(),
            account: None,
            state: State::Idle,
            most_attempts: 0,
            deframer: Deframer::new(),
            failed: false,
            next_line: 0,
            counts: SenderCounts::default(),
            commands: VecDeque::new(),
        }
    }

    /// Takes a report: its blocks one after the other, as a rule account, event, text, end. None when the buffer is full
    /// or the bytes are no blocks.
    pub fn send(&mut self, report: &[u8], now: Instant) -> Option<LineNumber> {
        let (mut blocks, mut rest) = (VecDeque::new(), report);
        while let Some((block, tail)) = split(rest) {
            blocks.push_back(block.to_vec());
            rest = tail;
        }
        if !rest.is_empty() {
            blocks.push_back(rest.to_vec());
        }
        if blocks.is_empty() || self.held.len() >= LINES_HELD_MAX {
            return None;
        }
        let number = LineNumber(self.next_line);
        self.next_line = self.next_line.saturating_add(1);
        self.held.push_back((number, blocks));
        if matches!(self.state, State::Idle) {
            self.begin(now);
        }
        Some(number)
    }

    /// Takes bytes the receiver sent.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        self.expire(now);
        for byte in bytes {
            let found = self.deframer.push(*byte, now);
            self.found(found, now);
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.expire(now);
        match self.state {
            State::Waiting { attempts, until } if now >= until => self.again(attempts, now),
            State::Resting { until } if now >= until => self.begin(now),
            State::Waiting { .. } | State::Resting { .. } | State::Idle => {}
        }
    }

    /// The next thing to do or to know, until there is none.
    pub fn next_command(&mut self) -> Option<PanelCommand> {
        self.commands.pop_front()
    }

    /// When [`Panel::handle_timeout`] wants to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let own = match self.state {
            State::Idle => None,
            State::Resting { until } | State::Waiting { until, .. } => Some(until),
        };
        [own, self.deframer.deadline(super::deframe::QUIET)].into_iter().flatten().min()
    }

    /// What was counted so far.
    pub fn counts(&self) -> SenderCounts {
        self.counts
    }

    /// Reports not yet acknowledged.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn expire(&mut self, now: Instant) {
        let found = self.deframer.expire(super::deframe::QUIET, now);
        self.found(found, now);
        let junk = self.deframer.take_junk().map_or(0, |(bytes, _)| bytes);
        self.counts.other_bytes = self.counts.other_bytes.saturating_add(junk);
    }

    fn found(&mut self, found: Option<Found>, now: Instant) {
        let Some(Found::Block(chunk)) = found else { return };
        match (read(&chunk.bytes).map(|block| block.kind()), &self.state) {
            (Ok(Kind::Acknowledge), State::Waiting { attempts, .. }) => {
                let attempts = *attempts;
                self.acknowledged(attempts, now);
            }
            (Ok(Kind::Acknowledge), State::Idle | State::Resting { .. }) => {
                self.counts.unasked = self.counts.unasked.saturating_add(1);
            }
            (Ok(Kind::Reject), State::Waiting { attempts, .. }) => {
                self.counts.naks = self.counts.naks.saturating_add(1);
                let attempts = *attempts;
                self.again(attempts, now);
            }
            (Ok(_) | Err(_), _) => {}
        }
    }

    fn acknowledged(&mut self, attempts: u32, now: Instant) {
        self.counts.acks = self.counts.acks.saturating_add(1);
        if std::mem::take(&mut self.failed) {
            self.commands.push_back(PanelCommand::LinkRestored);
        }
        self.most_attempts = self.most_attempts.max(attempts);
        let Some((line, blocks)) = self.held.front_mut() else { return };
        let line = *line;
        if let Some(block) = blocks.pop_front() {
            if block.get(1) == Some(&b'#') {
                self.account = Some(block.clone());
            }
            self.commands.push_back(PanelCommand::BlockAcknowledged { line, block });
        }
        if blocks.is_empty() {
            self.held.pop_front();
            self.commands.push_back(PanelCommand::Acknowledged { line, attempts: self.most_attempts });
            (self.account, self.most_attempts) = (None, 0);
        }
        if self.held.is_empty() { self.state = State::Idle } else { self.transmit(1, now) }
    }

    fn again(&mut self, attempts: u32, now: Instant) {
        self.most_attempts = self.most_attempts.max(attempts);
        if attempts < self.settings.attempts {
            self.counts.repeats = self.counts.repeats.saturating_add(1);
            self.transmit(attempts.saturating_add(1), now);
            return;
        }
        if !std::mem::replace(&mut self.failed, true) {
            self.commands.push_back(PanelCommand::LinkFailed);
        }
        self.state = State::Resting { until: after(now, RETRY_EVERY) };
    }

    /// Begins a report, or goes on with one that failed: its account comes first.
    fn begin(&mut self, now: Instant) {
        if let (Some(account), Some((_, blocks))) = (self.account.take(), self.held.front_mut()) {
            blocks.push_front(account);
        }
        if self.held.is_empty() { self.state = State::Idle } else { self.transmit(1, now) }
    }

    fn transmit(&mut self, attempts: u32, now: Instant) {
        let block = self.held.front().and_then(|(_, blocks)| blocks.front()).cloned().unwrap_or_default();
        // The wait begins with the last byte; at 300 bit/s the longest block takes over two seconds, at which no test is.
        self.state = State::Waiting { attempts, until: after(now, self.settings.ack_wait) };
        self.commands.push_back(PanelCommand::Send(block));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dc03::{ACKNOWLEDGE, Block, REJECT, encode};

    fn commands(panel: &mut Panel) -> Vec<PanelCommand> {
        std::iter::from_fn(|| panel.next_command()).collect()
    }

    #[test]
    fn a_report_goes_block_by_block_and_after_a_failure_its_account_comes_again() {
        let now = Instant::now();
        let mut panel = Panel::new(PanelSettings::default());
        let [account, event] = [("#", "1234"), ("N", "MA003")]
            .map(|(function, data)| encode(&Block::new(function.chars().next().unwrap(), data)));
        let line = panel.send(&[account.clone(), event.clone()].concat(), now).unwrap();
        assert_eq!(commands(&mut panel), [PanelCommand::Send(account.clone())]);
        panel.handle_bytes(&ACKNOWLEDGE, now);
        let told = |block: &Vec<u8>| PanelCommand::BlockAcknowledged { line, block: block.clone() };
        assert_eq!(commands(&mut panel), [told(&account), PanelCommand::Send(event.clone())]);
        panel.handle_bytes(&REJECT, now);
        assert_eq!(commands(&mut panel), [PanelCommand::Send(event.clone())], "damaged: at once again");
        for sent in [true, true, false] {
            let now = panel.poll_timeout().unwrap();
            panel.handle_timeout(now);
            let next = if sent { PanelCommand::Send(event.clone()) } else { PanelCommand::LinkFailed };
            assert_eq!(commands(&mut panel), [next]);
        }
        let now = panel.poll_timeout().unwrap();
        panel.handle_timeout(now);
        assert_eq!(commands(&mut panel), [PanelCommand::Send(account.clone())]);
        panel.handle_bytes(&ACKNOWLEDGE, now);
        let again = [PanelCommand::LinkRestored, told(&account), PanelCommand::Send(event.clone())];
        assert_eq!(commands(&mut panel), again);
        panel.handle_bytes(&[ACKNOWLEDGE, ACKNOWLEDGE].concat(), now);
        assert_eq!(commands(&mut panel), [told(&event), PanelCommand::Acknowledged { line, attempts: 4 }]);
        assert_eq!((panel.counts().unasked, panel.held()), (1, 0));
    }
}
