//! Undoing a close.
//!
//! The card is as it was, but nobody's: it waits for everyone. Whether the unit has a later open alarm is for
//! whoever holds all of its cards to say ([`Refusal::Superseded`]).

use super::{Action, REOPEN_WITHIN, Refusal, after};
use crate::Alarm;

impl Alarm {
    pub(super) fn reopen(&mut self, action: &Action, by_supervisor: bool) -> Result<(), Refusal> {
        let closed_at = self.closed.as_ref().ok_or(Refusal::NotClosed)?.at;
        if !by_supervisor && action.at > after(closed_at, REOPEN_WITHIN) {
            return Err(Refusal::TooLate { closed_at });
        }
        self.closed = None;
        self.let_go(action.at);
        self.contest = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telecare_protocol::Trigger;
    use telecare_protocol::report::Status;

    use super::*;
    use crate::testing::{action, actor, at, card, signal};
    use crate::{Act, Standing};

    fn closed_at_twenty() -> Alarm {
        let mut alarm = card(&[signal(1, 0, Trigger::Pendant, Status::Active)]);
        let ann = actor("Ann", "desk 1");
        let claim = Act::Claim { lease: Duration::from_secs(120) };
        let close = Act::Close { shown: alarm.last_signal, outcome: "attended".to_owned(), text: String::new() };
        alarm.act(&action(alarm.id, 10, &ann, claim)).expect("it waits");
        alarm.act(&action(alarm.id, 20, &ann, close)).expect("Ann has it");
        alarm
    }

    #[test]
    fn an_operator_within_ten_minutes_a_supervisor_at_any_time() {
        let late = Err(Refusal::TooLate { closed_at: at(20) });
        let table = [(21, false, Ok(())), (620, false, Ok(())), (621, false, late), (90_000, true, Ok(()))];
        for (seconds, by_supervisor, expected) in table {
            let mut alarm = closed_at_twenty();
            let reopen = action(alarm.id, seconds, &actor("Ben", "desk 2"), Act::Reopen { by_supervisor });
            assert_eq!(alarm.act(&reopen), expected, "{seconds} {by_supervisor}");
            let standing = if expected.is_ok() { Standing::Waiting } else { Standing::Closed };
            assert_eq!(alarm.standing(at(seconds)), standing);
        }
    }

    #[test]
    fn what_is_open_cannot_be_reopened_and_what_is_reopened_can_be_closed_again() {
        let mut alarm = closed_at_twenty();
        let reopen = action(alarm.id, 30, &actor("Ben", "desk 2"), Act::Reopen { by_supervisor: false });
        alarm.act(&reopen).expect("it is closed");
        assert_eq!(alarm.act(&reopen), Err(Refusal::NotClosed));
        let claim = Act::Claim { lease: Duration::from_secs(120) };
        alarm.act(&action(alarm.id, 40, &actor("Ben", "desk 2"), claim)).expect("it waits");
        let close = Act::Close { shown: alarm.last_signal, outcome: "attended".to_owned(), text: String::new() };
        alarm.act(&action(alarm.id, 50, &actor("Ben", "desk 2"), close)).expect("Ben has it");
        assert_eq!(alarm.closed.map(|closed| closed.at), Some(at(50)));
    }
}
