//! What the queue's tests share: signals, a queue in a directory of its own, waiting for a board.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{
    Act, Action, ActionId, Actor, AlarmId, Basis, Class, ClockState, Lane, LineId, Marks, Policy, Priority, Ranking,
    ReceiverId, Signal, SignalId, Stamps, UnitKey,
};
use telecare_protocol::{Event, Origin, Outcome, Protocol, RepeatProof, Report, Status, Trigger};
use telecare_queue::{
    ActError, Acted, Answer, Board, DatabaseConfig, Incoming, JournalConfig, Link, Queue, QueueConfig,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// No test waits longer than this for an event.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn config(receiver: &str, directory: &Path, database: Option<&str>) -> QueueConfig {
    QueueConfig {
        receiver: ReceiverId::new(receiver),
        software: "test".to_owned(),
        journal: JournalConfig {
            directory: directory.to_owned(),
            keep: Duration::from_secs(7 * 24 * 3600),
            bytes_max: 1 << 31,
        },
        database: database.map(|url| DatabaseConfig { urls: vec![url.to_owned()], stall: Duration::from_secs(2) }),
        ack_wait: Duration::from_millis(100),
        policy: Arc::new(Policy::builtin()),
    }
}

/// A person's press of a unit on a line.
pub fn press(line: &str, unit: &str) -> Signal {
    signal(line, unit, Trigger::Pendant, Status::Active, 1, Class::Person, Lane::Urgent)
}

/// A unit's mains failure.
pub fn mains(line: &str, unit: &str) -> Signal {
    signal(line, unit, Trigger::Mains, Status::Active, 4, Class::Technical, Lane::Routine)
}

pub fn signal(
    line: &str,
    unit: &str,
    trigger: Trigger,
    status: Status,
    priority: u8,
    class: Class,
    lane: Lane,
) -> Signal {
    let now = OffsetDateTime::now_utc();
    let id = SignalId(Uuid::now_v7());
    let event = Event { trigger, status, code: "x".to_owned(), words: trigger.words().to_owned(), location: None };
    Signal {
        id,
        receiver: ReceiverId::new("r1"),
        line: LineId::new(line),
        call: None,
        unit: UnitKey {
            key: format!("{line}/{unit}").into(),
            basis: Basis::Identity,
            words: format!("unit {unit}").into(),
        },
        stamps: Stamps { first_byte: now, last_byte: now, decoded: now },
        ranking: Ranking {
            priority: Priority::new(priority).expect("1 to 5"),
            class,
            lane,
            rule: format!("{trigger}").into(),
            policy: "test".into(),
        },
        raw: id.to_string().into_bytes(),
        report: Report {
            protocol: Protocol::SurGard,
            outcome: Outcome::Decoded,
            origin: Origin::Unit,
            identity: Some(unit.to_owned()),
            local_unit: None,
            caller: None,
            events: vec![event],
            fields: Vec::new(),
            warnings: Vec::new(),
        },
        repeat_of: None,
        shadow: false,
        marks: Marks::default(),
        software: "test".into(),
        clock: ClockState::Unknown,
    }
}

pub async fn submit(queue: &Queue, signal: Signal) -> Answer {
    submit_as(queue, signal, RepeatProof::None).await
}

pub async fn submit_as(queue: &Queue, signal: Signal, repeat: RepeatProof) -> Answer {
    let sent = queue.submit(Incoming { signal, repeat, reserved: true });
    tokio::time::timeout(PATIENCE, sent).await.expect("an answer in time")
}

pub async fn act(queue: &Queue, alarm: AlarmId, person: &str, act: Act) -> Result<Acted, ActError> {
    act_again(queue, Uuid::new_v4(), alarm, person, act).await
}

pub async fn act_again(queue: &Queue, id: Uuid, alarm: AlarmId, person: &str, act: Act) -> Result<Acted, ActError> {
    let actor = Actor { person: person.into(), desk: "desk 1".into() };
    let action = Action { id: ActionId(id), alarm, at: OffsetDateTime::now_utc(), actor, act };
    tokio::time::timeout(PATIENCE, queue.act(action)).await.expect("an answer in time")
}

pub fn claim() -> Act {
    Act::Claim { lease: Duration::from_secs(120) }
}

pub fn close(shown: SignalId) -> Act {
    Act::Close { shown, outcome: "test".to_owned(), text: String::new() }
}

/// Waits for a board on which something holds.
pub async fn board_where(queue: &Queue, what: &str, holds: impl Fn(&Board) -> bool) -> Arc<Board> {
    let mut board = queue.board();
    let found = tokio::time::timeout(PATIENCE, board.wait_for(|board| holds(board))).await;
    found.unwrap_or_else(|_| panic!("no board in time: {what}; {:?}", queue.board().borrow())).expect("a board").clone()
}

pub async fn connected(queue: &Queue) -> Arc<Board> {
    board_where(queue, "connected", |board| board.link == Link::Connected && board.backlog == 0).await
}
