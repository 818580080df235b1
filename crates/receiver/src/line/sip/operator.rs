//! Where a digital unit's call belongs: to the operator who has claimed its alarm, else to the group.

use telecare_alarm::alarm::Standing;
use telecare_protocol::Sender;
use time::OffsetDateTime;

use crate::config::{self, SIP_EXTENSION, escaped};
use crate::intake::LineIntake;

/// The SIP address that a unit's call goes to; none where nobody is to be called.
pub fn of_call(intake: &LineIntake, sip: &config::Sip, caller: &Sender, now: OffsetDateTime) -> Option<String> {
    let desk = sip.operator_address.as_ref().and_then(|address| {
        let unit = intake.unit_of(caller)?;
        let board = intake.queue().board();
        let board = board.borrow();
        let claimed = board.open.iter().filter(|alarm| alarm.unit.key == unit.key);
        let mut claimed = claimed.filter(|alarm| alarm.standing(now) == Standing::Claimed);
        let holder = claimed.find_map(|alarm| alarm.holder())?;
        let desk: &str = &holder.desk;
        // A person who was given the alarm by name sits at no desk that is known.
        (!desk.is_empty()).then(|| address.replace(SIP_EXTENSION, &escaped(desk)))
    });
    desk.or_else(|| sip.settings.targets.sip.clone())
}
