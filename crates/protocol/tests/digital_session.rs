//! A line of digital units on virtual time: from SIP message to delivery, and from the store's word to the answers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail by panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use telecare_protocol::digital::{Account, Accounts, Authentication, Command, Session, Settings, Targets};
use telecare_protocol::sia_dc09::Clock;
use telecare_protocol::sip::{self, Flow, Message, Transport};
use telecare_protocol::{Answered, Codes, Counted, Delivery, Outcome, Protocol, RepeatProof, Report, Sender, Token};
use time::macros::datetime;

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const MRQ: &str = "<mrq><ref>A1</ref><cid>90000001</cid><dty>0003</dty><stc>0010</stc><crd>no-voice:</crd></mrq>";
const MRS: &str = "<mrs><ref>A1</ref><snu>0</snu></mrs>";
const ATM: &str = "<ATM><version>1.5</version><type>1</type><data>010000012345000001901900</data>\
                   <time>14:05:09</time><mac>00:11:22:33:44:55</mac></ATM>";

struct Rig {
    session: Session,
    now: Instant,
    calls: u32,
    deliveries: Vec<Delivery>,
    left: Vec<(u64, Answered)>,
    counted: Vec<&'static str>,
    routes: Vec<(u64, Sender)>,
}

impl Rig {
    fn new(settings: Settings) -> Rig {
        let now = Instant::now();
        let account = |password: &str, identities: &[&str]| Account {
            password: password.to_owned(),
            identities: identities.iter().map(|&identity| identity.to_owned()).collect(),
        };
        let accounts = BTreeMap::from([
            ("90000001".to_owned(), account("secret", &[])),
            ("gateway".to_owned(), account("secret", &["90000001", "90000002"])),
        ]);
        let clock = Clock { at: now, utc: datetime!(2026-11-27 14:05:09 UTC) };
        let session = Session::new(settings, Arc::new(Accounts(accounts)), Arc::clone(&CODES), [3; 16], clock);
        let (deliveries, left, counted, routes) = Default::default();
        Rig { session, now, calls: 0, deliveries, left, counted, routes }
    }

    /// What it sent, each as its first words and its body.
    fn sent(&mut self) -> Vec<(String, String)> {
        let mut sent = Vec::new();
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(_, bytes) => {
                    let (head, body) = match sip::read(&bytes).unwrap() {
                        Message::Request(request) => (request.method.as_str().to_owned(), request.body),
                        Message::Response(response) => {
                            let contact = response.headers.first("Contact").unwrap_or_default();
                            (format!("{} {contact}", response.status).trim().to_owned(), response.body)
                        }
                    };
                    sent.push((head, String::from_utf8(body).unwrap()));
                }
                Command::Deliver(_, delivery) => self.deliveries.push(*delivery),
                Command::Left(token, answered) => self.left.push((token.0, answered)),
                Command::Count(Counted::BadFrame(name)) => self.counted.push(name),
                Command::Count(_) | Command::Close(_) => {}
                Command::Route(call, sender) => self.routes.push((call, sender)),
            }
        }
        sent
    }

    fn words(&mut self) -> Vec<String> {
        self.sent().into_iter().map(|(head, body)| format!("{head} {body}").trim().to_owned()).collect()
    }

    fn request(&mut self, method: &str, user: &str, more: &str, body: &str) -> String {
        self.calls += 1;
        let (call, length) = (self.calls, body.len());
        format!(
            "{method} sip:arc@arc.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-0001\r\n\
             From: <sip:{user}@arc.test>;tag=1\r\nTo: <sip:arc@arc.test>\r\nCall-ID: c{call}\r\nCSeq: 1 {method}\r\n\
             {more}Content-Length: {length}\r\n\r\n{body}"
        )
    }

    fn hear(&mut self, text: &str) -> Vec<String> {
        self.session.handle_datagram(UDP, text.as_bytes(), self.now);
        self.words()
    }

    fn message(&mut self, user: &str, body: &str) -> Vec<String> {
        let request = self.request("MESSAGE", user, "Content-Type: application/scaip+xml\r\n", body);
        self.hear(&request)
    }

    fn stored(&mut self, token: u64) -> Vec<String> {
        self.session.handle_stored(Token(token), self.now);
        self.words()
    }

    fn refused(&mut self, token: u64) -> Vec<String> {
        self.session.handle_refused(Token(token), self.now);
        self.words()
    }

    fn wait(&mut self, seconds: u64) -> Vec<String> {
        let until = self.now + Duration::from_secs(seconds);
        let mut words = Vec::new();
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= until) {
            self.now = at;
            self.session.handle_timeout(at);
            words.extend(self.words());
            assert!(self.session.poll_timeout() != Some(at), "a timeout that does not move");
        }
        self.now = until;
        words
    }

    fn report(&self) -> &Report {
        match &self.deliveries.last().unwrap().message {
            telecare_protocol::Message::Report(report) => report,
            other => panic!("{other:?}"),
        }
    }
}

