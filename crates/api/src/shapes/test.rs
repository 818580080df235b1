//! Tests: which run, and what is stored of one.

use std::collections::HashMap;

use serde::Serialize;
use telecare_alarm::on_test::{Attempt, attempts, summary};
use telecare_alarm::{Action, Alarm, Signal, SignalId};
use telecare_queue::{Board, StoredSignal, TestRecord};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OnTestShape, SignalShape, Timestamp};

/// Most attempts that are told, the first.
const ATTEMPTS_MAX: usize = 2_000;

/// Tests that run.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Tests)]
pub struct TestsShape {
    now: Timestamp,
    #[schema(max_items = 20_000)]
    tests: Vec<TestShape>,
}

/// A test.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Test)]
pub struct TestShape {
    /// Also the id of the alarm that stands for it.
    id: Uuid,
    /// What is on test, in words.
    unit: String,
    on_test: OnTestShape,
    started_at: Timestamp,
    /// Null while it runs.
    #[schema(required = true)]
    ended: Option<EndedShape>,
}

/// How a test ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Ended)]
struct EndedShape {
    at: Timestamp,
    /// `stopped` by somebody, or `test-over` by itself.
    outcome: String,
    person: String,
}

/// A test with everything stored of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TestRecord)]
pub struct TestRecordShape {
    now: Timestamp,
    /// What `cursor` of the next look must be, to wait for a change.
    cursor: String,
    /// The database was away: older parts may be missing.
    degraded: bool,
    test: TestShape,
    /// Short enough to be read down a telephone.
    #[schema(examples("Pendant, bedroom: 2 of 2 seen. Smoke: 1 came, not seen yet."))]
    summary: String,
    /// How many signals came, proven repeats not counted.
    came: usize,
    /// How many of them somebody saw.
    seen: usize,
    /// First first; the first 2,000.
    #[schema(max_items = 2000)]
    attempts: Vec<AttemptShape>,
}

/// One signal under test.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
struct AttemptShape {
    /// The card it is on.
    alarm: Uuid,
    /// Which attempt of its unit, trigger and place it is.
    number: u32,
    /// A proven repeat of the one before.
    repeat: bool,
    /// What it says.
    words: String,
    /// Why it could not be read; null when it could.
    #[schema(required = true)]
    fault: Option<String>,
    /// Who saw it first; null while nobody has.
    #[schema(required = true)]
    seen: Option<SeenShape>,
    /// As it is stored: times, bytes, how it was read.
    signal: SignalShape,
}

/// Who saw a signal.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SeenBy)]
struct SeenShape {
    person: String,
    desk: String,
    at: Timestamp,
    /// Milliseconds after its last byte.
    #[schema(minimum = 0)]
    after_ms: i64,
}

impl TestsShape {
    /// Of a board at an instant.
    pub fn of(board: &Board, now: OffsetDateTime) -> TestsShape {
        TestsShape { now: Timestamp(now), tests: board.open.iter().filter_map(|alarm| TestShape::of(alarm)).collect() }
    }
}

impl TestShape {
    /// The test that an alarm stands for.
    pub fn of(alarm: &Alarm) -> Option<TestShape> {
        let ended = alarm.closed.as_ref().map(|closed| EndedShape {
            at: Timestamp(closed.at),
            outcome: closed.outcome.clone(),
            person: closed.actor.person.to_string(),
        });
        Some(TestShape {
            id: alarm.id.0,
            unit: alarm.unit.words.to_string(),
            on_test: OnTestShape::of(alarm.on_test.as_ref()?),
            started_at: Timestamp(alarm.opened_at),
            ended,
        })
    }
}

impl TestRecordShape {
    /// Of what is stored, at an instant; none of a card that stands for no test.
    pub fn of(record: &TestRecord, cursor: String, now: OffsetDateTime) -> Option<TestRecordShape> {
        let signals: Vec<(Signal, _)> =
            record.signals.iter().map(|(stored, alarm)| (stored.signal.clone(), *alarm)).collect();
        let done = record.log.iter().filter(|logged| logged.refused.is_none());
        let done: Vec<Action> = done.map(|logged| logged.action.clone()).collect();
        let attempts = attempts(&signals, &done);
        let stored = record.signals.iter().map(|(stored, _)| (stored.signal.id, stored)).collect();
        let counts = |attempt: &&Attempt| !attempt.is_repeat;
        Some(TestRecordShape {
            now: Timestamp(now),
            cursor,
            degraded: record.degraded,
            test: TestShape::of(&record.alarm)?,
            summary: summary(&attempts),
            came: attempts.iter().filter(counts).count(),
            seen: attempts.iter().filter(counts).filter(|attempt| attempt.seen.is_some()).count(),
            attempts: attempts.iter().take(ATTEMPTS_MAX).filter_map(|one| AttemptShape::of(one, &stored)).collect(),
        })
    }
}

impl AttemptShape {
    fn of(attempt: &Attempt, stored: &HashMap<SignalId, &StoredSignal>) -> Option<AttemptShape> {
        let stored = stored.get(&attempt.signal)?;
        Some(AttemptShape {
            alarm: attempt.alarm.0,
            number: attempt.number,
            repeat: attempt.is_repeat,
            words: attempt.words.clone(),
            fault: attempt.fault.clone(),
            seen: attempt.seen.as_ref().map(|(actor, at)| SeenShape {
                person: actor.person.to_string(),
                desk: actor.desk.to_string(),
                at: Timestamp(*at),
                after_ms: i64::try_from((*at - attempt.at).whole_milliseconds()).unwrap_or(i64::MAX).max(0),
            }),
            signal: SignalShape::of(stored),
        })
    }
}
