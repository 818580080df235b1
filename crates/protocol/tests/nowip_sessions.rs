//! Sessions S1-S10 of NOW-IP and what else the conversations promise, on virtual time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::bs8521::Frame;
use telecare_protocol::call::{Control, Operated, Operator, Request, RequestId};
use telecare_protocol::nowip::{
    Bad, CallId, Calls, Document, End, Kind, Output, Program, SendId, Sent, Settings, Told, Unit, UnitCommand,
    UnitFaults, UnitSettings, read,
};
use telecare_protocol::sia_dc09::{Clock, Stamp};
use telecare_protocol::{Answered, Codes, Counted, Delivery, Message, Outcome, Report, Token, Trigger};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const V1: &str = "010000012345000001901900";
const V2: &str = "120044120077002701011800";
const USER: &str = "1001";

fn clock(at: Instant) -> Clock {
    let Stamp::At(utc) = Stamp::read("14:05:09,11-27-2026") else { panic!() };
    Clock { at, utc }
}

struct Rig {
    calls: Calls,
    now: Instant,
    start: Instant,
}

/// What the machine asked for, short.
#[derive(Debug, PartialEq)]
enum Did {
    A,
    Sent(Kind, String),
    Progress(u64),
    Route(u64, Option<Token>),
    Release(u64),
    Report(Token, Trigger, String),
    Alive(Token),
    Left(Token, Answered),
    Operated(u64, Operated),
    Value(String),
    Told(Told),
    Ended(u64, End),
    Count(Counted),
}

impl Rig {
    fn new() -> Rig {
        Rig::with(Settings::default())
    }

    fn with(settings: Settings) -> Rig {
        let start = Instant::now();
        Rig { calls: Calls::new(settings, Arc::clone(&CODES), clock(start)), now: start, start }
    }

    fn document(&mut self, kind: Kind, data: &str) -> Vec<Did> {
        let document = Document::new(kind, data, "x", clock(self.start).utc.time());
        self.body(&document.write())
    }

    fn body(&mut self, body: &[u8]) -> Vec<Did> {
        self.calls.document(USER, read(body), body, self.now);
        self.did()
    }

    fn invite(&mut self, call: u64) -> Vec<Did> {
        self.calls.invited(USER, CallId(call), self.now);
        self.did()
    }

    fn routed(&mut self, call: u64) -> Vec<Did> {
        self.calls.routed(CallId(call), self.now);
        self.did()
    }

    fn stored(&mut self, token: u64) -> Vec<Did> {
        self.calls.stored(Token(token), self.now);
        self.did()
    }

    fn refused(&mut self, token: u64) -> Vec<Did> {
        self.calls.refused(Token(token), self.now);
        self.did()
    }

    fn ask(&mut self, id: u64, wanted: Operator) -> Vec<Did> {
        self.calls.request(USER, Request { id: RequestId(id), wanted }, self.now);
        self.did()
    }

    fn program(&mut self, id: u64, program: Program) -> Vec<Did> {
        self.calls.program(USER, RequestId(id), program, self.now);
        self.did()
    }

    /// Time passes; what is due on the way is done at its instant.
    fn wait(&mut self, ms: u64) -> Vec<Did> {
        let until = self.now + Duration::from_millis(ms);
        let mut did = Vec::new();
        while let Some(due) = self.calls.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.calls.handle_timeout(self.now);
            did.extend(self.did());
        }
        self.now = until;
        did
    }

    fn did(&mut self) -> Vec<Did> {
        let mut all = Vec::new();
        while let Some(output) = self.calls.next_output() {
            all.push(short(output));
        }
        all
    }
}

fn short(output: Output) -> Did {
    match output {
        Output::Send { document, .. } if document.kind == Kind::Acknowledgement => Did::A,
        Output::Send { document, .. } => Did::Sent(document.kind, document.data),
        Output::Progress(call) => Did::Progress(call.0),
        Output::Route { call, about, .. } => Did::Route(call.0, about),
        Output::Release(call) => Did::Release(call.0),
        Output::Deliver(_, delivery) => match delivery.message {
            Message::Report(report) => {
                let event = report.principal().unwrap().clone();
                Did::Report(delivery.token, event.trigger, event.code)
            }
            Message::SignOfLife(_) => Did::Alive(delivery.token),
        },
        Output::Left(token, answered) => Did::Left(token, answered),
        Output::Operated { id, operated, .. } => Did::Operated(id.0, operated),
        Output::Value { value, .. } => Did::Value(value),
        Output::Told(_, told) => Did::Told(told),
        Output::Ended(_, call, end) => Did::Ended(call.0, end),
        Output::Count(counted) => Did::Count(counted),
    }
}

