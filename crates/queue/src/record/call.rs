//! A call as stored with its card.

use serde::{Deserialize, Serialize};
use telecare_alarm::{CallId, CardCall, CardCallEnd, LineId, ReceiverId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{clean, micros};

/// A stored call of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CallRecord {
    id: Uuid,
    line: String,
    receiver: String,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    rang_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    answered_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    how: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    told: bool,
}

impl CallRecord {
    pub fn of(call: &CardCall) -> CallRecord {
        let ended = call.ended.as_ref();
        CallRecord {
            id: call.id.0,
            line: call.line.as_str().to_owned(),
            receiver: call.receiver.as_str().to_owned(),
            rang_at: call.rang_at.map(micros),
            answered_at: call.answered_at.map(micros),
            ended_at: ended.map(|end| micros(end.at)),
            how: ended.map(|end| clean(&end.how)),
            told: call.told,
        }
    }

    pub fn restore(self) -> CardCall {
        let how = self.how.unwrap_or_default();
        CardCall {
            id: CallId(self.id),
            line: LineId::new(&self.line),
            receiver: ReceiverId::new(&self.receiver),
            rang_at: self.rang_at,
            answered_at: self.answered_at,
            ended: self.ended_at.map(|at| CardCallEnd { at, how: how.into() }),
            told: self.told,
        }
    }
}
