//! What sessions delivered and have no answer for yet: from the intake to the instruments and the book of calls, the same
//! for a port, a datagram and a line of digital units.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use telecare_protocol::{Delivery, Message, Token};
use telecare_queue::Answer;
use tokio::sync::Semaphore;

use super::calls::CallBook;
use super::meters::{LineMeters, WaitedFor};
use crate::intake::SessionIntake;

/// The last byte of what an answer is for, and what the answer waited for.
pub type Answering = (Instant, WaitedFor);

/// Deliveries on their way into the store. The session bounds them.
pub struct Ledger {
    intake: SessionIntake,
    meters: Arc<LineMeters>,
    /// The last byte of each, and whether it is a report.
    owed: HashMap<Token, (Instant, bool)>,
    /// Of what was answered just before the commands that run next.
    answering: Option<Answering>,
}

impl Ledger {
    /// With nothing in it.
    pub fn new(intake: SessionIntake, meters: Arc<LineMeters>) -> Ledger {
        Ledger { intake, meters, owed: HashMap::new(), answering: None }
    }

    /// Whether answers are under way.
    pub fn owes(&self) -> bool {
        self.intake.owes()
    }

    /// The next answer of the store. Waits for ever when none is under way. Cancel safe.
    pub async fn answered(&mut self) -> (Token, Answer) {
        self.intake.answered().await
    }

    /// Takes a delivery through its session's gate.
    pub fn deliver(&mut self, delivery: Delivery, book: &mut CallBook) {
        self.began(&delivery, book);
        let token = delivery.token;
        if let Some(taken) = self.intake.take(delivery) {
            book.signal(token, taken.signal);
        }
    }

    /// Takes a delivery through a gate of its sender's, where many speak in one session.
    pub fn deliver_through(&mut self, delivery: Delivery, gate: Option<Arc<Semaphore>>, book: &mut CallBook) {
        self.began(&delivery, book);
        let token = delivery.token;
        if let Some(taken) = self.intake.take_through(delivery, gate) {
            book.signal(token, taken.signal);
        }
    }

    fn began(&mut self, delivery: &Delivery, book: &mut CallBook) {
        self.meters.delivered(delivery);
        let is_report = matches!(delivery.message, Message::Report(_));
        self.owed.insert(delivery.token, (delivery.last_byte, is_report));
        book.delivered(delivery);
    }

    /// Takes the store's answer; whether the session may answer positively.
    pub fn answer(&mut self, token: Token, answer: Answer, now: Instant, book: Option<&mut CallBook>) -> bool {
        let owed = self.owed.remove(&token);
        if let Some(book) = book {
            book.stored(token, answer);
        }
        match answer {
            Answer::Stored | Answer::Repeat => {
                self.answering = owed.map(|(last_byte, is_report)| {
                    let age = now.saturating_duration_since(last_byte);
                    (last_byte, WaitedFor::by(self.intake.queue(), is_report, age))
                });
                true
            }
            Answer::Refused => {
                self.meters.refused.increment(1);
                false
            }
        }
    }

    /// What was answered just before the commands that run next. Once.
    pub fn take_answering(&mut self) -> Option<Answering> {
        self.answering.take()
    }

    /// Writes a conversation's calls down once the store has said its word on all of them.
    pub async fn write_down(mut self, mut book: CallBook) {
        while self.owes() {
            let (token, answer) = self.answered().await;
            book.stored(token, answer);
        }
        book.end();
    }
}