fn pendant(token: u64) -> Did {
    Did::Report(Token(token), Trigger::Pendant, "019".into())
}

fn command(data: &str) -> Did {
    Did::Sent(Kind::Command, data.into())
}

fn positive(token: u64) -> Did {
    Did::Left(Token(token), Answered::Positive)
}

fn bad(name: &'static str) -> Did {
    Did::Count(Counted::BadFrame(name))
}

/// A scheme whose alarm is stored and whose call an operator has; dwelling 0027 is being selected.
fn scheme(settings: Settings) -> Rig {
    let mut rig = Rig::with(settings);
    assert_eq!(rig.invite(1), [Did::Progress(1)]);
    assert_eq!(rig.document(Kind::Alarm, V2), [Did::Report(Token(0), Trigger::FixedTrigger, "010".into())]);
    assert_eq!(rig.stored(0), [Did::A, positive(0), Did::Route(1, Some(Token(0)))]);
    assert_eq!(rig.routed(1), [command("00027")]);
    rig
}

/// The same with its path open.
fn selected(settings: Settings) -> Rig {
    let mut rig = scheme(settings);
    assert_eq!(rig.document(Kind::Response, "002701011800"), [Did::Told(Told::Selected("0027".into()))]);
    rig
}

#[test]
fn s1_alarm_in_a_call() {
    let mut rig = Rig::new();
    assert_eq!(rig.invite(1), [Did::Progress(1)]);
    assert_eq!(rig.wait(200), []);
    assert_eq!(rig.document(Kind::Alarm, V1), [pendant(0)]);
    assert_eq!(rig.wait(50), []);
    assert_eq!(rig.stored(0), [Did::A, positive(0), Did::Route(1, Some(Token(0)))]);
    assert_eq!(rig.routed(1), []);
    assert_eq!(rig.wait(60_000), [], "its call came");
}

#[test]
fn s2_a_call_without_an_alarm_goes_to_an_operator() {
    let mut rig = Rig::new();
    rig.invite(1);
    assert_eq!(rig.wait(5_999), []);
    let silent = Did::Report(Token(0), Trigger::Silent, "CallWithoutAlarm".into());
    assert_eq!(rig.wait(1), [silent, Did::Route(1, Some(Token(0)))]);
    assert_eq!(rig.stored(0), [], "nothing to acknowledge");
}

#[test]
fn s3_the_same_twice_is_one_alarm_and_two_answers() {
    let mut rig = Rig::new();
    rig.invite(1);
    rig.document(Kind::Alarm, V1);
    rig.stored(0);
    rig.wait(3_000);
    assert_eq!(rig.document(Kind::Alarm, V1), [Did::A]);
}

#[test]
fn copies_before_the_verdict_are_one_alarm_and_one_answer() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    rig.wait(1_900);
    assert_eq!(rig.document(Kind::Alarm, V1), []);
    rig.wait(1_900);
    assert_eq!(rig.stored(0), [Did::A, positive(0)], "in time for the copy");
}

#[test]
fn s4_speech_was_announced_and_no_call_came() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    assert_eq!(rig.stored(0), [Did::A, positive(0)]);
    assert_eq!(rig.wait(59_999), []);
    assert_eq!(rig.wait(1), [Did::Report(Token(1), Trigger::Information, "NoCall".into())]);
    assert_eq!(rig.wait(120_000), []);
    let mut silent = Rig::new();
    silent.document(Kind::Alarm, "000000012345000006201106");
    silent.stored(0);
    assert_eq!(silent.wait(120_000), [], "D = 0: no call is expected");
    assert_eq!(silent.calls.held(), (0, 0), "and nothing remembered");
}

#[test]
fn s5_a_call_after_its_alarm() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    rig.stored(0);
    rig.wait(2_000);
    assert_eq!(rig.invite(1), [Did::Progress(1), Did::Route(1, Some(Token(0)))]);
    assert_eq!(rig.wait(100_000), []);
}

