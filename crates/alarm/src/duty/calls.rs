//! The calls on this receiver's lines: a card whose call is over is told so, whenever its signals come.
//!
//! Only the receiver that answered a call knows that it is over. A call that a card names and that is not on the lines
//! any more has ended: also one that this receiver had before it was started anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use time::OffsetDateTime;

use super::{Duty, Name};
use crate::calls::LOST;
use crate::escalation::micros;
use crate::{Act, Alarm, CallId};

/// Ends remembered for signals that come after them. A card whose call ended earlier is told that it was lost.
const OVER_KEPT: usize = 1_024;

/// A call that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOver {
    /// Which.
    pub call: CallId,
    /// When it ended.
    pub at: OffsetDateTime,
    /// How, by the name of the protocol's end, or [`LOST`].
    pub how: Arc<str>,
}

impl Duty {
    /// The calls that are on the lines, and those that ended since this was last told.
    pub fn set_calls(&mut self, live: BTreeSet<CallId>, over: Vec<CallOver>) {
        self.live = live;
        for ended in over {
            self.look_at_those(&Name::Call(ended.call), OffsetDateTime::UNIX_EPOCH);
            self.over.push_back(ended);
        }
        let surplus = self.over.len().saturating_sub(OVER_KEPT);
        self.over.drain(..surplus);
    }

    /// The calls of this receiver on a card that nobody has told to be over.
    pub(super) fn calls_on(&self, card: &Alarm) -> impl Iterator<Item = CallId> {
        let is_here = |receiver: &str| *receiver == *self.actor.desk;
        let calls = card.calls.iter().filter(move |call| call.ended.is_none() && is_here(call.receiver.as_str()));
        calls.map(|call| call.id)
    }

    /// Those of them that are over.
    pub(super) fn ended_calls(&self, card: &Alarm) -> impl Iterator<Item = CallId> {
        self.calls_on(card).filter(|call| !self.live.contains(call))
    }

    pub(super) fn call_ended(&self, call: CallId, now: OffsetDateTime) -> Act {
        let known = self.over.iter().rev().find(|over| over.call == call);
        let (at, how) = known.map_or((now, LOST), |over| (over.at, &*over.how));
        Act::CallEnded { call, at: micros(at), how: how.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use telecare_protocol::Trigger;
    use telecare_protocol::report::Status;
    use uuid::Uuid;

    use super::*;
    use crate::duty::rig::Centre;
    use crate::testing::{at, in_call};
    use crate::{AlarmId, ReceiverId, Registry, Signal, Test};

    const CALL: CallId = CallId(Uuid::from_u128(7));

    /// A centre with a call on its line.
    fn on_the_line() -> Centre {
        let mut centre = Centre::new(Registry::default());
        centre.begins(CALL);
        centre
    }

    fn says(centre: &mut Centre, seconds: i64, trigger: Trigger, change: impl FnOnce(&mut Signal)) -> AlarmId {
        let mut said = in_call(centre.said("1234", seconds, trigger, Status::Active), 7);
        change(&mut said);
        centre.keeps(said)
    }

    fn end_of(centre: &Centre, id: AlarmId) -> Option<(OffsetDateTime, &str)> {
        centre.card(id).calls[0].ended.as_ref().map(|end| (end.at, &*end.how))
    }

    #[test]
    fn a_caller_who_rang_off_before_anyone_answered_goes_up_once() {
        let mut centre = on_the_line();
        let press = says(&mut centre, 0, Trigger::Pendant, |_| {});
        centre.until(4);
        assert_eq!(end_of(&centre, press), None);
        centre.hangs_up(CALL, 5);
        assert_eq!(end_of(&centre, press), Some((at(5), "remote-hangup")));
        assert_eq!((centre.card(press).level, centre.escalated(press)), (1, vec!["missed-call".to_owned()]));
        let told = &centre.card(press).escalations[0];
        assert_eq!((told.due, told.deliveries.len()), (at(5), 1));
        centre.restart();
        centre.until(9);
        assert_eq!(centre.escalated(press), ["missed-call"], "once");
    }

    #[test]
    fn a_call_that_was_answered_or_that_nobody_need_answer_does_not() {
        let shadow = |said: &mut Signal| said.shadow = true;
        let of_another = |said: &mut Signal| said.receiver = ReceiverId::new("redditch-2");
        type Change = fn(&mut Signal);
        let table: [(&str, bool, Trigger, Change, bool); 4] = [
            ("claimed", true, Trigger::Pendant, |_| {}, true),
            ("equipment", false, Trigger::Battery, |_| {}, true),
            ("shadow", false, Trigger::Pendant, shadow, true),
            ("another receiver's", false, Trigger::Pendant, of_another, false),
        ];
        for (name, claims, trigger, change, ended) in table {
            let mut centre = on_the_line();
            let alarm = says(&mut centre, 0, trigger, change);
            if claims {
                centre.claims("Ann", alarm, 20);
            }
            centre.hangs_up(CALL, 30);
            assert_eq!(end_of(&centre, alarm).is_some(), ended, "{name}");
            assert!(!centre.escalated(alarm).contains(&"missed-call".to_owned()), "{name}");
        }
    }

    #[test]
    fn on_test_nobody_is_told() {
        let mut centre = on_the_line();
        let scope = "identity:north:surgard:1234".parse().expect("a scope");
        let test = Test { until: at(3_600), engineer: "Eve".to_owned(), reason: "battery".to_owned(), scope };
        centre.says(test.report(), test.unit_key(&Registry::default()));
        let press = says(&mut centre, 10, Trigger::Pendant, |_| {});
        assert!(centre.card(press).marks.test.is_some());
        centre.hangs_up(CALL, 30);
        assert!(end_of(&centre, press).is_some() && centre.escalated(press).is_empty());
    }

    #[test]
    fn a_signal_stored_after_its_call_is_told_of_the_end_and_a_closed_card_too() {
        let mut centre = on_the_line();
        let equipment = says(&mut centre, 0, Trigger::Battery, |_| {});
        centre.claims("Ann", equipment, 5);
        centre.closes("Ann", equipment, 10);
        centre.hangs_up(CALL, 30);
        assert!(end_of(&centre, equipment).is_some());
        let late = says(&mut centre, 31, Trigger::Pendant, |_| {});
        assert_eq!(
            (end_of(&centre, late), centre.escalated(late)),
            (Some((at(30), "remote-hangup")), vec!["missed-call".to_owned()])
        );
    }

    #[test]
    fn a_call_that_a_restart_cut_was_lost() {
        let mut centre = on_the_line();
        let press = says(&mut centre, 0, Trigger::Pendant, |_| {});
        centre.until(5);
        centre.restart();
        centre.until(5);
        assert_eq!(
            (end_of(&centre, press), centre.escalated(press)),
            (Some((at(5), LOST)), vec!["missed-call".to_owned()])
        );
    }
}
