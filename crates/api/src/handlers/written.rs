//! A list as it goes out: what stands before its cards, and its cards, whose bytes it shares with every other list that
//! shows them the same. It is put together as it leaves, so a console that takes it slowly holds a frame, and a pointer
//! for each card.

use std::convert::Infallible;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use time::OffsetDateTime;

use crate::shapes::AlarmShape;

/// The one part of a card that every second changes; as a text it can stand nowhere else, because quotes in texts are
/// escaped.
const AGE: &str = "\"age_s\":";
/// Room of a frame, bytes: what a console that takes its list slowly holds.
const FRAME: usize = 32 << 10;
/// Bytes at which no further card is put into a frame; all but the longest still have room then.
const FRAME_FULL: usize = FRAME - (4 << 10);
/// What stands between the open cards and the closed ones.
const CLOSED: &str = "],\"closed\":[";
/// What stands after the closed ones.
const END: &str = "]}";

/// A card as JSON without its age.
#[derive(Debug)]
pub struct Card {
    json: Box<str>,
    /// Where its age is left out.
    age_place: usize,
    opened_at: OffsetDateTime,
}

/// A list as it is seen at an instant.
#[derive(Debug)]
pub struct Written {
    now: OffsetDateTime,
    head: Vec<u8>,
    /// The open ones, then the closed ones.
    cards: Box<[Arc<Card>]>,
    first_closed: usize,
    bytes: usize,
}

/// A list on its way to a console.
#[derive(Debug)]
struct Frames {
    list: Arc<Written>,
    /// What goes next.
    place: usize,
    /// Bytes that have not gone.
    left: usize,
}

impl Card {
    /// Of a card's JSON, and when it was opened.
    pub fn of(json: &str, opened_at: OffsetDateTime) -> Card {
        // Every card says its age.
        let (head, age) = json.split_once(AGE).unwrap_or((json, ""));
        let tail = age.trim_start_matches(|c: char| c.is_ascii_digit());
        Card { json: [head, AGE, tail].concat().into(), age_place: head.len() + AGE.len(), opened_at }
    }

    fn bytes(&self, now: OffsetDateTime) -> usize {
        let digits = AlarmShape::age_s(self.opened_at, now).checked_ilog10().unwrap_or(0) + 1;
        self.json.len() + digits as usize
    }

    fn write(&self, now: OffsetDateTime, into: &mut Vec<u8>) {
        let (head, tail) = self.json.split_at(self.age_place);
        into.extend_from_slice(head.as_bytes());
        // Writing to memory cannot fail.
        let _ = write!(into, "{}", AlarmShape::age_s(self.opened_at, now));
        into.extend_from_slice(tail.as_bytes());
    }
}

impl Written {
    /// Of what stands before the cards, and the open and the closed ones in their order.
    pub fn of(mut head: Vec<u8>, open: Vec<Arc<Card>>, closed: Vec<Arc<Card>>, now: OffsetDateTime) -> Written {
        head.extend_from_slice(b"\"alarms\":[");
        let commas = open.len().saturating_sub(1) + closed.len().saturating_sub(1);
        let cards: usize = open.iter().chain(&closed).map(|card| card.bytes(now)).sum();
        let bytes = head.len() + commas + cards + CLOSED.len() + END.len();
        let (first_closed, mut cards) = (open.len(), open);
        cards.extend(closed);
        Written { now, head, cards: cards.into(), first_closed, bytes }
    }

    /// The list as a body.
    pub fn body(list: &Arc<Written>) -> Body {
        Body::new(Frames { list: Arc::clone(list), place: 0, left: list.bytes })
    }

    /// How long it is.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The list in one piece.
    pub fn whole(&self) -> Bytes {
        let mut whole = Vec::with_capacity(self.bytes);
        for place in 0..=self.cards.len() {
            self.write(place, &mut whole);
        }
        whole.into()
    }

    /// Writes what stands at a place: a card with what is before it, or after the last one the end.
    fn write(&self, place: usize, into: &mut Vec<u8>) {
        if place == 0 {
            into.extend_from_slice(&self.head);
        }
        if place == self.first_closed {
            into.extend_from_slice(CLOSED.as_bytes());
        } else if place > 0 && place < self.cards.len() {
            into.push(b',');
        }
        match self.cards.get(place) {
            Some(card) => card.write(self.now, into),
            None => into.extend_from_slice(END.as_bytes()),
        }
    }
}

