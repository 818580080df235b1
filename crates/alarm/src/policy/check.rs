//! What every policy table must keep to, whatever its numbers.
//!
//! Nothing a person sent may be hidden, delayed or merged away, and no flood of tests may stand in its way.
//! A table that would allow it is refused, with the reason.

use telecare_protocol::Trigger;
use telecare_protocol::report::Status;

use super::Row;
use crate::{Class, Lane, Priority};

/// A rule that would break a promise.
pub(super) struct Breach {
    pub what: String,
    pub remedy: String,
}

/// Checks one rule.
pub(super) fn row(trigger: Trigger, status: Option<Status>, row: &Row) -> Result<(), Breach> {
    if must_ring(trigger) && status != Some(Status::Restored) {
        if !row.class.rings() {
            return breach(
                format!("{} has class {}, which does not ring", row.name, row.class),
                format!(
                    "somebody may be calling: a later one on a card that is held or claimed would go unnoticed; \
                     take class {}",
                    ringing_classes()
                ),
            );
        }
        if row.lane != Lane::Urgent {
            return breach(
                format!("{} takes the {} lane", row.name, row.lane.as_str()),
                "somebody may be calling, and would wait behind a flood of tests; take lane urgent".to_owned(),
            );
        }
    }
    if row.class.rings() && row.lane != Lane::Urgent {
        return breach(
            format!("{} has class {} and takes the {} lane", row.name, row.class, row.lane.as_str()),
            "what rings for an operator cannot wait behind tests; take lane urgent, or a class that does not ring"
                .to_owned(),
        );
    }
    if row.class == Class::Test && row.lane != Lane::Routine {
        return breach(
            format!("{} is a test in the {} lane", row.name, row.lane.as_str()),
            "a flood of tests would delay the people who call; take lane routine".to_owned(),
        );
    }
    if row.class == Class::Telephone && row.priority.number() < 3 {
        return breach(
            format!("{} has class telephone and priority {}", row.name, row.priority.number()),
            "a telephone call must not come before an alarm; take priority 3, 4 or 5".to_owned(),
        );
    }
    if trigger == Trigger::CallerIdentity && (row.class.rings() || row.priority != Priority::LOWEST) {
        return breach(
            format!("{} has class {} and priority {}", row.name, row.class, row.priority.number()),
            "a caller's number tells more about the signal before it and must neither ring nor raise its card; \
             take class technical and priority 5"
                .to_owned(),
        );
    }
    Ok(())
}

/// Whether a person, a hazard or nobody knows who is behind a trigger. An intruder detector is none of them.
fn must_ring(trigger: Trigger) -> bool {
    trigger.calls_for_help() && trigger != Trigger::Intruder
}

fn ringing_classes() -> String {
    let ringing: Vec<&str> = Class::ALL.into_iter().filter(|class| class.rings()).map(Class::as_str).collect();
    ringing.join(", ")
}

fn breach(what: String, remedy: String) -> Result<(), Breach> {
    Err(Breach { what, remedy })
}
