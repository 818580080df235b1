//! The alarms of one call, and the acknowledgement that is owed.

use std::time::{Duration, Instant};

use crate::Token;
use crate::bs8521::Run;
use crate::bs8521::frame::DATA_DIGITS;
use crate::call;

/// Digits of a frame that are the local unit's record too: R E L P S, after C D TT G.
const RECORD_AT: usize = 12;

/// The alarms of one call; [`call::DELIVERIES_MAX`] bounds them.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    known: Vec<Known>,
}

#[derive(Debug)]
pub(super) struct Known {
    pub(super) token: Token,
    /// The 24 digits of a frame; none for a record.
    data: Option<Vec<u8>>,
    /// The 12 digits by which a scheme tells of it.
    record: Vec<u8>,
    /// When its last copy ended.
    last: Instant,
    /// Its speech was ended: the same record later is a new press.
    cleared: bool,
    /// A copy that came before the store had spoken.
    pub(super) copy: Option<call::Frame>,
}

impl Alarms {
    pub(super) fn add_frame(&mut self, token: Token, body: &[u8], ended: Instant) {
        let data = body.get(..DATA_DIGITS).unwrap_or(body);
        let record = data.get(RECORD_AT..).unwrap_or_default().to_vec();
        self.known.push(Known { token, data: Some(data.to_vec()), record, last: ended, cleared: false, copy: None });
    }

    pub(super) fn add_record(&mut self, token: Token, body: &[u8], ended: Instant) {
        self.known.push(Known { token, data: None, record: body.to_vec(), last: ended, cleared: false, copy: None });
    }

    /// The alarm that a frame is a copy of: the same data, within the sender's retry time of the last copy.
    pub(super) fn of_frame(&mut self, body: &[u8], run: &Run, window: Duration) -> Option<&mut Known> {
        let data = body.get(..DATA_DIGITS);
        let known = self.known.iter_mut().rev().find(|known| known.data.as_deref() == data)?;
        let is_copy = run.began.saturating_duration_since(known.last) <= window;
        known.last = known.last.max(run.ended);
        is_copy.then_some(known)
    }

    /// The alarm that a record tells of: the same digits, until the call with that unit was ended.
    pub(super) fn of_record(&mut self, body: &[u8]) -> Option<&mut Known> {
        self.known.iter_mut().rev().find(|known| !known.cleared && known.record == body)
    }

    pub(super) fn of_token(&mut self, token: Token) -> Option<&mut Known> {
        self.known.iter_mut().find(|known| known.token == token)
    }

    pub(super) fn is_any(&self) -> bool {
        !self.known.is_empty()
    }

    pub(super) fn is_any_stored(&self, book: &call::Book) -> bool {
        self.known.iter().any(|known| book.stored(known.token).is_some())
    }

    /// The speech with a unit was ended.
    pub(super) fn clear(&mut self, local_unit: &str) {
        for known in self.known.iter_mut().filter(|known| known.record.starts_with(local_unit.as_bytes())) {
            known.cleared = true;
        }
    }
}

/// An acknowledgement that is owed for the copy that came last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owing {
    pub(super) token: Token,
    /// The unit waits no longer.
    pub(super) until: Instant,
}