#[test]
fn s6_a_scheme_goes_on_to_the_next_dwelling() {
    let mut rig = selected(Settings::default());
    assert_eq!(rig.ask(7, Operator::Clear), [command("9")]);
    let cleared = [Did::Told(Told::Outstanding(1)), Did::Operated(7, Operated::Done), command("10000")];
    assert_eq!(rig.document(Kind::Response, "01"), cleared);
    let second = [Did::Report(Token(1), Trigger::Inactivity, "043".into())];
    assert_eq!(rig.document(Kind::Response, "010404300500"), second);
    assert_eq!(rig.stored(1), [Did::A, positive(1), command("00104")]);
    assert_eq!(rig.document(Kind::Response, "010404300500"), [Did::Told(Told::Selected("0104".into()))]);
    assert_eq!(rig.ask(8, Operator::Clear), [command("9")]);
    let last = [Did::Told(Told::Outstanding(0)), Did::Operated(8, Operated::Done), command("D")];
    assert_eq!(rig.document(Kind::Response, "00"), last);
    assert_eq!(rig.document(Kind::Acknowledgement, "."), [Did::Release(1), Did::Ended(1, End::ClearedDown)]);
}

#[test]
fn s7_a_busy_dwelling_is_told_of_after_the_list() {
    let mut rig = scheme(Settings::default());
    assert_eq!(rig.document(Kind::Busy, "."), [command("10000")]);
    let busy = Did::Told(Told::NotSelected("0027".into(), "the unit is busy"));
    assert_eq!(rig.document(Kind::Response, "000000000000"), [busy], "no acknowledgement: it names no alarm");
}

#[test]
fn a_dwelling_that_stays_busy_is_not_tried_for_ever() {
    let mut rig = scheme(Settings::default());
    assert_eq!(rig.document(Kind::Busy, "."), [command("10000")]);
    assert_eq!(rig.document(Kind::Response, "002701011800"), [Did::A, command("00027")], "known and stored");
    assert_eq!(rig.document(Kind::Busy, "."), [command("10000")]);
    let busy = Did::Told(Told::NotSelected("0027".into(), "the unit is busy"));
    assert_eq!(rig.document(Kind::Response, "002701011800"), [Did::A, busy]);
}

#[test]
fn s8_nothing_is_acknowledged_that_the_store_refuses() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    assert_eq!(rig.refused(0), [Did::Left(Token(0), Answered::Withheld)]);
    rig.wait(5_000);
    assert_eq!(rig.document(Kind::Alarm, V1), [pendant(1)], "delivered again");
    assert_eq!(rig.stored(1), [Did::A, positive(1)]);
}

#[test]
fn a_late_verdict_is_no_answer_but_its_copy_is() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    rig.wait(2_001);
    assert_eq!(rig.stored(0), [Did::Count(Counted::LateAnswer), Did::Left(Token(0), Answered::Late)]);
    assert_eq!(rig.document(Kind::Alarm, V1), [Did::A]);
}

/// An acknowledgement names nothing: one of a heartbeat could be taken for the alarm's.
#[test]
fn nothing_is_acknowledged_while_an_alarm_is_not_stored() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    assert_eq!(rig.document(Kind::Heartbeat, "000123450000"), [Did::Alive(Token(1))]);
    assert_eq!(rig.stored(1), [Did::Left(Token(1), Answered::Withheld)]);
    rig.document(Kind::Alarm, "010000012345000001601900");
    assert_eq!(rig.stored(2), [], "the first alarm is not");
    assert_eq!(rig.stored(0), [Did::A, positive(0), Did::A, positive(2)]);
    rig.document(Kind::Heartbeat, "000123450000");
    assert_eq!(rig.stored(3), [Did::A, positive(3)]);
}

#[test]
fn a_refused_alarm_that_nobody_repeats_holds_nothing_up_for_ever() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    rig.refused(0);
    rig.document(Kind::Heartbeat, "000123450000");
    assert_eq!(rig.stored(1), [Did::Left(Token(1), Answered::Withheld)]);
    rig.wait(30_000);
    rig.document(Kind::Heartbeat, "000123450000");
    assert_eq!(rig.stored(2), [Did::A, positive(2)]);
}

