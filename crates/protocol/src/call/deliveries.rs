//! The deliveries of one call: what became of each in the store, and of the acknowledgement it is owed.

use super::bounds::DELIVERIES_MAX;
use crate::{Answered, Delivery, Token};

/// Witness that a delivery is stored. Nothing but [`super::Book::stored`] gives one, nothing but one acknowledges.
#[derive(Debug)]
pub struct Stored(Token);

impl Stored {
    /// The delivery.
    pub fn token(&self) -> Token {
        self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Stored,
    Refused,
    /// Offered again under another token.
    Again,
}

#[derive(Debug)]
struct Owed {
    token: Token,
    state: State,
    /// Kept until it is stored.
    delivery: Option<Box<Delivery>>,
    left: Option<Answered>,
    late: bool,
}

#[derive(Debug, Default)]
pub(super) struct Deliveries {
    next: u64,
    owed: Vec<Owed>,
}

impl Deliveries {
    /// A token that no other delivery of the call has.
    pub(super) fn token(&mut self) -> Token {
        let token = Token(self.next);
        self.next = self.next.saturating_add(1);
        token
    }

    pub(super) fn is_full(&self) -> bool {
        self.owed.len() >= DELIVERIES_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.owed.is_empty()
    }

    /// Remembers what was handed to the intake.
    pub(super) fn offered(&mut self, delivery: &Delivery) {
        let kept = Some(Box::new(delivery.clone()));
        self.owed.push(Owed { token: delivery.token, state: State::Waiting, delivery: kept, left: None, late: false });
    }

    /// The store has spoken; false if the delivery is not one that waits.
    pub(super) fn settle(&mut self, token: Token, is_stored: bool) -> bool {
        let Some(owed) = self.find(token).filter(|owed| owed.state == State::Waiting) else { return false };
        if is_stored {
            owed.state = State::Stored;
            owed.delivery = None;
        } else {
            owed.state = State::Refused;
        }
        true
    }

    pub(super) fn stored(&self, token: Token) -> Option<Stored> {
        let is_stored = self.owed.iter().any(|owed| owed.token == token && owed.state == State::Stored);
        is_stored.then_some(Stored(token))
    }

    pub(super) fn is_refused(&self, token: Token) -> bool {
        self.owed.iter().any(|owed| owed.token == token && owed.state == State::Refused)
    }

    /// Takes a refused delivery out, to be offered again.
    pub(super) fn take_refused(&mut self, token: Token) -> Option<Box<Delivery>> {
        let owed = self.find(token).filter(|owed| owed.state == State::Refused)?;
        owed.state = State::Again;
        owed.delivery.take()
    }

    /// Takes out all that was refused and not offered again.
    pub(super) fn take_all_refused(&mut self) -> Vec<Delivery> {
        let refused = self.owed.iter_mut().filter(|owed| owed.state == State::Refused);
        refused.filter_map(|owed| owed.delivery.take()).map(|delivery| *delivery).collect()
    }

    /// Its acknowledgement was given; false if that is known.
    pub(super) fn acknowledged(&mut self, token: Token) -> bool {
        let Some(owed) = self.find(token).filter(|owed| owed.left.is_none()) else { return false };
        owed.left = Some(Answered::Positive);
        true
    }

    /// Its acknowledgement came too late; a copy's may still be in time.
    pub(super) fn late(&mut self, token: Token) {
        if let Some(owed) = self.find(token) {
            owed.late = true;
        }
    }

    /// What became of the answers, in order, and whether that was told before.
    pub(super) fn leave(&mut self) -> Vec<(Token, Answered, bool)> {
        let left = |owed: Owed| {
            let answered = owed.left.unwrap_or(if owed.late { Answered::Late } else { Answered::Withheld });
            (owed.token, answered, owed.left.is_some())
        };
        std::mem::take(&mut self.owed).into_iter().map(left).collect()
    }

    fn find(&mut self, token: Token) -> Option<&mut Owed> {
        self.owed.iter_mut().find(|owed| owed.token == token)
    }
}
