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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use telecare_alarm::{Alarm, Signal};

    use super::*;
    use crate::record::{AlarmRecord, SignalRecord};
    use crate::sample::{START, press};

    fn card() -> (Signal, Alarm) {
        let signal = Signal { call: Some(CallId(Uuid::from_u128(7))), ..press("1234", 1) };
        let mut alarm = Alarm::open(&signal, None);
        for call in &mut alarm.calls {
            call.answered_at = Some(START);
            call.ended = Some(CardCallEnd { at: START, how: "released".into() });
            call.told = true;
        }
        (signal, alarm)
    }

    fn without(record: impl Serialize, field: &str) -> Value {
        let mut json = json!(record);
        json.as_object_mut().unwrap().remove(field).unwrap();
        json
    }

    #[test]
    fn a_call_read_back_is_the_call_written() {
        let (_, alarm) = card();
        let read: AlarmRecord = serde_json::from_value(json!(AlarmRecord::of(&alarm))).unwrap();
        assert_eq!(read.restore().unwrap().calls, alarm.calls);
    }

    #[test]
    fn what_was_written_before_there_were_calls_is_read() {
        let (signal, alarm) = card();
        let read: AlarmRecord = serde_json::from_value(without(AlarmRecord::of(&alarm), "calls")).unwrap();
        assert_eq!(read.restore().unwrap(), Alarm { calls: Vec::new(), ..alarm });
        let read: SignalRecord = serde_json::from_value(without(SignalRecord::of(&signal), "call")).unwrap();
        assert_eq!(read.restore().unwrap().call, None);
        let plain = json!(SignalRecord::of(&Signal { call: None, ..signal }));
        assert!(plain.get("call").is_none(), "a signal of another line is written as before");
    }
}