const UDP: Flow = Flow {
    transport: Transport::Udp,
    remote: std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 5060),
    connection: 0,
};

fn open() -> Rig {
    Rig::new(Settings::default())
}

#[test]
fn a_document_is_answered_after_it_is_stored_and_by_a_message_of_its_own() {
    let mut rig = open();
    assert!(rig.message("90000001", MRQ).is_empty());
    assert_eq!((rig.report().protocol, rig.report().identity.as_deref()), (Protocol::Scaip, Some("90000001")));
    assert!(rig.deliveries[0].raw.starts_with(b"MESSAGE sip:arc"), "the datagram as it came");
    assert_eq!(rig.stored(0), ["200", &format!("MESSAGE {MRS}")]);
    assert!(rig.left.is_empty(), "nobody knows yet whether its unit has it");
}

#[test]
fn what_cannot_be_stored_is_refused_by_sip_and_never_answered() {
    for body in [MRQ, ATM, "<mrq><ref>B1</ref>", &MRQ.replace("<mrq>", "<mrq><mty>PI</mty>")] {
        let mut rig = open();
        assert!(rig.message("90000001", body).is_empty());
        assert_eq!(rig.refused(0), ["503"], "{body}");
        assert_eq!(rig.left, [(0, Answered::Withheld)], "{body}");
        assert!(rig.wait(60).is_empty(), "{body}");
    }
}

#[test]
fn an_acknowledgement_that_nobody_takes_leaves_the_alarm_as_it_is() {
    let mut rig = open();
    rig.message("90000001", MRQ);
    rig.stored(0);
    let again = rig.wait(40);
    assert_eq!(again, vec![format!("MESSAGE {MRS}"); 10], "eleven in all, in 32 s");
    assert_eq!(
        (&rig.left[..], &rig.counted[..]),
        (&[(0, Answered::Unconfirmed)][..], &["AcknowledgementUndelivered"][..])
    );
    assert_eq!(rig.deliveries.len(), 1);
}

#[test]
fn a_repetition_has_the_key_of_the_first() {
    let mut rig = open();
    for body in [MRQ, MRQ, &MRQ.replace("0003", "0004")] {
        rig.message("90000001", body);
    }
    let keys: Vec<&RepeatProof> = rig.deliveries.iter().map(|delivery| &delivery.repeat).collect();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
    assert!(matches!(keys[0], RepeatProof::Key { window, .. } if *window == Duration::from_secs(600)));
}

#[test]
fn a_heartbeat_is_a_sign_of_life_whatever_its_status_says() {
    let mut rig = open();
    rig.message("90000001", &MRQ.replace("<mrq>", "<mrq><mty>PI</mty>"));
    let sender = Sender { protocol: Protocol::Scaip, identity: "90000001".to_owned() };
    assert_eq!(rig.deliveries[0].message, telecare_protocol::Message::SignOfLife(Some(sender)));
    assert_eq!(rig.stored(0), ["200", &format!("MESSAGE {MRS}")]);
}

