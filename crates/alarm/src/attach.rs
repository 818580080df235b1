//! How a signal joins a card.
//!
//! Attaching is commutative: priority only rises, counts add, times widen, "raised" and "cleared" are two
//! maxima. Any order of the same signals gives the same card, but for its id, its opening line and the
//! signal attached last. Once-only is not this module's business: the store folds each signal once, and
//! opens a new card when the unit's last one is closed.

use telecare_protocol::{Event, Status};
use time::OffsetDateTime;

use crate::alarm::CallerHeard;
use crate::on_test::Test;
use crate::{Alarm, AlarmId, Ring, Signal, TriggerKey};

impl Alarm {
    /// Opens a card with its first signal. `previous` is the unit's alarm before, if any is known.
    pub fn open(signal: &Signal, previous: Option<AlarmId>) -> Alarm {
        let mut alarm = Alarm {
            id: AlarmId::from(signal.id),
            unit: signal.unit.clone(),
            receiver: signal.receiver.clone(),
            line: signal.line.clone(),
            priority: signal.ranking.priority,
            level: 0,
            steps: 0,
            class: signal.ranking.class,
            rule: signal.ranking.rule.clone(),
            opened_at: signal.stamps.last_byte,
            last_at: signal.stamps.last_byte,
            presses: 0,
            pressed: None,
            press_times: Vec::new(),
            lifted_at: None,
            signals: 0,
            repeats: 0,
            triggers: Default::default(),
            caller: None,
            calls: Vec::new(),
            last_signal: signal.id,
            ring: None,
            claim: None,
            hold: None,
            let_go_at: None,
            escalations: Vec::new(),
            contest: None,
            closed: None,
            served_at: None,
            shadow: signal.shadow,
            marks: signal.marks.clone(),
            on_test: None,
            previous,
            revision: 0,
        };
        alarm.attach(signal);
        alarm
    }

    /// Joins a signal to this open card.
    pub fn attach(&mut self, signal: &Signal) {
        let at = signal.stamps.last_byte;
        let more_urgent = signal.ranking.priority < self.priority;
        if signal.rings() || more_urgent {
            self.end_hold(at);
        }
        self.raise(signal);
        self.shadow = self.shadow && signal.shadow;
        self.marks.join(&signal.marks);
        self.on_test = self.on_test.take().max(Test::of(&signal.report));
        self.opened_at = self.opened_at.min(at);
        self.last_at = self.last_at.max(at);
        self.signals = self.signals.saturating_add(1);
        self.last_signal = signal.id;
        if signal.repeat_of.is_some() {
            self.repeats = self.repeats.saturating_add(1);
        }
        if signal.rings() {
            self.press(at);
        } else if more_urgent && self.claim.is_some() {
            // Nobody's press, but more than the holder took the card for.
            self.ring_since(at);
        }
        for event in &signal.report.events {
            self.note_trigger(event, at, signal.repeat_of.is_some());
        }
        self.note_caller(signal, at);
        self.note_call(signal);
    }

    /// A hold hides a card from the others, so it ends with the first thing its holder has not seen. The
    /// claim under it ends too: the card waits for everyone at once.
    fn end_hold(&mut self, at: OffsetDateTime) {
        if self.hold.take().is_some() {
            self.claim = None;
            self.let_go_at = Some(at);
        }
    }

    fn raise(&mut self, signal: &Signal) {
        let new = (signal.ranking.priority, signal.ranking.class, &signal.ranking.rule);
        if new < (self.priority, self.class, &self.rule) {
            self.priority = signal.ranking.priority;
            self.class = signal.ranking.class;
            self.rule = signal.ranking.rule.clone();
        }
    }

    fn press(&mut self, at: OffsetDateTime) {
        self.presses = self.presses.saturating_add(1);
        self.pressed = Some(match self.pressed {
            Some((first, last)) => (first.min(at), last.max(at)),
            None => (at, at),
        });
        self.note_press(at);
        self.ring_since(at);
    }

    fn ring_since(&mut self, at: OffsetDateTime) {
        self.ring = Some(match self.ring {
            Some(ring) => Ring { since: ring.since.min(at), count: ring.count.saturating_add(1) },
            None => Ring { since: at, count: 1 },
        });
    }

    fn note_trigger(&mut self, event: &Event, at: OffsetDateTime, is_repeat: bool) {
        let place = event.location.as_ref().map(|location| location.code.clone()).unwrap_or_default();
        let key = TriggerKey { trigger: event.trigger, place };
        let state = self.triggers.entry(key).or_default();
        if let Some(location) = &event.location {
            // The same code may come with other words from another protocol's table: the greater text wins,
            // so that order does not matter.
            if location.words > state.place_words {
                state.place_words = location.words.clone();
            }
        }
        if event.status == Status::Restored {
            state.cleared = state.cleared.max(Some(at));
        } else {
            state.raised = state.raised.max(Some(at));
            if !is_repeat {
                state.count = state.count.saturating_add(1);
            }
        }
    }

