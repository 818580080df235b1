//! The instruments of one line, made once and at zero from the start.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use metrics::{Counter, Gauge, Histogram};
use telecare_protocol::{Counted, Delivery, Message, Protocol, RepeatProof};
use telecare_queue::{Link, Queue};

use super::Cause;
use crate::metrics as instruments;

/// What happens to everybody in a flood is said so often.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// What an acknowledgement waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitedFor {
    /// A sign of life: nothing is stored.
    Nothing,
    /// The journal alone.
    Journal,
    /// The database's commit as well, or alone with the journal down.
    Database,
}

impl WaitedFor {
    /// The name used in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            WaitedFor::Nothing => "nowhere",
            WaitedFor::Journal => "journal",
            WaitedFor::Database => "database",
        }
    }

    /// What an answer of this age waited for.
    pub fn by(queue: &Queue, is_report: bool, age: Duration) -> WaitedFor {
        if is_report { WaitedFor::of(queue, age) } else { WaitedFor::Nothing }
    }

    /// What a report found stored at an age had waited for: the queue gives the commit a fixed time and then
    /// answers by the journal.
    pub fn of(queue: &Queue, age: Duration) -> WaitedFor {
        let board = queue.board();
        let board = board.borrow();
        let in_time = age < queue.ack_wait() || !board.journal_ok;
        if board.link == Link::Connected && in_time { WaitedFor::Database } else { WaitedFor::Journal }
    }
}

/// The instruments of one line.
pub struct LineMeters {
    line: String,
    /// Whether its port or peer is there.
    pub up: Gauge,
    /// Connections that ended without a byte.
    pub empty_connections: Counter,
    /// Connections turned away because as many as allowed were there.
    pub turned_away: Counter,
    /// Bytes outside any frame.
    junk_bytes: Counter,
    /// Answers not sent because the sender had stopped waiting.
    late_answers: Counter,
    /// Messages that could not leave.
    pub unsent: Counter,
    /// Positive answers written.
    acknowledged: Counter,
    /// Deliveries that nothing could store.
    pub refused: Counter,
    /// Signs of life heard.
    signs_of_life: Counter,
    /// Reports heard.
    reports: Counter,
    protocol: Protocol,
    /// Reports whose sender may be repeating itself.
    possible_repeats: Counter,
    /// Times the line's task was started again after a panic.
    pub restarts: Counter,
    connections: Gauge,
    turned_away_said: Mutex<Option<Instant>>,
    last_byte: Gauge,
    last_sign_of_life: Gauge,
    /// How long the sender waits for an answer, and how much of that was used; where it is known.
    deadline: Option<(Duration, Histogram)>,
    decoded_seconds: Histogram,
    answered_seconds: Histogram,
    by_journal_seconds: Histogram,
    by_database_seconds: Histogram,
}

impl LineMeters {
    /// The instruments of a line, all at zero.
    pub fn new(line: &str, protocol: Protocol) -> LineMeters {
        let line = line.to_owned();
        for reason in instruments::bad_frame_reasons(protocol) {
            instruments::bad_frames(&line, protocol, reason).increment(0);
        }
        instruments::repeats(&line).increment(0);
        for cause in Cause::ALL {
            instruments::lost(&line, cause).increment(0);
        }
        LineMeters {
            up: instruments::up(&line),
            connections: instruments::connections(&line),
            turned_away_said: Mutex::new(None),
            empty_connections: instruments::empty_connections(&line),
            turned_away: instruments::turned_away(&line),
            junk_bytes: instruments::junk_bytes(&line),
            late_answers: instruments::late_answers(&line),
            unsent: instruments::unsent(&line),
            acknowledged: instruments::acknowledged(&line),
            refused: instruments::refused(&line),
            signs_of_life: instruments::signs_of_life(&line),
            reports: instruments::reports(&line, protocol),
            possible_repeats: instruments::possible_repeats(&line),
            restarts: instruments::restarts(&line),
            last_byte: instruments::last_byte(&line),
            last_sign_of_life: instruments::last_sign_of_life(&line),
            deadline: None,
            decoded_seconds: instruments::stage_seconds("decoded"),
            answered_seconds: instruments::stage_seconds("answered"),
            by_journal_seconds: instruments::acknowledgement_seconds("journal"),
            by_database_seconds: instruments::acknowledgement_seconds("database"),
            protocol,
            line,
        }
    }

    /// As they are, with the time its sender waits for an answer.
    pub fn within(mut self, deadline: Option<Duration>) -> LineMeters {
        self.deadline = deadline.map(|deadline| (deadline, instruments::deadline_used(&self.line)));
        self
    }

    /// So many peers are connected to a listening line.
    pub fn connections(&self, connected: usize) {
        self.connections.set(instruments::count(connected));
    }

    /// Whether it is time to say again that somebody was turned away.
    pub fn says_turned_away(&self) -> bool {
        let mut said = self.turned_away_said.lock().unwrap_or_else(PoisonError::into_inner);
        let due = said.is_none_or(|said| said.elapsed() >= SAID_EVERY);
        if due {
            *said = Some(Instant::now());
        }
        due
    }

    /// A byte came.
    pub fn byte_came(&self) {
        self.last_byte.set(unix_time());
    }

    /// The session counted something.
    pub fn counted(&self, counted: Counted) {
        match counted {
            Counted::JunkBytes(bytes) => self.junk_bytes.increment(bytes),
            Counted::BadFrame(reason) => instruments::bad_frames(&self.line, self.protocol, reason).increment(1),
            Counted::LateAnswer => self.late_answers.increment(1),
            Counted::PossibleRepeat => self.possible_repeats.increment(1),
        }
    }

    /// The session delivered something.
    pub fn delivered(&self, delivery: &Delivery) {
        match &delivery.message {
            Message::Report(_) => {
                self.reports.increment(1);
                self.decoded_seconds.record(delivery.last_byte.elapsed().as_secs_f64());
            }
            Message::SignOfLife(_) => {
                self.signs_of_life.increment(1);
                self.last_sign_of_life.set(unix_time());
            }
        }
        if delivery.repeat != RepeatProof::None {
            self.possible_repeats.increment(1);
        }
    }

    /// The port or peer went away.
    pub fn lost(&self, cause: Cause) {
        instruments::lost(&self.line, cause).increment(1);
    }

    /// A positive answer was written, this long after the last byte of what it answers.
    pub fn answered_after(&self, duration: Duration, waited_for: WaitedFor) {
        self.acknowledged.increment(1);
        let stored = match waited_for {
            WaitedFor::Nothing => return,
            WaitedFor::Journal => &self.by_journal_seconds,
            WaitedFor::Database => &self.by_database_seconds,
        };
        self.answered_seconds.record(duration.as_secs_f64());
        if let Some((deadline, used)) = &self.deadline {
            used.record(duration.as_secs_f64() / deadline.as_secs_f64());
        }
        stored.record(duration.as_secs_f64());
    }
}

fn unix_time() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