#[test]
fn deviations_are_flagged_and_nonsense_is_refused() {
    let mut rig = open();
    rig.message("other", MRQ);
    assert_eq!(rig.report().warnings, ["OtherSender"]);
    let plain = rig.request("MESSAGE", "90000001", "Content-Type: text/plain\r\n", MRQ);
    rig.hear(&plain);
    assert_eq!(rig.report().warnings, ["OtherContentType"]);
    let hello = rig.request("MESSAGE", "90000001", "Content-Type: text/plain\r\n", "hello");
    assert_eq!((rig.hear(&hello), rig.deliveries.len()), (vec!["415".to_owned()], 2));
    // Meant for us and badly written: somebody looks at it.
    for body in ["<mrq", "<scaip><ref>1</ref></scaip>", "<message-request/>", "<atm/>", "nothing"] {
        let mut rig = open();
        assert!(rig.message("90000001", body).is_empty(), "{body}");
        assert!(matches!(rig.report().outcome, Outcome::Unreadable(_)), "{body}");
        assert!(rig.stored(0).first().is_some_and(|first| first == "200"), "{body}");
    }
    // An answer is never answered.
    assert_eq!((rig.message("90000001", MRS), rig.deliveries.len()), (vec!["200".to_owned()], 2));
}

#[test]
fn a_dialect_takes_its_answer_in_the_200() {
    let scaip = MRQ.replace("mrq>", "scaip>");
    let embedded_reply = BTreeSet::from(["90000001".to_owned()]);
    let mut rig = Rig::new(Settings { embedded_reply, ..Settings::default() });
    rig.message("90000001", &scaip);
    assert_eq!(rig.stored(0), ["200 <scaip><ref>A1</ref><snu>0</snu></scaip>"]);
    assert_eq!(rig.left, [(0, Answered::Positive)]);
    rig.message("90000002", &scaip);
    assert!(matches!(rig.report().outcome, Outcome::Unreadable(_)), "off for everybody else");
}

#[test]
fn who_proves_one_identity_does_not_speak_for_another() {
    let guarded = || Rig::new(Settings { authentication: Authentication::Digest, ..Settings::default() });
    let proven = |rig: &mut Rig, from: &str, user: &str, body: &str| {
        let first = rig.request("MESSAGE", from, "Content-Type: application/scaip+xml\r\n", body);
        rig.session.handle_datagram(UDP, first.as_bytes(), rig.now);
        let mut challenge = String::new();
        while let Some(command) = rig.session.next_command() {
            if let Command::Send(_, bytes) = command
                && let Message::Response(response) = sip::read(&bytes).unwrap()
            {
                assert_eq!(response.status, 401);
                challenge = response.headers.first("WWW-Authenticate").unwrap().to_owned();
            }
        }
        let proof = sip::answer(&challenge, user, "secret", "MESSAGE", "sip:arc@arc.test", "1").unwrap();
        let more = format!("Content-Type: application/scaip+xml\r\nAuthorization: {proof}\r\n");
        let second = rig.request("MESSAGE", from, &more, body);
        rig.hear(&second)
    };
    for (from, user) in [("90000001", "90000001"), ("90000001", "gateway")] {
        let mut rig = guarded();
        assert!(proven(&mut rig, from, user, MRQ).is_empty());
        assert_eq!(rig.stored(0).len(), 2, "{from} {user}");
    }
    let mut rig = guarded();
    let other = MRQ.replace("90000001", "90000002");
    assert!(proven(&mut rig, "90000002", "90000001", &other).is_empty(), "the refusal waits until people are told");
    assert!(matches!(&rig.report().outcome, Outcome::Unreadable(fault) if fault.name == "WrongIdentity"));
    assert_eq!(rig.report().identity, None, "nobody's card: it is not proven whose it is");
    assert_eq!((rig.stored(0), &rig.left[..]), (vec!["403".to_owned()], &[(0, Answered::Withheld)][..]));
    // A scheme speaks for many: flagged, and taken.
    let mut rig = guarded();
    assert!(proven(&mut rig, "90000001", "90000001", ATM).is_empty());
    assert!(rig.report().warnings.iter().any(|warning| warning == "WrongIdentity"), "{:?}", rig.report());
    assert_eq!(rig.stored(0).len(), 2);
}

