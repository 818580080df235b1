//! Giving an alarm to somebody else by name.
//!
//! The other person has it from then on, and it rings for them like a press: unseen at the first threshold, it
//! waits for everyone again. So a transfer to somebody who has gone home loses a minute and nothing else.

use std::sync::Arc;
use std::time::Duration;

use super::{Action, Refusal, after, present};
use crate::{Actor, Alarm, Claim, Ring};

impl Alarm {
    pub(super) fn transfer(&mut self, action: &Action, to: &Arc<str>, lease: Duration) -> Result<(), Refusal> {
        self.needs_holder(action)?;
        present(to, "to")?;
        if **to == *action.actor.person {
            return Err(Refusal::Missing { what: "to" });
        }
        self.hold = None;
        // A press that rings already goes on ringing from its own time.
        self.ring = self.ring.or(Some(Ring { since: action.at, count: 1 }));
        self.claim = Some(Claim {
            actor: Actor { person: to.clone(), desk: Arc::from("") },
            since: action.at,
            lease_until: after(action.at, lease),
            given_by: Some(action.actor.clone()),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use telecare_protocol::Trigger;
    use telecare_protocol::report::Status;

    use super::*;
    use crate::testing::{action, actor, at, card, signal};
    use crate::{Act, Standing};

    const LEASE: Duration = Duration::from_secs(120);

    fn given_to_ben() -> Alarm {
        let mut alarm = card(&[signal(1, 0, Trigger::Pendant, Status::Active)]);
        let ann = actor("Ann", "desk 1");
        alarm.act(&action(alarm.id, 10, &ann, Act::Claim { lease: LEASE })).expect("it waits");
        alarm.act(&action(alarm.id, 20, &ann, Act::Transfer { to: "Ben".into(), lease: LEASE })).expect("Ann has it");
        alarm
    }

    #[test]
    fn who_was_given_it_takes_it_up_at_any_desk() {
        let mut alarm = given_to_ben();
        assert_eq!(alarm.standing(at(30)), Standing::Claimed);
        let taken = alarm.act(&action(alarm.id, 30, &actor("Cem", "desk 3"), Act::Claim { lease: LEASE }));
        assert_eq!(taken.clone(), Err(Refusal::Taken { holder: actor("Ben", "") }));
        assert_eq!(taken.unwrap_err().to_string(), "Ben has this alarm");
        let ben = actor("Ben", "desk 2");
        alarm.act(&action(alarm.id, 40, &ben, Act::Claim { lease: LEASE })).expect("it was given to Ben");
        let claim = alarm.claim.clone().expect("Ben has it");
        assert_eq!((claim.actor, claim.given_by), (ben, Some(actor("Ann", "desk 1"))));
        assert_eq!((alarm.ring, alarm.standing(at(159))), (None, Standing::Claimed));
    }

    #[test]
    fn untouched_it_waits_for_everyone_after_a_minute() {
        let alarm = given_to_ben();
        assert_eq!(alarm.standing(at(79)), Standing::Claimed);
        assert_eq!(alarm.standing(at(80)), Standing::Waiting);
    }

    #[test]
    fn giving_it_away_does_not_hide_a_press_for_longer() {
        let mut alarm = given_to_ben();
        alarm.act(&action(alarm.id, 40, &actor("Ben", "desk 2"), Act::Claim { lease: LEASE })).expect("Ben's");
        alarm.attach(&signal(2, 50, Trigger::Pendant, Status::Active));
        let give = Act::Transfer { to: "Cem".into(), lease: LEASE };
        alarm.act(&action(alarm.id, 100, &actor("Ben", "desk 2"), give)).expect("Ben has it");
        assert_eq!((alarm.standing(at(109)), alarm.standing(at(110))), (Standing::Claimed, Standing::Waiting));
    }

    #[test]
    fn only_its_holder_gives_it_and_to_somebody_else() {
        let table = [
            ("Ben", "Cem", Err(Refusal::NotHolder { holder: Some(actor("Ann", "desk 1")) })),
            ("Ann", " ", Err(Refusal::Missing { what: "to" })),
            ("Ann", "Ann", Err(Refusal::Missing { what: "to" })),
            ("Ann", "Cem", Ok(())),
        ];
        for (who, to, expected) in table {
            let mut alarm = card(&[signal(1, 0, Trigger::Pendant, Status::Active)]);
            alarm.act(&action(alarm.id, 10, &actor("Ann", "desk 1"), Act::Claim { lease: LEASE })).expect("it waits");
            let act = Act::Transfer { to: to.into(), lease: LEASE };
            assert_eq!(alarm.act(&action(alarm.id, 20, &actor(who, "desk 2"), act)), expected, "{who} to {to}");
        }
    }
}
