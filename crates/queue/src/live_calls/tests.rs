use telecare_alarm::{ActionId, AlarmId, LineId};
use uuid::Uuid;

use super::operate::Way;
use super::*;

fn call(n: u128) -> LiveCall {
    LiveCall {
        id: CallId(Uuid::from_u128(n)),
        line: LineId::new("modem-1"),
        caller: Some("01527 1".to_owned()),
        began: OffsetDateTime::UNIX_EPOCH,
        reach: Reach::Unknown,
        speech: Speech::None,
        supports: Supports::NONE,
        talker: None,
    }
}

fn begin(calls: &LiveCalls, n: u128) -> CallHandle {
    calls.begin(call(n), mpsc::channel(1).0)
}

fn calls() -> (LiveCalls, mpsc::UnboundedReceiver<Event>) {
    let (keeper, told) = mpsc::unbounded_channel();
    (LiveCalls::new(keeper), told)
}

#[test]
fn the_keeper_is_told_once_of_what_changed_and_only_of_that() {
    let (calls, mut told) = calls();
    assert!(calls.take().is_none());
    let handle = begin(&calls, 1);
    handle.speech(Speech::Speak);
    assert!(told.try_recv().is_ok() && told.try_recv().is_err(), "one word for both");
    let news = calls.take().unwrap();
    assert_eq!(news.calls[&handle.id()].speech, Speech::Speak);
    handle.speech(Speech::Speak);
    handle.supports(Supports::NONE);
    assert!(told.try_recv().is_err() && calls.take().is_none(), "nothing new");
    let ann = Actor { person: "Ann".into(), desk: "1".into() };
    handle.talker(Some(ann.clone()));
    handle.reach(Reach::Extension("21".to_owned()));
    let news = calls.take().unwrap();
    assert_eq!(news.calls[&handle.id()].talker.as_ref().map(|talker| &talker.actor), Some(&ann));
}

#[test]
fn an_end_is_told_once_and_a_dropped_call_was_lost() {
    let (calls, _told) = calls();
    let (one, other) = (begin(&calls, 1), begin(&calls, 2));
    let ids = [one.id(), other.id()];
    one.end(End::ClearedDown);
    drop(other);
    let news = calls.take().unwrap();
    assert!(news.calls.is_empty() && news.ids().is_empty());
    let over: Vec<_> = news.over.iter().map(|over| (over.call, &*over.how)).collect();
    assert_eq!(over, [(ids[0], "cleared-down"), (ids[1], LOST)]);
    assert!(calls.take().is_none());
}

#[test]
fn commands_have_a_bound_and_those_of_a_live_call_are_not_forgotten() {
    let (calls, _told) = calls();
    let command = |call: u128, n: u128| Commanded {
        id: ActionId(Uuid::from_u128(call * 10_000 + n)),
        alarm: AlarmId(Uuid::nil()),
        call: CallId(Uuid::from_u128(call)),
        by: Actor { person: "Ann".into(), desk: "1".into() },
        wanted: Operator::Speak,
    };
    let asks = |call, n| calls.lock().way(&command(call, n), Ok(()));
    let supports = Supports::of(&[Command::Speak]);
    let live = calls.begin(LiveCall { supports, ..call(1) }, mpsc::channel(1).0);
    let gives_all = |of| (0..1_000u128).all(|n| matches!(asks(of, n), Way::New(..)));
    assert!(gives_all(1) && matches!(asks(1, 9_999), Way::Refused(OperateError::Refused(_))));
    for n in 2..=11 {
        let over = calls.begin(LiveCall { supports, ..call(n) }, mpsc::channel(1).0);
        assert!(gives_all(n));
        over.end(End::Released);
    }
    assert_eq!(calls.lock().asked.count(), operate::REMEMBERED_MAX);
    assert!(
        matches!(asks(1, 0), Way::Known(_)) && matches!(asks(11, 999), Way::Known(_)),
        "the oldest live, the latest"
    );
    assert!(matches!(asks(2, 0), Way::NotLive), "forgotten, and sent nowhere");
    drop(live);
}

#[test]
fn more_calls_than_there_can_be_are_not_shown() {
    let (calls, _told) = calls();
    let handles: Vec<_> = (0..=1_024).map(|n| begin(&calls, n)).collect();
    assert_eq!(calls.take().unwrap().calls.len(), LIVE_MAX);
    handles.last().unwrap().speech(Speech::Speak);
    assert!(calls.take().is_none());
}
