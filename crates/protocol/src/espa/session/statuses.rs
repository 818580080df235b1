//! Our own turn: statuses, for who has asked for them.
//!
//! A status request (header 3) is answered once we are polled: a stored call that nobody has cancelled is "in queue"
//! (record 7 = 2). Of a call that we do not know nothing is said: the document has no value for it.

use std::time::Instant;

use super::{Session, Turn};
use crate::espa::master::{Master, Step};
use crate::espa::{Block, ENQ, EOT, Role, encode};

/// Statuses that wait at most; the oldest is forgotten first, and its asker asks again.
const STATUSES_MAX: usize = 16;
/// Call status: in queue (A).
const IN_QUEUE: &str = "2";

impl Session {
    /// Somebody asks for the status of a call.
    pub(super) fn asked(&mut self, address: &str, message: &str) {
        if !self.calls.is_stored(address, message) {
            return;
        }
        if self.statuses.len() >= STATUSES_MAX {
            self.statuses.pop_front();
        }
        self.statuses.push_back(encode(&Block::new('2', &[("1", address), ("7", IN_QUEUE)])));
    }

    /// Takes the line to send a status.
    pub(super) fn begin_turn(&mut self, block: Vec<u8>, now: Instant) {
        let opening = match &self.settings.role {
            Role::Station { control, .. } => vec![*control, ENQ],
            // The control station polls itself first.
            Role::Control { stations } => {
                let station = stations.first().copied().unwrap_or(self.settings.address);
                vec![self.settings.address, ENQ, station, ENQ]
            }
        };
        let timing = &self.settings.timing;
        let (master, bytes) = Master::begin(opening, block, timing.attempts, timing.reply_wait, now);
        self.turn = Turn::Ours(master);
        self.send(bytes);
    }

    /// ACK came, or NAK with what stood before it. It means something in our own turn alone.
    pub(super) fn master_answer(&mut self, negative: Option<Option<u8>>, now: Instant) {
        let Turn::Ours(master) = &mut self.turn else { return };
        let step = match negative {
            None => master.positive(now),
            Some(reason) => master.negative(reason, now),
        };
        self.heard(now);
        self.master_step(step, now);
    }

    pub(super) fn master_step(&mut self, step: Step, now: Instant) {
        match step {
            Step::Send(bytes) => self.send(bytes),
            // Not taken now: it is old news by the next poll, and its asker asks again.
            Step::GivenUp(bytes) => {
                self.statuses.pop_front();
                self.send(bytes);
                self.idle();
            }
            Step::Done(_) | Step::Invalid => {
                self.statuses.pop_front();
                match (self.statuses.front().cloned(), &mut self.turn) {
                    (Some(block), Turn::Ours(master)) => {
                        let bytes = master.next(block, now);
                        self.send(bytes);
                    }
                    _ => {
                        self.send(vec![EOT]);
                        self.idle();
                    }
                }
            }
        }
    }
}
