use telecare_alarm::LineId;
use uuid::Uuid;

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
fn more_calls_than_there_can_be_are_not_shown() {
    let (calls, _told) = calls();
    let handles: Vec<_> = (0..=1_024).map(|n| begin(&calls, n)).collect();
    assert_eq!(calls.take().unwrap().calls.len(), LIVE_MAX);
    handles.last().unwrap().speech(Speech::Speak);
    assert!(calls.take().is_none());
}
