//! What the rules do to cards that only equipment has spoken on, and to tests: join an incident, close.
//!
//! None of it ever touches a card that a person, a hazard or an unreadable call is on.

use std::sync::Arc;

use super::{Action, Refusal};
use crate::{Alarm, SignalId};

/// Outcome of a test that somebody ended before its time.
const STOPPED: &str = "stopped";

impl Alarm {
    /// Joins an incident.
    pub(super) fn join(&mut self, incident: &Arc<str>) -> Result<(), Refusal> {
        if !self.is_untouched() || self.marks.incident.is_some() {
            return Err(Refusal::NotDue);
        }
        self.marks.incident = Some(incident.clone());
        Ok(())
    }

    /// A test is over: whatever of it is still open waits like any other card from then on.
    pub(super) fn leave_test(&mut self, action: &Action) -> Result<(), Refusal> {
        self.marks.test.take().ok_or(Refusal::NotDue)?;
        if self.holder().is_none() && self.ring.is_none() {
            self.let_go(action.at);
        }
        Ok(())
    }

    pub(super) fn close_by_rule(&mut self, action: &Action, shown: SignalId, outcome: &str) -> Result<(), Refusal> {
        self.may_be_closed_by_rule(action.at)?;
        self.needs_shown(shown)?;
        self.end(action, outcome, "");
        Ok(())
    }

    pub(super) fn stop_test(&mut self, action: &Action, text: &str) -> Result<(), Refusal> {
        if self.on_test.is_none() {
            return Err(Refusal::NotTest);
        }
        self.end(action, STOPPED, text);
        Ok(())
    }
}
