//! The control station's rounds: each station is polled in turn; who is not there is not waited for.

use std::time::{Duration, Instant};

use super::{Session, Turn};
use crate::espa::{ENQ, EOT};
use crate::session::after;

/// The stations, and when each was heard.
#[derive(Debug)]
pub(super) struct Rounds {
    stations: Vec<(u8, Instant)>,
    /// The next in this round.
    next: usize,
    /// When the next poll is due.
    due: Instant,
}

impl Rounds {
    pub(super) fn new(stations: &[u8], now: Instant) -> Rounds {
        Rounds { stations: stations.iter().map(|station| (*station, now)).collect(), next: 0, due: now }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Since when the one that has been silent longest has been.
    pub(super) fn longest_silent(&self) -> Instant {
        self.stations.iter().map(|(_, heard)| *heard).min().unwrap_or(self.due)
    }

    /// The stations that have been silent for so long, as text.
    pub(super) fn silent(&self, silence: Duration, now: Instant) -> String {
        let silent = self.stations.iter().filter(|(_, heard)| now >= after(*heard, silence));
        let digits: Vec<String> = silent.map(|(station, _)| char::from(*station).to_string()).collect();
        digits.join(", ")
    }
}

impl Session {
    /// Polls the next station; after the last one the round rests.
    pub(super) fn poll_next(&mut self, now: Instant) {
        let (every, until) = (self.settings.timing.poll_every, after(now, self.settings.timing.reply_wait));
        let Some(rounds) = &mut self.rounds else { return };
        let Some((station, _)) = rounds.stations.get(rounds.next).copied() else {
            rounds.next = 0;
            rounds.due = after(now, every);
            return;
        };
        rounds.next = rounds.next.saturating_add(1);
        rounds.due = now;
        if rounds.next >= rounds.stations.len() {
            rounds.next = 0;
            rounds.due = after(now, every);
        }
        if let Some(block) = self.statuses.front().cloned() {
            self.begin_turn(block, now);
            return;
        }
        self.turn = Turn::Polling { station, until };
        self.send(vec![station, ENQ]);
    }

    /// The station has answered its poll.
    pub(super) fn is_there(&mut self, station: u8, now: Instant) {
        let Some(rounds) = &mut self.rounds else { return };
        rounds.stations.iter_mut().filter(|(known, _)| *known == station).for_each(|(_, heard)| *heard = now);
    }

    /// No answer to a poll: the line is taken back.
    pub(super) fn not_there(&mut self, now: Instant) {
        self.send(vec![EOT]);
        self.idle();
        if self.rounds.as_ref().is_some_and(|rounds| now >= rounds.due()) {
            self.poll_next(now);
        }
    }
}