/// A thousand units, a hundred heartbeats a second, a minute.
#[test]
fn s9_heartbeats_are_answered_and_leave_nothing_behind() {
    let mut rig = Rig::new();
    let (mut answered, body) = (0, Document::new(Kind::Heartbeat, "000123450000", "x", clock(rig.start).utc.time()));
    let body = body.write();
    for beat in 0..6_000u32 {
        rig.now += Duration::from_millis(10);
        rig.calls.document(&format!("unit{}", beat % 1_000), read(&body), &body, rig.now);
        let token = Token(u64::from(beat));
        assert_eq!(rig.did(), [Did::Alive(token)]);
        rig.calls.stored(token, rig.now);
        assert_eq!(rig.did(), [Did::A, Did::Left(token, Answered::Positive)]);
        answered += 1;
        assert_eq!((rig.calls.held(), rig.calls.poll_timeout()), ((0, 0), None));
    }
    assert_eq!(answered, 6_000);
}

#[test]
fn s10_a_call_given_up_after_its_alarm() {
    let mut rig = Rig::new();
    rig.invite(1);
    rig.document(Kind::Alarm, V1);
    rig.calls.cancelled(CallId(1), rig.now);
    assert_eq!(rig.did(), [Did::Ended(1, End::Abandoned)], "the alarm is kept");
    assert_eq!(rig.stored(0), [Did::A, positive(0)]);
    assert_eq!(rig.wait(120_000), [], "its call came");
}

#[test]
fn a_call_given_up_before_its_alarm_is_told() {
    let mut rig = Rig::new();
    rig.invite(1);
    rig.calls.cancelled(CallId(1), rig.now);
    let abandoned = Did::Report(Token(0), Trigger::FaultyCall, "Abandoned".into());
    assert_eq!(rig.did(), [abandoned, Did::Ended(1, End::Abandoned)]);
}

/// No unit repeats a report of a call: it is offered until it is stored.
#[test]
fn a_report_of_a_call_is_offered_again() {
    let mut rig = Rig::new();
    rig.invite(1);
    rig.wait(6_000);
    assert_eq!(rig.refused(0), []);
    let again = |token: u64| [Did::Report(Token(token), Trigger::Silent, "CallWithoutAlarm".into())];
    assert_eq!(rig.wait(5_000), again(1));
    assert_eq!(rig.refused(1), []);
    assert_eq!(rig.wait(5_000), again(2));
    rig.stored(2);
    assert_eq!(rig.wait(5_000), []);
}

#[test]
fn a_call_does_not_wait_for_a_store_that_is_silent() {
    let mut rig = Rig::new();
    rig.invite(1);
    rig.document(Kind::Alarm, V1);
    assert_eq!(rig.wait(6_000), [Did::Route(1, Some(Token(0)))]);
}

#[test]
fn a_second_call_waits_for_its_own_alarm() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    rig.stored(0);
    rig.invite(1);
    rig.routed(1);
    rig.calls.ended(USER, rig.now);
    assert_eq!(rig.did(), [Did::Ended(1, End::HungUp)]);
    assert_eq!(rig.invite(2), [Did::Progress(2)], "it may be about another alarm");
    rig.document(Kind::Alarm, V2);
    assert_eq!(rig.stored(1), [Did::A, positive(1), Did::Route(2, Some(Token(1)))]);
    let replaced = [Did::Progress(3), Did::Release(2), Did::Ended(2, End::Replaced)];
    assert_eq!(rig.invite(3), replaced);
    assert_eq!(rig.wait(6_000), [Did::Route(3, Some(Token(1)))], "nothing newer came");
}

#[test]
fn unreadable_bodies_are_shown_once_and_never_acknowledged() {
    let mut rig = Rig::new();
    let body = Document::new(Kind::Alarm, "0100", "x", clock(rig.start).utc.time()).write();
    let shown = Did::Report(Token(0), Trigger::Unreadable, "DataLength".into());
    assert_eq!(rig.body(&body), [bad("DataLength"), shown]);
    assert_eq!(rig.stored(0), []);
    assert_eq!(rig.body(&body), [bad("DataLength")]);
    rig.invite(1);
    assert_eq!(rig.wait(6_000), [Did::Route(1, Some(Token(0)))], "the call belongs to it");
    for number in 0..40 {
        rig.body(format!("no XML {number}").as_bytes());
    }
    assert_eq!(rig.calls.held().1, 7, "no more than the bound of one session");
}