#[test]
fn a_call_of_a_scaip_unit_goes_to_whoever_has_its_alarm() {
    let targets = Targets { sip: Some("sip:group@pbx.test".to_owned()), ..Targets::default() };
    let call_within = Some(Duration::from_secs(60));
    let mut rig = Rig::new(Settings { targets, call_within, ..Settings::default() });
    let wants_voice = MRQ.replace("<crd>no-voice:</crd>", "");
    rig.message("90000001", &wants_voice);
    let voice = "<mre>1</mre><cre>62</cre><tnu>sip:group@pbx.test</tnu>";
    assert_eq!(rig.stored(0)[1], format!("MESSAGE <mrs><ref>A1</ref><snu>0</snu>{voice}</mrs>"));
    for (operator, contact) in [(Some("sip:desk1@pbx.test"), "<sip:desk1@pbx.test>"), (None, "<sip:group@pbx.test>")] {
        let invite = rig.request("INVITE", "90000001", "", "");
        assert_eq!(rig.hear(&invite), ["100"]);
        let (call, sender) = rig.routes.pop().unwrap();
        assert_eq!(sender, Sender { protocol: Protocol::Scaip, identity: "90000001".to_owned() });
        // A second alarm meanwhile does not make it call twice.
        rig.message("90000001", &wants_voice.replace("A1", "A2"));
        let token = rig.deliveries.last().unwrap().token.0;
        assert_eq!(rig.stored(token)[1], "MESSAGE <mrs><ref>A2</ref><snu>0</snu></mrs>");
        rig.session.handle_route(call, operator.map(str::to_owned), rig.now);
        assert_eq!(rig.words(), [format!("302 {contact}")]);
    }
    rig.wait(120);
    assert_eq!(rig.deliveries.len(), 3, "it called, so nobody is told that it did not");
    // Without a number nobody can be reached.
    let mut rig = open();
    rig.message("90000001", &wants_voice);
    assert_eq!(rig.stored(0)[1], format!("MESSAGE {MRS}"));
    let invite = rig.request("INVITE", "90000001", "", "");
    rig.hear(&invite);
    let (call, _) = rig.routes.pop().unwrap();
    rig.session.handle_route(call, None, rig.now);
    assert_eq!(rig.words(), ["480"]);
}

#[test]
fn a_unit_that_was_given_a_number_and_does_not_call_is_told_of() {
    let targets = Targets { sip: Some("sip:group@pbx.test".to_owned()), ..Targets::default() };
    let mut rig = Rig::new(Settings { targets, call_within: Some(Duration::from_secs(60)), ..Settings::default() });
    rig.message("90000001", &MRQ.replace("<crd>no-voice:</crd>", ""));
    rig.stored(0);
    rig.wait(59);
    assert_eq!(rig.deliveries.len(), 1);
    rig.wait(2);
    let report = rig.report();
    assert_eq!((report.identity.as_deref(), report.events[0].code.as_str()), (Some("90000001"), "NoCall"));
    assert!(!rig.deliveries[1].owed);
    // Nobody else would say it: what the store refuses is offered until it is stored.
    rig.refused(1);
    rig.wait(6);
    assert_eq!((rig.deliveries.len(), rig.report().events[0].code.as_str()), (3, "NoCall"));
    rig.stored(2);
    rig.wait(60);
    assert_eq!(rig.deliveries.len(), 3);
}

#[test]
fn a_now_ip_unit_calls_first_and_its_call_goes_on_with_its_alarm() {
    let mut rig = open();
    let invite = rig.request("INVITE", "1001", "", "");
    assert_eq!(rig.hear(&invite), ["100", "183"]);
    assert!(rig.message("1001", ATM).is_empty());
    assert_eq!((rig.report().protocol, rig.report().identity.as_deref()), (Protocol::NowIp, Some("12345")));
    assert!(rig.deliveries[0].raw.starts_with(b"MESSAGE "), "the datagram as it came");
    let answers = rig.stored(0);
    assert_eq!(answers[0], "200");
    assert!(answers[1].starts_with("MESSAGE <ATM>") && answers[1].contains("<type>A</type>"), "{answers:?}");
    let (call, sender) = rig.routes.pop().unwrap();
    assert_eq!(sender, Sender { protocol: Protocol::NowIp, identity: "12345".to_owned() });
    rig.session.handle_route(call, Some("sip:desk@pbx.test".to_owned()), rig.now);
    assert_eq!(rig.words(), ["302 <sip:desk@pbx.test>"]);
    // Its copy is one: answered again, and not stored twice.
    let answers = rig.message("1001", ATM);
    assert!(answers[0] == "200" && answers[1].contains("<type>A</type>") && answers.len() == 2, "{answers:?}");
    assert_eq!(rig.deliveries.len(), 1);
}

