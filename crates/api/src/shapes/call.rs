//! The last calls on the lines.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Timestamp, names};
use crate::calls::Call;

/// The last calls, the latest end first.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CallList)]
pub struct CallsShape {
    now: Timestamp,
    /// This receiver's name: each receiver remembers its own lines' calls, since its start.
    receiver: String,
    #[schema(max_items = 500)]
    calls: Vec<CallShape>,
}

/// One conversation on a line, also one of which nothing came.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Call)]
pub struct CallShape {
    line: String,
    #[schema(schema_with = names::protocol)]
    protocol: &'static str,
    /// The other end's network address.
    #[schema(required = true)]
    peer: Option<String>,
    /// The telephone number, where the carrier told it.
    #[schema(required = true)]
    caller: Option<String>,
    /// The account or unit number as said.
    #[schema(required = true)]
    identity: Option<String>,
    began: Timestamp,
    /// When its last byte came; null when none came.
    #[schema(required = true)]
    last_byte: Option<Timestamp>,
    ended: Timestamp,
    #[schema(schema_with = names::call_outcome)]
    outcome: &'static str,
    #[schema(schema_with = names::call_answer)]
    answered: Option<&'static str>,
    /// The signals that were made of it.
    #[schema(max_items = 32)]
    signals: Vec<Uuid>,
    /// Bytes that came.
    bytes: u64,
    /// Frames among them that could not be read.
    bad_frames: u32,
    /// What an engineer should know of it; may be empty.
    detail: String,
}

impl CallsShape {
    /// Calls as they were remembered.
    pub fn of(calls: &[std::sync::Arc<Call>], receiver: &str, now: OffsetDateTime) -> CallsShape {
        let calls = calls.iter().map(|call| CallShape::of(call)).collect();
        CallsShape { now: Timestamp(now), receiver: receiver.to_owned(), calls }
    }
}

impl CallShape {
    fn of(call: &Call) -> CallShape {
        CallShape {
            line: call.line.to_string(),
            protocol: call.protocol.as_str(),
            peer: call.peer.clone(),
            caller: call.caller.clone(),
            identity: call.identity.clone(),
            began: Timestamp(call.began),
            last_byte: call.last_byte.map(Timestamp),
            ended: Timestamp(call.ended),
            outcome: call.outcome.as_str(),
            answered: call.answered.map(crate::calls::CallAnswer::as_str),
            signals: call.signals.iter().map(|signal| signal.0).collect(),
            bytes: call.bytes,
            bad_frames: call.bad_frames,
            detail: call.detail.clone(),
        }
    }
}