#[test]
fn a_refused_unreadable_body_is_shown_when_it_comes_again() {
    let mut rig = Rig::new();
    assert_eq!(rig.body(b"?").len(), 2);
    rig.refused(0);
    assert_eq!(rig.body(b"?").len(), 2);
}

/// Vector E12.
#[test]
fn a_heartbeat_of_another_length_is_a_sign_of_life() {
    let mut rig = Rig::new();
    assert_eq!(rig.document(Kind::Heartbeat, "00012345"), [bad("DataLength"), Did::Alive(Token(0))]);
    assert_eq!(rig.stored(0), [Did::A, positive(0)]);
}

/// Vector E14.
#[test]
fn answers_that_nobody_asked_for_are_counted() {
    let mut rig = Rig::new();
    assert_eq!(rig.document(Kind::Response, "002701011800"), [bad("UnexpectedType")]);
    assert_eq!(rig.document(Kind::Command, "9"), [bad("UnexpectedType")]);
    let mut open = selected(Settings::default());
    assert_eq!(open.document(Kind::Response, "002701011800"), [bad("UnexpectedType")]);
    assert_eq!(open.document(Kind::Busy, "."), [bad("UnexpectedType")]);
}

#[test]
fn a_listed_call_is_selected_only_when_it_is_stored() {
    let mut rig = selected(Settings::default());
    assert_eq!(rig.ask(1, Operator::Next), [command("10000")]);
    rig.document(Kind::Response, "010404300500");
    assert_eq!(rig.document(Kind::Response, "010404300500"), [], "a copy");
    let refused =
        [Did::Left(Token(1), Answered::Withheld), Did::Operated(1, Operated::Refused("its call could not be stored"))];
    assert_eq!(rig.refused(1), refused);
    assert_eq!(rig.ask(2, Operator::Next), [command("10000")]);
    assert_eq!(rig.document(Kind::Response, "010404300500").len(), 1, "delivered again");
    assert_eq!(rig.stored(2), [Did::A, positive(2), command("00104")]);
    assert_eq!(rig.document(Kind::Response, "010404300500").last(), Some(&Did::Operated(2, Operated::Done)));
}

#[test]
fn next_without_another_call_leaves_the_open_one() {
    let mut rig = selected(Settings::default());
    let none = Did::Operated(1, Operated::Refused("no other call is outstanding"));
    assert_eq!(rig.ask(1, Operator::Next), [command("10000")]);
    assert_eq!(rig.document(Kind::Response, "002701011800"), [Did::A, none]);
    assert_eq!(rig.ask(2, Operator::Next), [command("10000")]);
    assert_eq!(
        rig.document(Kind::Response, "000000000000"),
        [Did::Operated(2, Operated::Refused("no other call is outstanding"))]
    );
}

#[test]
fn outstanding_calls_that_nobody_could_name_are_told() {
    let mut rig = selected(Settings::default());
    rig.ask(1, Operator::Clear);
    rig.document(Kind::Response, "02");
    let told = Did::Report(Token(1), Trigger::Unreadable, "OutstandingUnread".into());
    assert_eq!(rig.wait(5_000), [told, command("D")]);
    assert_eq!(rig.wait(3_000), [Did::Release(1), Did::Ended(1, End::Unconfirmed)]);
}

#[test]
fn a_dwelling_that_presses_again_after_its_speech_is_a_new_alarm() {
    let mut rig = selected(Settings::default());
    for token in [1, 2] {
        rig.ask(1, Operator::Clear);
        rig.document(Kind::Response, "01");
        let pressed = [Did::Report(Token(token), Trigger::FixedTrigger, "010".into())];
        assert_eq!(rig.document(Kind::Response, "002701011800"), pressed);
        rig.stored(token);
        rig.document(Kind::Response, "002701011800");
    }
}