#[test]
fn what_now_ip_cannot_read_is_stored_answered_by_sip_and_never_acknowledged() {
    let mut rig = open();
    assert!(rig.message("1001", "<ATM><version>1.5</version>").is_empty());
    assert!(matches!(rig.report().outcome, Outcome::Unreadable(_)));
    assert_eq!(rig.stored(0), ["200"]);
    assert_eq!(rig.left, [(0, Answered::Withheld)], "and its call is written down at once");
}

#[test]
fn a_call_without_an_alarm_is_somebody() {
    let mut rig = open();
    let invite = rig.request("INVITE", "1002", "", "");
    rig.hear(&invite);
    rig.wait(7);
    assert_eq!((rig.report().protocol, rig.report().identity.as_deref()), (Protocol::Sip, Some("1002")));
    assert_eq!(rig.routes.len(), 1, "and its call is sent on");
    assert!(!rig.deliveries[0].owed, "nobody waits for an acknowledgement of it");
}

/// What a line may meet.
#[derive(Clone, Debug)]
enum Step {
    Hear(usize, usize),
    Stored(u64),
    Refused(u64),
    Route(u64),
    Closed,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..9_usize, 0..4_usize).prop_map(|(kind, user)| Step::Hear(kind, user)),
        3 => (0..40_u64).prop_map(Step::Stored),
        1 => (0..40_u64).prop_map(Step::Refused),
        2 => (0..40_u64).prop_map(Step::Route),
        1 => Just(Step::Closed),
        2 => (0..70_000_u64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #[test]
    fn nothing_positive_leaves_before_its_delivery_is_stored(steps in steps()) {
        let mut rig = open();
        let mut stored = BTreeSet::new();
        for step in steps {
            let user = |n: usize| format!("9000000{n}");
            match step {
                Step::Hear(kind, n) => {
                    let (method, body) = match kind {
                        0 => ("MESSAGE", MRQ.replace("A1", &format!("R{n}"))),
                        1 => ("MESSAGE", MRQ.replace("<mrq>", "<mrq><mty>PI</mty>")),
                        2 => ("MESSAGE", ATM.to_owned()),
                        3 => ("MESSAGE", ATM.replace("<type>1</type><data>010000012345000001901900", "<type>0</type><data>000123450000")),
                        4 => ("MESSAGE", "<mrq><ref>".to_owned()),
                        5 => ("INVITE", String::new()),
                        6 => ("CANCEL", String::new()),
                        7 => ("MESSAGE", ATM.replace("<type>1", "<type>7")),
                        _ => ("BYE", String::new()),
                    };
                    let request = rig.request(method, &user(n), "Content-Type: text/plain\r\n", &body);
                    rig.session.handle_datagram(UDP, request.as_bytes(), rig.now);
                }
                Step::Stored(token) => {
                    if rig.deliveries.iter().any(|delivery| delivery.token.0 == token) {
                        stored.insert(token);
                    }
                    rig.session.handle_stored(Token(token), rig.now);
                }
                Step::Refused(token) => rig.session.handle_refused(Token(token), rig.now),
                Step::Route(call) => rig.session.handle_route(call, None, rig.now),
                Step::Closed => rig.session.handle_closed(UDP, rig.now),
                Step::Wait(ms) => {
                    let until = rig.now + Duration::from_millis(ms);
                    while let Some(at) = rig.session.poll_timeout().filter(|at| *at <= until) {
                        rig.now = at;
                        rig.session.handle_timeout(at);
                        prop_assert!(rig.session.poll_timeout() != Some(at));
                    }
                    rig.now = until;
                }
            }
            for (head, body) in rig.sent() {
                let positive = body.contains("<snu>0</snu>") || body.contains("<type>A</type>");
                prop_assert!(!positive || head == "MESSAGE", "{head}");
                prop_assert!(!positive || !stored.is_empty(), "{head} {body}");
            }
        }
        let tokens: BTreeSet<u64> = rig.deliveries.iter().map(|delivery| delivery.token.0).collect();
        prop_assert_eq!(tokens.len(), rig.deliveries.len(), "each delivery has a name of its own");
        let positive = rig.left.iter().filter(|(_, answered)| *answered == Answered::Positive);
        for (token, _) in positive {
            prop_assert!(stored.contains(token));
        }
    }
}
