#![allow(missing_docs)]
use crate::{LineId, ReceiverId, group::Group, registry::UnitId};
use std::str::FromStr;
use std::time::Duration;
use telecare_protocol::{Trigger, report::UnknownName};
use time::OffsetDateTime;
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    Unit(UnitId),
    Line { receiver: ReceiverId, line: LineId },
    Receiver(ReceiverId),
}
impl Subject {
    pub fn key(&self) -> String {
        String::new()
    }
}
impl FromStr for Subject {
    type Err = UnknownName;
    fn from_str(t: &str) -> Result<Self, UnknownName> {
        Err(UnknownName(t.to_owned()))
    }
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    pub interval: Duration,
    pub grace: Duration,
    pub raises: Trigger,
    pub causes: Vec<Group>,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub subject: Subject,
    pub heard_at: OffsetDateTime,
    pub missed: Option<OffsetDateTime>,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollapseRules {
    pub units_min: usize,
    pub within: Duration,
}
impl Default for CollapseRules {
    fn default() -> Self {
        CollapseRules { units_min: 5, within: Duration::from_secs(3600) }
    }
}
pub struct Missed {
    pub subject: Subject,
    pub deadline: OffsetDateTime,
    pub raises: Trigger,
    pub incident: Option<Group>,
}
pub struct Told {
    pub missed: Vec<Missed>,
    pub gathered: Vec<(Subject, Group)>,
}
#[derive(Clone, Debug)]
pub struct Overdue {
    pub subject: Subject,
    pub heard_at: OffsetDateTime,
    pub deadline: OffsetDateTime,
    pub missed: Option<OffsetDateTime>,
}
#[derive(Debug, Default)]
pub struct Expectations;
impl Expectations {
    pub fn set(&mut self, _: Subject, _: Option<Expectation>, _: OffsetDateTime) {}
    pub fn restore(&mut self, _: Kept) {}
    pub fn heard(&mut self, _: &Subject, _: OffsetDateTime) {}
    pub fn due(&mut self, _: OffsetDateTime, _: &CollapseRules) -> Told {
        Told { missed: vec![], gathered: vec![] }
    }
    pub fn next_due(&self) -> Option<OffsetDateTime> {
        None
    }
    pub fn changed(&mut self) -> Vec<Kept> {
        vec![]
    }
    pub fn overdue(&self) -> impl Iterator<Item = Overdue> + '_ {
        std::iter::empty()
    }
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        std::iter::empty()
    }
}
