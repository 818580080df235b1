//! Stand-in until the live calls are there.
#![allow(dead_code, missing_docs, reason = "goes with the merge")]
use std::fmt;

use telecare_alarm::{Actor, LineId};
use telecare_protocol::call::{End, Operated, Operator, Speech};
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

#[derive(Clone, Copy, Debug)]
pub struct CallId(pub Uuid);
impl CallId {
    pub fn new() -> CallId {
        CallId(Uuid::now_v7())
    }
}
impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
pub struct Operate {
    pub wanted: Operator,
    pub by: Actor,
    pub reply: oneshot::Sender<Operated>,
}
pub enum Reach {
    Extension(String),
    CallBack(String),
    Nothing,
}
pub struct LiveCall {
    pub id: CallId,
    pub line: LineId,
    pub caller: Option<String>,
    pub began: OffsetDateTime,
    pub reach: Reach,
}
pub struct CallHandle(mpsc::Sender<Operate>);
impl CallHandle {
    pub fn speech(&self, _: Speech) {}
    pub fn talker(&self, _: Option<Actor>) {}
    pub fn end(self, _: End) {}
}
pub fn begin(_: LiveCall, operator: mpsc::Sender<Operate>) -> CallHandle {
    CallHandle(operator)
}