#[test]
fn one_command_at_a_time_and_every_request_is_answered() {
    let mut rig = selected(Settings::default());
    assert_eq!(rig.ask(1, Operator::Speak), [command("7")]);
    assert_eq!(rig.ask(2, Operator::Listen), []);
    assert_eq!(rig.document(Kind::Acknowledgement, "."), [Did::Operated(1, Operated::Done), command("8")]);
    assert_eq!(rig.wait(2_999), []);
    assert_eq!(rig.wait(1), [Did::Operated(2, Operated::Refused("the unit did not answer"))]);
    rig.ask(3, Operator::Duplex);
    for id in 4..13 {
        rig.ask(id, Operator::Speak);
    }
    assert_eq!(rig.ask(13, Operator::Speak), [Did::Operated(13, Operated::Refused("too many requests"))]);
    let ended = rig.ask(14, Operator::HangUp);
    let refused = |did: &&Did| matches!(did, Did::Operated(_, Operated::Refused("the call has ended")));
    assert_eq!((ended.iter().filter(refused).count(), ended.len()), (8, 1 + 1 + 8 + 2));
    assert_eq!(ended[0], Did::Operated(14, Operated::Done));
    assert_eq!(ended.last(), Some(&Did::Ended(1, End::Released)));
    assert_eq!(
        Rig::new().ask(1, Operator::Speak),
        [Did::Operated(1, Operated::Refused("nothing was heard of this unit"))]
    );
}

#[test]
fn doors_and_programming_are_off_until_a_site_allows_them() {
    let program = Program::Read("018".into());
    let mut off = selected(Settings::default());
    let refused = |did: Vec<Did>| matches!(did[..], [Did::Operated(1, Operated::Refused(_))]);
    assert!(refused(off.ask(1, Operator::Control(Control::Door(1)))));
    assert!(refused(off.program(1, program.clone())));
    let mut on = selected(Settings { allow_control: true, allow_programming: true, ..Settings::default() });
    assert_eq!(on.ask(1, Operator::Control(Control::Door(1))), [command("20001")]);
    assert_eq!(on.document(Kind::Response, "0001"), [Did::Operated(1, Operated::Done)]);
    assert_eq!(on.ask(2, Operator::Control(Control::KeySafe)), [command("20003")]);
    assert_eq!(on.document(Kind::Response, "0000"), [Did::Operated(2, Operated::Unsupported)]);
    assert_eq!(on.program(3, program), [Did::Sent(Kind::Programming, "500018".into())]);
    let value = [Did::Value("1234".into()), Did::Operated(3, Operated::Done)];
    assert_eq!(on.document(Kind::Programmed, "000181234"), value);
    let set = Program::Set { parameter: "018".into(), value: "4321".into() };
    assert_eq!(on.program(4, set), [Did::Sent(Kind::Programming, "4000180044321".into())]);
    assert_eq!(on.document(Kind::Programmed, "00018"), [Did::Operated(4, Operated::Done)]);
    let long = Program::Set { parameter: "018".into(), value: "1".repeat(392) };
    assert!(matches!(on.program(5, long)[..], [Did::Operated(5, Operated::Refused(_))]));
}

#[test]
fn a_command_that_did_not_arrive_has_failed_at_once() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    rig.stored(0);
    rig.calls.request(USER, Request { id: RequestId(1), wanted: Operator::Speak }, rig.now);
    let sent = std::iter::from_fn(|| rig.calls.next_output()).find_map(|output| match output {
        Output::Send { id, .. } => Some(id),
        _ => None,
    });
    rig.calls.sent(SendId(0), Sent::Failed, rig.now);
    rig.calls.sent(sent.unwrap(), Sent::Delivered, rig.now);
    assert_eq!(rig.did(), [], "an acknowledgement that did not arrive: the unit repeats");
    rig.calls.sent(sent.unwrap(), Sent::Failed, rig.now);
    assert_eq!(rig.did(), [Did::Operated(1, Operated::Refused("the unit could not be reached"))]);
}

/// However long the store takes: its user is remembered, so that nothing else is acknowledged meanwhile.
#[test]
fn a_user_is_remembered_while_its_alarm_waits_for_the_store() {
    let mut rig = Rig::new();
    rig.document(Kind::Alarm, V1);
    assert_eq!(rig.wait(600_000), []);
    rig.document(Kind::Heartbeat, "000123450000");
    assert_eq!(rig.stored(1), [Did::Left(Token(1), Answered::Withheld)]);
    assert_eq!(rig.stored(0), [Did::Count(Counted::LateAnswer), Did::Left(Token(0), Answered::Late)]);
}

