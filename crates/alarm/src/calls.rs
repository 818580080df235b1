//! The calls that a card's signals came in: which are over, and which rang off before anyone answered.
//!
//! What is kept of a call is a few extremes, so that any order of its signals, its end and an operator's claim
//! gives the same: when it first rang, when somebody first answered for the card after that, when it ended.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::escalation::micros;
use crate::{Alarm, CallId, LineId, ReceiverId, Refusal, Signal};

/// Calls a card remembers: the latest. A ninth forgets the earliest.
pub const CALLS_KEPT: usize = 8;

/// The end of a call of which nobody knows how it ended: its line broke, or its receiver stopped.
pub const LOST: &str = "lost";

/// A call on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardCall {
    /// Its id.
    pub id: CallId,
    /// The line it is on.
    pub line: LineId,
    /// The receiver that answered it.
    pub receiver: ReceiverId,
    /// Last byte of its first signal that wanted an answer; none when equipment alone called.
    pub rang_at: Option<OffsetDateTime>,
    /// When somebody first claimed or saw the card after that.
    pub answered_at: Option<OffsetDateTime>,
    /// That it is over.
    pub ended: Option<CardCallEnd>,
    /// Whether the card went up because nobody had answered.
    pub told: bool,
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardCallEnd {
    /// When.
    pub at: OffsetDateTime,
    /// How, by the name of the protocol's end, or [`LOST`].
    pub how: Arc<str>,
}

impl CardCall {
    /// Whether it rang off before anyone answered.
    pub fn is_missed(&self) -> bool {
        let Some(end) = self.ended.as_ref().filter(|_| self.rang_at.is_some()) else { return false };
        self.answered_at.is_none_or(|answered| answered > end.at)
    }
}

impl Alarm {
    /// The call that a signal came in.
    pub(crate) fn note_call(&mut self, signal: &Signal) {
        let Some(id) = signal.call else { return };
        let place = match self.calls.binary_search_by_key(&id, |call| call.id) {
            Ok(place) => place,
            Err(place) => {
                let (line, receiver) = (signal.line.clone(), signal.receiver.clone());
                let call = CardCall { id, line, receiver, rang_at: None, answered_at: None, ended: None, told: false };
                self.calls.insert(place, call);
                place
            }
        };
        if let Some(call) = self.calls.get_mut(place).filter(|_| signal.rings()) {
            let at = signal.stamps.last_byte;
            call.rang_at = Some(call.rang_at.map_or(at, |known| known.min(at)));
        }
        let surplus = self.calls.len().saturating_sub(CALLS_KEPT);
        self.calls.drain(..surplus);
    }

    /// Somebody has claimed or seen whatever rang by an instant.
    pub(crate) fn answer_calls(&mut self, at: OffsetDateTime) {
        for call in self.calls.iter_mut().filter(|call| call.rang_at.is_some_and(|rang| rang <= at)) {
            call.answered_at = Some(call.answered_at.map_or(at, |known| known.min(at)));
        }
    }

    /// A call is over. The first end counts.
    pub(crate) fn end_call(&mut self, id: CallId, at: OffsetDateTime, how: &str) -> Result<(), Refusal> {
        let call = self.calls.iter_mut().find(|call| call.id == id).filter(|call| call.ended.is_none());
        let call = call.ok_or(Refusal::NotDue)?;
        call.ended = Some(CardCallEnd { at, how: how.into() });
        Ok(())
    }

    /// When the earliest call ended that nobody answered and that has not been told of.
    pub(crate) fn missed_call(&self) -> Option<OffsetDateTime> {
        let missed = self.calls.iter().filter(|call| call.is_missed() && !call.told);
        missed.filter_map(|call| call.ended.as_ref()).map(|end| micros(end.at)).min()
    }

