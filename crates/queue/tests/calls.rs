//! Telephone calls: on the board while they last, and on the cards of their signals in both stores.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod common;

use common::{act, board_where, claim, config, connected, press, submit};
use telecare_alarm::registry::import::Row;
use telecare_alarm::registry::{Field, UnitId};
use telecare_alarm::unit::Place;
use telecare_alarm::{Act, ActionId, Actor, AlarmId, CallId, LineId, Refusal, Signal, UnitKey};
use telecare_protocol::call::{Control, End, Operated, Operator, Speech, Volume};
use telecare_queue::live_calls::Command;
use telecare_queue::registry::Import;
use telecare_queue::{ActError, Board, CallHandle, Commanded, LiveCall, Operate, OperateError, Queue, Reach, Supports};
use telecare_tests::postgres::Postgres;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use uuid::Uuid;

fn live(line: &str) -> LiveCall {
    LiveCall {
        id: CallId(Uuid::now_v7()),
        line: LineId::new(line),
        caller: Some("01527 1".to_owned()),
        began: OffsetDateTime::now_utc(),
        reach: Reach::Extension("21".to_owned()),
        speech: Speech::None,
        supports: Supports::NONE,
        talker: None,
    }
}

fn begin_with(queue: &Queue, call: LiveCall, operator: mpsc::Sender<Operate>) -> CallHandle {
    queue.live_calls().begin(call, operator)
}

fn begin(queue: &Queue) -> CallHandle {
    begin_with(queue, live("modem-1"), mpsc::channel(1).0)
}

fn press_in(call: &CallHandle, unit: &str) -> Signal {
    Signal { call: Some(call.id()), ..press("modem-1", unit) }
}

fn end_of(board: &Board, alarm: AlarmId) -> Option<String> {
    let ended = board.find(alarm)?.calls.first()?.ended.as_ref()?;
    Some(ended.how.to_string())
}

fn is_missed(board: &Board, alarm: AlarmId) -> bool {
    board.find(alarm).is_some_and(|card| card.escalations.iter().any(|one| one.rule.to_string() == "missed-call"))
}

#[tokio::test]
async fn each_change_of_a_call_is_another_version_of_the_board() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let call = begin(&queue);
    let board = board_where(&queue, "a call", |board| board.calls.contains_key(&call.id())).await;
    call.speech(Speech::Listen);
    let listens = |board: &Board| board.calls.values().any(|call| call.speech == Speech::Listen);
    let heard = board_where(&queue, "listening", listens).await;
    assert!(heard.version > board.version && heard.cursor() != board.cursor());
    let signal = press_in(&call, "1");
    submit(&queue, signal.clone()).await;
    let alarm = AlarmId::from(signal.id);
    let board = board_where(&queue, "a card", |board| board.find(alarm).is_some()).await;
    assert_eq!(board.find(alarm).unwrap().calls[0].id, call.id());
    assert_eq!(end_of(&board, alarm), None);
    call.end(End::RemoteHangup);
    let board = board_where(&queue, "missed", |board| is_missed(board, alarm)).await;
    assert_eq!((end_of(&board, alarm).as_deref(), board.calls.len()), (Some("remote-hangup"), 0));
    assert_eq!(board.find(alarm).unwrap().level, 1);
    queue.close().await;
}