    /// Number and name may come in signals of their own, in any order: the latest number stays beside the
    /// greatest name, and neither wipes out the other.
    fn note_caller(&mut self, signal: &Signal, at: OffsetDateTime) {
        let Some(caller) = &signal.report.caller else { return };
        let heard = CallerHeard { at, number: caller.number.clone(), name: caller.name.clone() };
        let Some(known) = &mut self.caller else {
            self.caller = Some(heard);
            return;
        };
        if known.name < heard.name {
            known.name = heard.name;
        }
        let of_known = (known.number.is_some(), known.at, &known.number);
        if of_known < (heard.number.is_some(), heard.at, &heard.number) {
            known.at = heard.at;
            known.number = heard.number;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telecare_protocol::Trigger;
    use telecare_protocol::report::Caller;

    use super::*;
    use crate::testing::{action, actor, at, card, placed, signal};
    use crate::{Act, Standing};

    /// A card as Ann has it: claimed at 10 s for ten minutes, and on hold from 20 s if she put it aside.
    fn with_ann(signals: &[Signal], is_held: bool) -> Alarm {
        let mut alarm = card(signals);
        let ann = actor("Ann", "desk 1");
        let claim = Act::Claim { lease: Duration::from_secs(600) };
        alarm.act(&action(alarm.id, 10, &ann, claim)).expect("it waits");
        if is_held {
            let hold = Act::Hold { shown: alarm.last_signal, until: at(600), reason: "visit".to_owned() };
            alarm.act(&action(alarm.id, 20, &ann, hold)).expect("Ann has it");
        }
        alarm
    }

    fn stands_after(mut alarm: Alarm, signal: &Signal) -> (Standing, bool) {
        alarm.attach(signal);
        (alarm.standing(at(60)), alarm.ring.is_some())
    }

    #[test]
    fn what_reaches_a_card_that_somebody_has() {
        let battery = signal(1, 0, Trigger::Battery, Status::Active);
        let press = signal(2, 5, Trigger::Pendant, Status::Active);
        let later_press = signal(6, 50, Trigger::Pendant, Status::Active);
        let intruder = signal(3, 50, Trigger::Intruder, Status::Active);
        let mains = signal(4, 50, Trigger::Mains, Status::Active);
        let mut copy = signal(5, 50, Trigger::Pendant, Status::Active);
        copy.repeat_of = Some(press.id);
        // A press or anything more urgent than the card ends a hold and rings the holder of a claim.
        for news in [&later_press, &intruder] {
            assert_eq!(stands_after(with_ann(std::slice::from_ref(&battery), true), news).0, Standing::Waiting);
            assert_eq!(stands_after(with_ann(std::slice::from_ref(&battery), false), news), (Standing::Claimed, true));
        }
        // More of the same is no news, nor is the copy of a press.
        assert_eq!(stands_after(with_ann(std::slice::from_ref(&battery), true), &mains), (Standing::Held, false));
        assert_eq!(stands_after(with_ann(std::slice::from_ref(&press), true), &copy), (Standing::Held, false));
        assert_eq!(stands_after(with_ann(std::slice::from_ref(&press), false), &intruder), (Standing::Claimed, false));
    }

    #[test]
    fn a_copy_is_a_signal_and_no_press() {
        let press = signal(1, 0, Trigger::Pendant, Status::Active);
        let mut copy = signal(2, 3, Trigger::Pendant, Status::Active);
        copy.repeat_of = Some(press.id);
        let alarm = card(&[press, copy]);
        assert_eq!((alarm.presses, alarm.signals, alarm.repeats), (1, 2, 1));
        let states: Vec<_> = alarm.triggers.values().map(|state| (state.count, state.raised)).collect();
        assert_eq!(states, [(1, Some(at(3)))]);
        assert_eq!((alarm.pressed, alarm.last_at), (Some((at(0), at(0))), at(3)));
    }

    #[test]
    fn a_place_keeps_one_name_and_a_caller_keeps_number_and_name() {
        let mut kitchen = placed(signal(1, 0, Trigger::Smoke, Status::Active), "kitchen");
        let mut zone = placed(signal(2, 1, Trigger::Smoke, Status::Restored), "kitchen");
        for event in &mut zone.report.events {
            event.location.iter_mut().for_each(|location| location.words = "area".to_owned());
        }
        kitchen.report.caller = Some(Caller { number: Some("01527".to_owned()), name: None });
        zone.report.caller = Some(Caller { number: None, name: Some("Mrs Hill".to_owned()) });
        for signals in [[kitchen.clone(), zone.clone()], [zone, kitchen]] {
            let alarm = card(&signals);
            let state = alarm.triggers.values().next().expect("one trigger");
            assert_eq!((&*state.place_words, state.raised, state.cleared), ("kitchen", Some(at(0)), Some(at(1))));
            let caller = alarm.caller.expect("a caller");
            assert_eq!((caller.number.as_deref(), caller.name.as_deref()), (Some("01527"), Some("Mrs Hill")));
        }
    }
}