impl Frames {
    /// The next frame, with cards until it holds so many bytes; an empty one after the last.
    fn next(&mut self, full: usize) -> Vec<u8> {
        let mut frame = Vec::with_capacity(FRAME.min(self.left));
        while self.left > frame.len() && frame.len() < full {
            self.list.write(self.place, &mut frame);
            self.place += 1;
        }
        self.left = self.left.saturating_sub(frame.len());
        frame
    }
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = self.next(FRAME_FULL);
        Poll::Ready((!frame.is_empty()).then(|| Ok(Frame::data(frame.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use telecare_alarm::{Alarm, UnitKey};
    use telecare_queue::{Board, Link};

    use super::*;
    use crate::handlers::cards::Cards;
    use crate::shapes::samples::{CLAIMED_AT, board_of, claimed_alarm, settings, waiting_alarm};
    use crate::shapes::{ListShape, Sight};

    /// What is taken of a list in frames that are full at so many bytes.
    pub fn taken(list: &Arc<Written>, full: usize) -> String {
        let mut frames = Frames { list: Arc::clone(list), place: 0, left: list.bytes };
        let mut all = Vec::new();
        while !frames.is_end_stream() {
            let frame = frames.next(full);
            assert!(!frame.is_empty(), "{} bytes are missing", frames.left);
            all.extend(frame);
        }
        assert!(frames.next(full).is_empty());
        String::from_utf8(all).unwrap()
    }

    /// A board as serde writes its whole shape.
    pub fn whole(board: &Board, cursor: &str, now: OffsetDateTime) -> String {
        let sight = Sight::of(board, now);
        let (shape, listed) = ListShape::of(board, cursor, &sight, true, &settings());
        let cards = |alarms: Vec<&Arc<Alarm>>| {
            let shapes: Vec<_> = alarms.into_iter().map(|alarm| AlarmShape::of(alarm, &sight)).collect();
            serde_json::to_string(&shapes).unwrap()
        };
        let without = serde_json::to_string(&shape).unwrap();
        let (head, _) = without.rsplit_once("\"alarms\":[]").unwrap();
        format!("{head}\"alarms\":{},\"closed\":{}}}", cards(listed), cards(board.closed.iter().collect()))
    }

    /// None, or some that are waiting, claimed, or claimed and pressed again, with words of any length, of any age.
    fn alarms(most: usize) -> impl Strategy<Value = Vec<Arc<Alarm>>> {
        let words = prop_oneof![0..9_usize, 0..40_000_usize];
        let earlier_s = prop_oneof![0..30_u64, 0..9_000_000_u64];
        let some = proptest::collection::vec((0..3_u8, words, earlier_s), 0..most);
        prop_oneof![1 => Just(Vec::new()), 4 => some].prop_map(|all| {
            let alarm = |(n, (kind, words, earlier_s)): (usize, (u8, usize, u64))| {
                let mut alarm = if kind == 0 { waiting_alarm(n as u128) } else { claimed_alarm(n as u128) };
                alarm.unit = UnitKey { words: "\"é".repeat(words / 3).into(), ..alarm.unit };
                alarm.opened_at -= Duration::from_secs(earlier_s);
                alarm.ring = if kind == 2 { waiting_alarm(1).ring } else { alarm.ring };
                Arc::new(alarm)
            };
            all.into_iter().enumerate().map(alarm).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_list_is_byte_for_byte_its_whole_shape(
            open in alarms(40), closed in alarms(9), later_s in -40..90_i64, full in 1..200_000_usize
        ) {
            let (open, closed) = (open.into_iter().collect(), closed.into_iter().collect());
            let board = Board { open, closed, ..board_of(vec![], Link::Connected) };
            let now = CLAIMED_AT + time::Duration::seconds(later_s);
            let list = Arc::new(Cards::default().list(&board, "b:1", true, now, &settings()).unwrap());
            let expected = whole(&board, "b:1", now);
            prop_assert_eq!(list.bytes(), expected.len());
            prop_assert_eq!(&list.whole(), expected.as_bytes());
            prop_assert_eq!(taken(&list, full), expected);
        }
    }
}
