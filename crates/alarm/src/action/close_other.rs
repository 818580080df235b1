//! Closing an alarm that somebody else has: a supervisor's act of its own, with its reason.
//!
//! The card keeps who had it, so that both names are on record (Newham 2017: a held call, deleted by a colleague
//! by accident). Whether a supervisor asks is for whoever knows roles to check.

use super::{Action, Refusal, present};
use crate::{Alarm, SignalId};

impl Alarm {
    pub(super) fn close_other(
        &mut self,
        action: &Action,
        shown: SignalId,
        outcome: &str,
        text: &str,
        reason: &str,
    ) -> Result<(), Refusal> {
        if self.holder().is_none_or(|holder| holder.person == action.actor.person) {
            return Err(Refusal::NotTaken);
        }
        present(reason, "reason")?;
        present(outcome, "outcome")?;
        self.needs_shown(shown)?;
        self.end(action, outcome, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telecare_protocol::Trigger;
    use telecare_protocol::report::Status;

    use super::*;
    use crate::Act;
    use crate::testing::{action, actor, at, card, signal};

    fn close_other(alarm: &Alarm, shown: SignalId, reason: &str) -> Action {
        let act = Act::CloseOther {
            shown,
            outcome: "attended".to_owned(),
            text: "rang her daughter".to_owned(),
            reason: reason.to_owned(),
        };
        action(alarm.id, 30, &actor("Sue", "desk 9"), act)
    }

    #[test]
    fn it_needs_somebody_else_a_reason_and_the_last_signal() {
        let mut alarm = card(&[signal(1, 0, Trigger::Pendant, Status::Active)]);
        let last = alarm.last_signal;
        let why = "Ann has gone home";
        assert_eq!(alarm.act(&close_other(&alarm, last, why)), Err(Refusal::NotTaken));
        let claim = Act::Claim { lease: Duration::from_secs(120) };
        alarm.act(&action(alarm.id, 10, &actor("Ann", "desk 1"), claim)).expect("it waits");
        assert_eq!(alarm.act(&close_other(&alarm, last, " ")), Err(Refusal::Missing { what: "reason" }));
        alarm.attach(&signal(2, 20, Trigger::Pendant, Status::Active));
        let later = Err(Refusal::LaterSignal { last: alarm.last_signal });
        assert_eq!(alarm.act(&close_other(&alarm, last, why)), later);
        alarm.act(&close_other(&alarm, alarm.last_signal, why)).expect("a supervisor may");
        let closed = alarm.closed.expect("it is closed");
        assert_eq!((&*closed.actor.person, closed.at), ("Sue", at(30)));
        assert_eq!(alarm.claim.map(|claim| claim.actor), Some(actor("Ann", "desk 1")), "both names stay");
    }
}