/// Bounds: users beyond them are stored and acknowledged, and whoever calls goes to an operator.
#[test]
fn beyond_the_bound_of_users_nothing_is_lost() {
    let settings = Settings { session_quiet: Duration::from_secs(100_000), ..Settings::default() };
    let mut rig = Rig::with(settings);
    let body = Document::new(Kind::Alarm, V1, "x", clock(rig.start).utc.time()).write();
    let bound = telecare_protocol::nowip::SESSIONS_MAX as u64;
    for number in 0..bound + 10 {
        rig.calls.document(&format!("unit{number}"), read(&body), &body, rig.now);
        assert_eq!(rig.did(), [pendant(number)]);
        assert_eq!(rig.stored(number), [Did::A, positive(number)]);
    }
    assert_eq!(rig.calls.held(), (bound as usize, 0));
    let did = rig.invite(1);
    let silent = Did::Report(Token(bound + 10), Trigger::Silent, "CallWithoutAlarm".into());
    assert_eq!(did, [Did::Progress(1), silent, Did::Route(1, Some(Token(bound + 10)))]);
}

#[test]
fn beyond_the_bound_of_verdicts_nothing_is_answered() {
    let mut rig = Rig::new();
    let bound = telecare_protocol::nowip::WAITING_MAX;
    let body = Document::new(Kind::Heartbeat, "000123450000", "x", clock(rig.start).utc.time()).write();
    for _ in 0..bound {
        assert_eq!(rig.body(&body).len(), 1);
    }
    assert_eq!(rig.document(Kind::Alarm, V1), [bad("TooManyWaiting")]);
    rig.stored(0);
    assert_eq!(rig.document(Kind::Alarm, V1), [pendant(bound as u64)]);
}

#[test]
fn a_routed_call_that_nobody_ends_is_forgotten() {
    let mut rig = selected(Settings::default());
    assert_eq!(rig.wait(1_799_999), []);
    assert_eq!(rig.wait(1), [Did::Release(1), Did::Ended(1, End::Quiet)]);
    assert_eq!(rig.calls.held(), (0, 0));
}

/// A simulated unit and the machine, in one call; everything is stored at once, and every call is answered.
struct Both {
    calls: Calls,
    unit: Unit,
    now: Instant,
    reports: Vec<Report>,
    said: Vec<UnitCommand>,
    told: Vec<Told>,
    operated: Vec<Operated>,
    refuses: u32,
}

impl Both {
    fn new(faults: UnitFaults) -> Both {
        let now = Instant::now();
        Both {
            calls: Calls::new(Settings::default(), Arc::clone(&CODES), clock(now)),
            unit: Unit::new(UnitSettings { faults, ..UnitSettings::default() }, clock(now)),
            now,
            reports: Vec::new(),
            said: Vec::new(),
            told: Vec::new(),
            operated: Vec::new(),
            refuses: 0,
        }
    }

    fn run(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        loop {
            while self.step() {}
            let due = [self.calls.poll_timeout(), self.unit.poll_timeout()].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= until) else { break };
            self.now = self.now.max(due);
            self.calls.handle_timeout(self.now);
            self.unit.handle_timeout(self.now);
        }
        self.now = until;
    }

    fn step(&mut self) -> bool {
        if let Some(command) = self.unit.next_command() {
            match &command {
                UnitCommand::Invite => self.calls.invited(USER, CallId(1), self.now),
                UnitCommand::Send(body) => self.calls.document(USER, read(body), body, self.now),
                UnitCommand::HangUp => self.calls.cancelled(CallId(1), self.now),
                _ => self.said.push(command),
            }
            return true;
        }
        let Some(output) = self.calls.next_output() else { return false };
        match output {
            Output::Send { document, .. } => self.unit.handle_body(&document.write(), self.now),
            Output::Progress(_) => self.unit.handle_progress(self.now),
            Output::Route { call, .. } => self.calls.routed(call, self.now),
            Output::Release(_) => self.unit.handle_ended(self.now),
            Output::Deliver(_, delivery) => self.verdict(*delivery),
            Output::Told(_, told) => self.told.push(told),
            Output::Operated { operated, .. } => self.operated.push(operated),
            Output::Left(..) | Output::Value { .. } | Output::Ended(..) | Output::Count(_) => {}
        }
        true
    }

    fn verdict(&mut self, delivery: Delivery) {
        if self.refuses > 0 {
            self.refuses -= 1;
            return self.calls.refused(delivery.token, self.now);
        }
        if let Message::Report(report) = delivery.message {
            self.reports.push(report);
        }
        self.calls.stored(delivery.token, self.now);
    }

    fn alarm(&mut self, data: &str) {
        assert!(self.unit.alarm(Frame::decode_data(data.as_bytes()).unwrap(), self.now));
    }

    fn ask(&mut self, wanted: Operator) {
        self.calls.request(USER, Request { id: RequestId(0), wanted }, self.now);
        self.run(1);
    }
}