    /// The card goes up for the calls that were missed at an instant.
    pub(crate) fn tell_missed_call(&mut self, due: OffsetDateTime) {
        let is_of_then = |end: &CardCallEnd| micros(end.at) == due;
        for call in self.calls.iter_mut().filter(|call| call.ended.as_ref().is_some_and(is_of_then)) {
            call.told = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use telecare_protocol::Trigger;
    use telecare_protocol::report::Status;

    use super::*;
    use crate::testing::{action, actor, at, card, in_call, signal};
    use crate::{Act, Action};

    fn press(id: u128, seconds: i64, call: u128) -> Signal {
        in_call(signal(id, seconds, Trigger::Pendant, Status::Active), call)
    }

    fn ended(alarm: &Alarm, call: u128, seconds: i64) -> Action {
        let act = Act::CallEnded { call: in_call_id(call), at: at(seconds), how: "remote-hangup".to_owned() };
        action(alarm.id, seconds, &actor("(receiver)", "redditch-1"), act)
    }

    fn in_call_id(call: u128) -> CallId {
        CallId(uuid::Uuid::from_u128(call))
    }

    fn claimed(alarm: &Alarm, seconds: i64) -> Action {
        action(alarm.id, seconds, &actor("Ann", "desk 1"), Act::Claim { lease: Duration::from_secs(600) })
    }

    #[test]
    fn it_is_missed_unless_somebody_claimed_or_saw_it_in_time() {
        // Claimed at, seen at, ended at: missed?
        let table = [
            (None, None, 30, true),
            (Some(20), None, 30, false),
            (Some(30), None, 30, false),
            (Some(40), None, 30, true),
            (Some(-5), None, 30, true),
            (Some(-5), Some(20), 30, false),
            (Some(-5), Some(40), 30, true),
        ];
        for (claims, sees, ends, missed) in table {
            let mut alarm = card(&[signal(9, -10, Trigger::Pendant, Status::Active)]);
            if let Some(early) = claims.filter(|seconds| *seconds < 0) {
                alarm.act(&claimed(&alarm, early)).expect("it waits");
            }
            alarm.attach(&press(1, 0, 1));
            let shown = alarm.last_signal;
            let mut acts = vec![ended(&alarm, 1, ends)];
            acts.extend(claims.filter(|seconds| *seconds > 0).map(|seconds| claimed(&alarm, seconds)));
            acts.extend(sees.map(|seconds| action(alarm.id, seconds, &actor("Ann", "desk 1"), Act::Seen { shown })));
            acts.sort_by_key(|act| act.at);
            acts.iter().for_each(|act| alarm.act(act).expect("it can be done"));
            assert_eq!(alarm.calls[0].is_missed(), missed, "{claims:?} {sees:?} {ends}");
            assert_eq!(alarm.missed_call(), missed.then_some(at(ends)));
        }
    }

    #[test]
    fn a_call_of_equipment_is_not_missed_until_a_person_is_on_it() {
        let mut alarm = card(&[in_call(signal(1, 0, Trigger::Battery, Status::Active), 1)]);
        alarm.act(&ended(&alarm, 1, 30)).expect("it was on the line");
        assert_eq!(alarm.missed_call(), None);
        // A press of that call that was stored only after it had ended.
        alarm.attach(&press(2, 10, 1));
        assert_eq!(alarm.missed_call(), Some(at(30)));
        alarm.tell_missed_call(at(30));
        assert_eq!(alarm.missed_call(), None);
        assert!(alarm.calls[0].is_missed(), "told, and still missed");
    }

    #[test]
    fn whoever_answered_its_first_press_has_answered_the_call() {
        let mut alarm = card(&[press(1, 0, 1)]);
        alarm.act(&claimed(&alarm, 10)).expect("it waits");
        for (id, seconds) in [(2, 20), (3, 5)] {
            alarm.attach(&press(id, seconds, 1));
            let call = &alarm.calls[0];
            assert_eq!((call.rang_at, call.answered_at), (Some(at(0)), Some(at(10))));
        }
        alarm.act(&ended(&alarm, 1, 30)).expect("it was on the line");
        assert!(!alarm.calls[0].is_missed());
        // The later press was not looked at: that is the ring's business.
        assert!(alarm.ring.is_some());
    }

    #[test]
    fn a_call_ends_once_and_only_on_its_card() {
        let mut alarm = card(&[press(1, 0, 1)]);
        assert_eq!(alarm.act(&ended(&alarm, 2, 30)), Err(Refusal::NotDue));
        alarm.act(&ended(&alarm, 1, 30)).expect("it was on the line");
        assert_eq!(alarm.act(&ended(&alarm, 1, 40)), Err(Refusal::NotDue));
        assert_eq!(alarm.calls[0].ended.as_ref().map(|end| (end.at, &*end.how)), Some((at(30), "remote-hangup")));
    }

    proptest! {
        #[test]
        fn the_latest_calls_stay_in_any_order(
            calls in Just((0..12u128).collect::<Vec<_>>()).prop_shuffle(), kept in 1..12usize,
        ) {
            let signals: Vec<_> = calls.iter().take(kept).map(|call| press(call + 1, 0, *call)).collect();
            let mut expected: Vec<u128> = calls.into_iter().take(kept).collect();
            expected.sort_unstable();
            let expected: Vec<_> = expected.into_iter().map(in_call_id).collect();
            let alarm = card(&signals);
            let ids: Vec<_> = alarm.calls.iter().map(|call| call.id).collect();
            prop_assert_eq!(&ids[..], &expected[expected.len().saturating_sub(CALLS_KEPT)..]);
        }

        #[test]
        fn no_order_of_presses_end_and_claim_changes_what_was_missed(
            presses in prop::collection::vec((0..50i64, any::<bool>()), 1..5),
            claims in 51..100i64, ends in 51..100i64, end_first in any::<bool>(),
        ) {
            let of = |((seconds, rings), id): (&(i64, bool), u128)| {
                let trigger = if *rings { Trigger::Pendant } else { Trigger::Battery };
                in_call(signal(id, *seconds, trigger, Status::Active), 1)
            };
            let signals: Vec<_> = presses.iter().zip(1..).map(of).collect();
            let mut alarm = card(&signals);
            let mut acts = [ended(&alarm, 1, ends), claimed(&alarm, claims)];
            if !end_first {
                acts.reverse();
            }
            acts.iter().for_each(|act| alarm.act(act).expect("it can be done"));
            let rang = presses.iter().any(|(_, rings)| *rings);
            prop_assert_eq!(alarm.missed_call(), (rang && claims > ends).then_some(at(ends)));
        }
    }
}