#[tokio::test]
async fn a_call_is_on_its_card_in_both_stores_and_ends_once() {
    let server = Postgres::shared().unwrap();
    let database = server.create_database().unwrap();
    let url = server.url(&database);
    let directory = tempfile::tempdir().unwrap();
    let settings = |name: &str| config(name, &directory.path().join(name), Some(&url));
    let (one, two) = (Queue::open(settings("r1")).await.unwrap(), Queue::open(settings("r2")).await.unwrap());
    connected(&one).await;
    connected(&two).await;
    let call = begin(&one);
    let signal = press_in(&call, "1");
    submit(&one, signal.clone()).await;
    let alarm = AlarmId::from(signal.id);
    let board = board_where(&two, "the other's card", |board| board.find(alarm).is_some()).await;
    assert_eq!((board.find(alarm).unwrap().calls[0].id, board.calls.len()), (call.id(), 0));
    call.end(End::ClearedDown);
    for queue in [&one, &two] {
        let board = board_where(queue, "missed", |board| is_missed(board, alarm)).await;
        assert_eq!(end_of(&board, alarm).as_deref(), Some("cleared-down"));
    }
    connected(&one).await;
    let kept = "SELECT (SELECT call FROM signal) = (SELECT call FROM action WHERE act = 'call-ended'), \
                calls -> 0 ->> 'how', level, (SELECT outcome FROM action WHERE act = 'call-ended') FROM alarm";
    assert_eq!(server.sql(&database, kept).unwrap().trim(), "t|cleared-down|1|cleared-down");
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn a_start_ends_the_calls_that_this_receiver_had() {
    let server = Postgres::shared().unwrap();
    let url = server.url(&server.create_database().unwrap());
    let directory = tempfile::tempdir().unwrap();
    for (name, url) in [("standalone", None), ("database", Some(url.as_str()))] {
        let directory = directory.path().join(name);
        let queue = Queue::open(config("r1", &directory, url)).await.unwrap();
        let call = begin(&queue);
        let signal = press_in(&call, "1");
        submit(&queue, signal.clone()).await;
        let alarm = AlarmId::from(signal.id);
        queue.close().await;
        std::mem::forget(call);
        let queue = Queue::open(config("r1", &directory, url)).await.unwrap();
        let board = board_where(&queue, "lost", |board| end_of(board, alarm).is_some()).await;
        assert_eq!(end_of(&board, alarm).as_deref(), Some("lost"), "{name}");
        board_where(&queue, "missed", |board| is_missed(board, alarm)).await;
        queue.close().await;
    }
}

fn ann() -> Actor {
    Actor { person: "Ann".into(), desk: "desk 1".into() }
}

fn command(alarm: AlarmId, call: CallId, wanted: Operator) -> Commanded {
    Commanded { id: ActionId(Uuid::new_v4()), alarm, call, by: ann(), wanted }
}

/// A call with a card that Ann has, and its line.
async fn claimed_call(queue: &Queue) -> (CallHandle, mpsc::Receiver<Operate>, AlarmId) {
    let (operator, line) = mpsc::channel(4);
    let supports = Supports::of(&[Command::Speak, Command::Volume, Command::HangUp]);
    let call = begin_with(queue, LiveCall { supports, ..live("modem-1") }, operator);
    let signal = press_in(&call, "1");
    submit(queue, signal.clone()).await;
    let alarm = AlarmId::from(signal.id);
    act(queue, alarm, "Ann", claim()).await.unwrap();
    (call, line, alarm)
}

async fn log_of(queue: &Queue, alarm: AlarmId) -> Vec<(&'static str, String)> {
    let log = queue.detail(alarm).await.unwrap().log;
    let told = |act: &Act| match act {
        Act::Operate { command, .. } => command.clone(),
        Act::Operated { command, outcome, .. } => format!("{command}: {outcome}"),
        _ => String::new(),
    };
    log.iter().map(|one| (one.action.act.name(), told(&one.action.act))).collect()
}

/// In whatever order: what came of a command is told before it is kept.
async fn until_log(queue: &Queue, alarm: AlarmId, expected: &[(&'static str, &str)]) {
    let mut expected: Vec<_> = expected.iter().map(|(act, told)| (*act, (*told).to_owned())).collect();
    expected.sort();
    let same = async {
        loop {
            let mut log = log_of(queue, alarm).await;
            log.sort();
            if log == expected {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(common::PATIENCE, same).await;
    assert!(in_time.is_ok(), "{:?}", log_of(queue, alarm).await);
}

#[tokio::test]
async fn a_command_is_kept_before_the_line_hears_of_it_and_goes_there_once() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let (call, mut line, alarm) = claimed_call(&queue).await;
    let louder = command(alarm, call.id(), Operator::Volume(Volume::Up));
    let asked = || {
        tokio::spawn({
            let (queue, louder) = (queue.clone(), louder.clone());
            async move { queue.operate(louder).await }
        })
    };
    let (one, other) = (asked(), asked());
    let heard = line.recv().await.unwrap();
    assert_eq!((heard.wanted, heard.by), (Operator::Volume(Volume::Up), ann()));
    assert_eq!(log_of(&queue, alarm).await.last().unwrap(), &("operate", "volume-up".to_owned()));
    heard.reply.send(Operated::Done).unwrap();
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    asked().await.unwrap().unwrap();
    until_log(&queue, alarm, &[("claim", ""), ("operate", "volume-up"), ("operated", "volume-up: done")]).await;
    assert!(line.try_recv().is_err(), "once");
    assert_eq!(queue.board().borrow().calls[&call.id()].talker, None, "that is no speech");
    call.end(End::Released);
    board_where(&queue, "over", |board| board.calls.is_empty()).await;
    asked().await.unwrap().unwrap();
    let late = queue.operate(command(alarm, louder.call, Operator::Speak)).await;
    assert!(matches!(late, Err(OperateError::Act(ActError::Refused { refusal: Refusal::NoCall, .. }))), "{late:?}");
    queue.close().await;
}

#[tokio::test]
async fn whoever_speaks_is_shown_and_a_refusal_has_its_reason() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let (call, mut line, alarm) = claimed_call(&queue).await;
    let answers = tokio::spawn(async move {
        for operated in [Operated::Done, Operated::Refused("not so low"), Operated::Unsupported] {
            line.recv().await.unwrap().reply.send(operated).unwrap();
        }
        // The line goes away with a command in its hands.
        drop(line.recv().await);
    });
    let wants = |wanted: Operator| queue.operate(command(alarm, call.id(), wanted));
    wants(Operator::Speak).await.unwrap();
    let has_ann = |board: &Board| board.calls[&call.id()].talker.as_ref().is_some_and(|talker| talker.actor == ann());
    board_where(&queue, "Ann speaks", has_ann).await;
    let lower = || Operator::Volume(Volume::Down);
    assert!(matches!(wants(lower()).await, Err(OperateError::Refused("not so low"))));
    assert!(matches!(wants(lower()).await, Err(OperateError::Unsupported(_))));
    assert!(matches!(wants(Operator::HangUp).await, Err(OperateError::Refused("the call has ended"))));
    answers.await.unwrap();
    // What its protocol has no word for is not even kept.
    assert!(matches!(wants(Operator::Duplex).await, Err(OperateError::Unsupported(_))));
    let spoken = [("operate", "speak"), ("operated", "speak: done")];
    let refused = [("operate", "volume-down"), ("operated", "volume-down: not so low")];
    let more = [("operate", "volume-down"), ("operated", "volume-down: unsupported")];
    let last = [("operate", "hang-up"), ("operated", "hang-up: the call has ended")];
    until_log(&queue, alarm, &[&[("claim", "")], &spoken[..], &refused, &more, &last].concat()).await;
    queue.close().await;
}

#[tokio::test]
async fn only_the_holder_commands_and_only_on_the_line_s_own_receiver() {
    let server = Postgres::shared().unwrap();
    let url = server.url(&server.create_database().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let settings = |name: &str| config(name, &directory.path().join(name), Some(&url));
    let (one, two) = (Queue::open(settings("r1")).await.unwrap(), Queue::open(settings("r2")).await.unwrap());
    connected(&one).await;
    connected(&two).await;
    let (call, mut line, alarm) = claimed_call(&one).await;
    let ben = Actor { person: "Ben".into(), ..ann() };
    let speak = command(alarm, call.id(), Operator::Speak);
    let refused = one.operate(Commanded { by: ben, ..speak.clone() }).await;
    assert!(matches!(refused, Err(OperateError::Act(ActError::Refused { refusal: Refusal::NotHolder { .. }, .. }))));
    board_where(&two, "hers", |board| board.find(alarm).is_some_and(|card| card.claim.is_some())).await;
    let elsewhere = two.operate(speak).await;
    assert!(matches!(&elsewhere, Err(OperateError::Elsewhere(receiver)) if receiver.as_str() == "r1"), "{elsewhere:?}");
    let none = one.operate(command(alarm, CallId(Uuid::now_v7()), Operator::Speak)).await;
    assert!(matches!(none, Err(OperateError::Act(ActError::Refused { refusal: Refusal::NoCall, .. }))));
    assert!(line.try_recv().is_err());
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn a_line_that_does_not_answer_is_not_waited_for_and_its_late_word_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), None)).await.unwrap();
    let (call, mut line, alarm) = claimed_call(&queue).await;
    let louder = command(alarm, call.id(), Operator::Volume(Volume::Up));
    let asked = tokio::spawn({
        let (queue, louder) = (queue.clone(), louder.clone());
        async move { queue.operate(louder).await }
    });
    let heard = line.recv().await.unwrap();
    tokio::time::pause();
    assert!(matches!(asked.await.unwrap(), Err(OperateError::NoAnswer)));
    tokio::time::resume();
    heard.reply.send(Operated::Done).unwrap();
    queue.operate(louder).await.unwrap();
    until_log(&queue, alarm, &[("claim", ""), ("operate", "volume-up"), ("operated", "volume-up: done")]).await;
    queue.close().await;
}

/// Doors open only where the line allows it and the registry's entry of that very unit.
#[tokio::test]
async fn equipment_is_switched_only_where_the_unit_s_entry_allows_it() {
    let server = Postgres::shared().unwrap();
    let url = server.url(&server.create_database().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let queue = Queue::open(config("r1", directory.path(), Some(&url))).await.unwrap();
    connected(&queue).await;
    let row = |line: u64, label: &str, identity: &str, flags: &str| {
        let cells =
            [(Field::Reference, label), (Field::Label, label), (Field::Identities, identity), (Field::Flags, flags)];
        let cells = cells.into_iter().map(|(field, text)| (field, text.to_owned())).collect();
        Row { line, id: None, fresh: UnitId(Uuid::new_v4()), cells }
    };
    let rows = vec![row(2, "a", "north:surgard:1", "equipment-control"), row(3, "b", "north:surgard:2", "key-safe")];
    queue.import_units(Import { id: Uuid::new_v4(), person: "Sue".to_owned(), rows, dry_run: false }).await.unwrap();
    let (operator, mut line) = mpsc::channel(4);
    let supports = Supports::of(&[Command::Door]);
    let call = begin_with(&queue, LiveCall { supports, ..live("modem-1") }, operator);
    for (account, is_allowed) in [("1", true), ("2", false), ("3", false)] {
        let mut signal = press_in(&call, account);
        let place = Place { receiver: &signal.receiver, line: &signal.line, namespace: Some("north") };
        signal.unit = UnitKey::of(&signal.report, &place, signal.id, &queue.registry());
        submit(&queue, signal.clone()).await;
        let alarm = AlarmId::from(signal.id);
        act(&queue, alarm, "Ann", claim()).await.unwrap();
        let asked = tokio::spawn({
            let (queue, opens) = (queue.clone(), command(alarm, call.id(), Operator::Control(Control::Door(1))));
            async move { queue.operate(opens).await }
        });
        if is_allowed {
            line.recv().await.unwrap().reply.send(Operated::Done).unwrap();
            asked.await.unwrap().unwrap();
        } else {
            let refused = asked.await.unwrap();
            assert!(matches!(&refused, Err(OperateError::Refused(why)) if why.contains("registry")), "{refused:?}");
            assert!(line.try_recv().is_err() && log_of(&queue, alarm).await.len() == 1, "not sent, and not kept");
        }
    }
    queue.close().await;
}