#[test]
fn a_simulated_unit_is_acknowledged() {
    for (faults, sends) in [
        (UnitFaults::default(), 1),
        (UnitFaults { message_first: true, ..UnitFaults::default() }, 1),
        (UnitFaults { no_call: true, ..UnitFaults::default() }, 1),
        (UnitFaults { is_doubled: true, ..UnitFaults::default() }, 1),
    ] {
        let mut both = Both::new(faults);
        both.alarm(V1);
        both.run(50);
        assert_eq!((both.reports.len(), both.unit.held()), (1, 0), "{faults:?}");
        assert_eq!(both.said, [UnitCommand::Acknowledged(sends)], "{faults:?}");
        both.unit.heartbeat(both.now);
        both.run(1);
        assert_eq!(both.said[1..], [UnitCommand::Polled]);
    }
}

#[test]
fn a_simulated_unit_repeats_until_the_store_is_back() {
    let mut both = Both::new(UnitFaults { no_call: true, ..UnitFaults::default() });
    both.refuses = 3;
    both.alarm(V1);
    both.run(20);
    assert_eq!((both.reports.len(), &both.said[..]), (1, &[UnitCommand::Acknowledged(4)][..]));
}

#[test]
fn a_simulated_unit_that_cannot_be_read_gives_up_and_is_shown_once() {
    for faults in [
        UnitFaults { is_short: true, no_call: true, ..UnitFaults::default() },
        UnitFaults { without_element: Some("mac"), no_call: true, ..UnitFaults::default() },
    ] {
        let mut both = Both::new(faults);
        both.alarm(V1);
        both.run(30);
        assert_eq!(both.said, [UnitCommand::GaveUp]);
        assert_eq!(both.reports.len(), 1);
        assert!(matches!(both.reports[0].outcome, Outcome::Unreadable(_)));
    }
}

#[test]
fn a_simulated_scheme_is_gone_through_to_its_end() {
    let mut both = Both::new(UnitFaults::default());
    both.unit.wait_too(telecare_protocol::bs8521::Answer::decode(b"010404300500").unwrap());
    both.alarm("120044120077002701011800");
    both.run(1);
    both.ask(Operator::Clear);
    let units: Vec<_> = both.reports.iter().map(|report| report.local_unit.clone().unwrap()).collect();
    // The list tells of the call that was waiting before the alarm only after that is cleared.
    assert_eq!(units, ["0027", "0104"]);
    both.ask(Operator::Clear);
    let expected = ["00027", "9", "10000", "00104", "9", "D"];
    let data = |said: &UnitCommand| match said {
        UnitCommand::Commanded(data) => Some(data.clone()),
        _ => None,
    };
    let commanded: Vec<_> = both.said.iter().filter_map(data).collect();
    assert_eq!(commanded, expected);
    assert_eq!(both.operated, [Operated::Done, Operated::Done]);
}

#[test]
fn a_simulated_scheme_that_answers_nothing_leaves_its_call_to_the_operator() {
    let mut both = Both::new(UnitFaults { no_response: true, ..UnitFaults::default() });
    both.alarm(V2);
    both.run(20);
    assert_eq!(both.told, [Told::NotSelected("0027".into(), "the unit did not answer")]);
}

/// What was read is told by who read it.
#[test]
fn a_body_that_is_bad_names_why() {
    let Err(Bad { error, kind }) = read(b"") else { panic!() };
    assert_eq!((error.name(), kind), ("NotXml", None));
}
