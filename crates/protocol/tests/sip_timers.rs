//! Repetitions and calls, each send at its exact time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail by panic")]

#[path = "rig/sip.rs"]
mod rig;

use rig::{Rig, request, response, sent_request, tcp, udp};
use telecare_protocol::Counted;
use telecare_protocol::sip::{Authentication, Event, Flow, Inbound, Outgoing, Reply, SendId, Sent};

/// From T1 = 0.5 s, doubling, to T2 = 4 s, for 32 s.
const SENDS_MS: [u64; 11] = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];

fn open() -> Rig {
    Rig::new(Authentication::None)
}

fn send(rig: &mut Rig, flow: Flow) -> SendId {
    let message = Outgoing {
        uri: "sip:90000001@198.51.100.7:4000".to_owned(),
        to_user: "9000 0001".to_owned(),
        from_user: "alarm".to_owned(),
        content_type: "application/scaip+xml",
        headers: Vec::new(),
        body: b"<mrs/>".to_vec(),
    };
    let id = rig.edge.send(flow, message, rig.now);
    rig.take();
    id
}

fn answer_to(bytes: &[u8], status: u16) -> String {
    let headers = sent_request(bytes).headers;
    let copied = |name| format!("{name}: {}\r\n", headers.first(name).unwrap());
    let copied = ["Via", "From", "To", "Call-ID", "CSeq"].map(copied).concat();
    format!("SIP/2.0 {status} Said\r\n{copied}Content-Length: 0\r\n\r\n")
}

fn times(rig: &mut Rig) -> Vec<u64> {
    rig.sent().into_iter().map(|(ms, ..)| ms).collect()
}

#[test]
fn s09_ours_without_an_answer_is_sent_eleven_times() {
    let mut rig = open();
    let id = send(&mut rig, udp(4_000));
    rig.until(31_999);
    assert!(rig.told.is_empty());
    rig.until(100_000);
    let sent = rig.sent();
    assert!(sent.iter().all(|(_, flow, bytes)| *flow == udp(4_000) && *bytes == sent[0].2));
    assert_eq!(sent.iter().map(|(ms, ..)| *ms).collect::<Vec<_>>(), SENDS_MS);
    assert_eq!(rig.told, [Event::Sent(id, Sent::Unanswered)]);
    assert_eq!(rig.edge.poll_timeout(), None);
    rig.datagram(udp(4_000), answer_to(&sent[0].2, 200));
    assert_eq!(rig.counted, [Counted::BadFrame("UnexpectedResponse")], "nobody waits for it any more");
}

#[test]
fn ours_is_a_message_as_the_rules_want_it() {
    let mut rig = open();
    send(&mut rig, udp(4_000));
    send(&mut rig, tcp(1));
    let sent: Vec<_> = rig.sent().iter().map(|(_, _, bytes)| sent_request(bytes)).collect();
    assert_eq!(sent[0].uri, "sip:90000001@198.51.100.7:4000");
    let headers = &sent[0].headers;
    assert_eq!(headers.first("To"), Some("<sip:9000%200001@arc.example.org>"));
    assert_eq!(headers.from().unwrap().user().as_deref(), Some("alarm"));
    assert_eq!((headers.first("CSeq"), headers.first("Max-Forwards")), (Some("1 MESSAGE"), Some("70")));
    assert!(headers.via().unwrap().branch().unwrap().starts_with("z9hG4bK"));
    assert_eq!(
        (headers.via().unwrap().transport, sent[1].headers.via().unwrap().transport),
        ("UDP".into(), "TCP".into())
    );
    assert_ne!(headers.call_id(), sent[1].headers.call_id());
    assert_ne!(headers.via().unwrap().branch(), sent[1].headers.via().unwrap().branch());
    assert_ne!(headers.from().unwrap().tag(), sent[1].headers.from().unwrap().tag());
    assert_eq!(sent[0].body, b"<mrs/>");
}

#[test]
fn an_answer_ends_it() {
    for (status, expected) in
        [(200, Sent::Accepted(200)), (202, Sent::Accepted(202)), (401, Sent::Refused(401)), (603, Sent::Refused(603))]
    {
        let mut rig = open();
        let id = send(&mut rig, udp(4_000));
        let bytes = rig.sent()[0].2.clone();
        rig.until(700);
        // From another port, as behind some NATs.
        rig.datagram(udp(4_444), answer_to(&bytes, status));
        assert_eq!(rig.told, [Event::Sent(id, expected)]);
        // Timer K absorbs it again for 5 s.
        rig.until(5_699);
        rig.datagram(udp(4_000), answer_to(&bytes, status));
        assert!(rig.counted.is_empty());
        rig.until(5_700);
        rig.datagram(udp(4_000), answer_to(&bytes, status));
        assert_eq!(rig.counted, [Counted::BadFrame("UnexpectedResponse")]);
        assert_eq!((times(&mut rig), rig.told.len()), (vec![500], 1));
    }
}

#[test]
fn a_provisional_answer_makes_it_patient() {
    let mut rig = open();
    let id = send(&mut rig, udp(4_000));
    let bytes = rig.sent[0].2.clone();
    rig.until(600);
    rig.datagram(udp(4_000), answer_to(&bytes, 100));
    rig.until(40_000);
    assert_eq!(times(&mut rig), [0, 500, 1_500, 5_500, 9_500, 13_500, 17_500, 21_500, 25_500, 29_500]);
    assert_eq!(rig.told, [Event::Sent(id, Sent::Unanswered)]);
}

#[test]
fn on_a_connection_ours_is_sent_once() {
    let mut rig = open();
    let id = send(&mut rig, tcp(1));
    rig.until(31_999);
    assert!(rig.told.is_empty());
    rig.until(32_000);
    assert_eq!((times(&mut rig), rig.told.as_slice()), (vec![0], [Event::Sent(id, Sent::Unanswered)].as_slice()));
    let lost = send(&mut rig, tcp(2));
    rig.edge.handle_closed(tcp(2), rig.now);
    rig.take();
    assert_eq!(rig.told.last(), Some(&Event::Sent(lost, Sent::Unanswered)));
    let id = send(&mut rig, tcp(3));
    let bytes = rig.sent().last().unwrap().2.clone();
    rig.bytes(tcp(3), answer_to(&bytes, 200));
    assert_eq!(rig.told.last(), Some(&Event::Sent(id, Sent::Accepted(200))));
}

#[test]
fn a_stall_is_followed_by_one_send() {
    let mut rig = open();
    send(&mut rig, udp(4_000));
    rig.now += std::time::Duration::from_secs(10);
    rig.edge.handle_timeout(rig.now);
    rig.take();
    assert_eq!(times(&mut rig), [0, 10_000]);
}

fn invite(rig: &mut Rig, flow: Flow) -> Inbound {
    rig.hand_over(flow, &request("INVITE", "call", 7, "", "v=0"));
    assert_eq!(rig.statuses(), [100]);
    rig.only_request()
}

#[test]
fn an_invite_is_answered_until_its_ack() {
    let mut rig = open();
    let inbound = invite(&mut rig, udp(4_000));
    rig.until(400);
    rig.datagram(udp(4_000), request("INVITE", "call", 7, "", "v=0"));
    assert_eq!(rig.statuses(), [100]);
    rig.respond(&inbound, Reply::of(183));
    rig.datagram(udp(4_000), request("INVITE", "call", 7, "", "v=0"));
    assert_eq!(rig.statuses(), [183, 183]);
    rig.until(1_000);
    rig.respond(&inbound, Reply::of(302).with("Contact", "<sip:desk@arc.example.org>"));
    rig.respond(&inbound, Reply::of(200));
    rig.until(40_000);
    let sent = rig.sent();
    assert!(sent.iter().all(|(_, _, bytes)| *bytes == sent[0].2));
    let moved = response(&sent[0].2);
    assert_eq!((moved.status, moved.headers.first("Contact")), (302, Some("<sip:desk@arc.example.org>")));
    assert_eq!(sent.iter().map(|(ms, ..)| ms - 1_000).collect::<Vec<_>>(), SENDS_MS);
    assert_eq!(rig.edge.poll_timeout(), None);
    assert!(rig.told.is_empty() && rig.counted.is_empty());
}

#[test]
fn an_ack_ends_the_repetitions() {
    // That of a 2xx has a branch of its own.
    for (status, branch) in [(302, "0001"), (200, "0002")] {
        let mut rig = open();
        let inbound = invite(&mut rig, udp(4_000));
        rig.respond(&inbound, Reply::of(status));
        rig.until(1_600);
        rig.datagram(
            udp(4_000),
            request("ACK", "call", 7, "", "").replace("z9hG4bK-0001", &format!("z9hG4bK-{branch}")),
        );
        rig.until(6_599);
        assert_eq!(times(&mut rig), [0, 500, 1_500]);
        rig.datagram(udp(4_000), request("INVITE", "call", 7, "", "v=0"));
        assert_eq!((rig.statuses(), rig.told.len()), (vec![status], 0), "timer I");
        rig.until(40_000);
        assert!(rig.sent.is_empty());
        assert_eq!(rig.edge.poll_timeout(), None);
    }
}

#[test]
fn on_a_connection_only_success_is_repeated() {
    for (status, expected) in [(302, vec![0]), (200, SENDS_MS.to_vec())] {
        let mut rig = open();
        let inbound = invite(&mut rig, tcp(1));
        rig.respond(&inbound, Reply::of(status));
        rig.until(40_000);
        assert_eq!(times(&mut rig), expected);
        assert_eq!(rig.edge.poll_timeout(), None);
    }
}

#[test]
fn a_cancel_ends_the_invite() {
    let mut rig = open();
    let inbound = invite(&mut rig, udp(4_000));
    rig.datagram(udp(4_000), request("CANCEL", "call", 7, "", ""));
    let sent = rig.sent();
    let answers: Vec<_> = sent.iter().map(|(_, _, bytes)| response(bytes)).collect();
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 487]);
    assert_eq!(answers[0].headers.first("CSeq"), Some("7 CANCEL"));
    assert_eq!(answers[1].headers.first("CSeq"), Some("7 INVITE"));
    assert_eq!(rig.told, [Event::Cancelled(inbound.id)]);
    rig.respond(&inbound, Reply::of(302));
    assert!(rig.sent.is_empty() && rig.counted.is_empty());
    rig.datagram(udp(4_000), request("CANCEL", "call", 7, "", ""));
    assert_eq!((rig.statuses(), rig.told.len()), (vec![200], 1));
    rig.until(500);
    assert_eq!(rig.statuses(), [487]);
    rig.datagram(udp(4_000), request("ACK", "call", 7, "", ""));
    rig.until(40_000);
    assert!(rig.sent.is_empty());
    // From elsewhere nobody cancels it.
    let mut rig = open();
    invite(&mut rig, udp(4_000));
    rig.datagram(udp(4_001), request("CANCEL", "call", 7, "", ""));
    assert_eq!((rig.statuses(), rig.told.len()), (vec![481], 0));
}

#[test]
fn an_invite_does_not_wait_for_ever() {
    let mut rig = open();
    let inbound = invite(&mut rig, udp(4_000));
    rig.until(179_999);
    assert!(rig.sent.is_empty() && rig.told.is_empty());
    rig.until(180_000);
    assert_eq!((rig.statuses(), rig.told.as_slice()), (vec![480], [Event::Cancelled(inbound.id)].as_slice()));
}

#[test]
fn a_bye_ends_a_call_that_was_taken() {
    let mut rig = open();
    let inbound = invite(&mut rig, tcp(1));
    rig.respond(&inbound, Reply::of(200).with("Contact", "<sip:desk@arc.example.org>"));
    let to = rig.only_response().headers.first("To").unwrap().to_owned();
    rig.bytes(tcp(1), request("ACK", "call", 7, "", ""));
    let bye = request("BYE", "call", 8, "", "").replace("<sip:alarm@arc.example.org>", &to);
    rig.datagram(udp(4_000), bye.replace(";tag=286524", ";tag=1"));
    assert_eq!(rig.statuses(), [481]);
    // It may come another way.
    rig.datagram(udp(4_000), &bye);
    rig.datagram(udp(4_000), &bye);
    assert_eq!(rig.statuses(), [200, 200]);
    assert_eq!(rig.told, [Event::Bye { call_id: "call".to_owned(), user: "90000001".to_owned() }]);
}

#[test]
fn a_call_that_was_not_taken_has_no_bye() {
    let mut rig = open();
    let inbound = invite(&mut rig, udp(4_000));
    rig.respond(&inbound, Reply::of(302));
    let to = rig.only_response().headers.first("To").unwrap().to_owned();
    let bye = request("BYE", "call", 8, "", "").replace("<sip:alarm@arc.example.org>", &to);
    rig.datagram(udp(4_000), bye);
    assert_eq!((rig.statuses(), rig.told.len()), (vec![481], 0));
    // One that waits is ended by it.
    let mut rig = open();
    let inbound = invite(&mut rig, udp(4_000));
    rig.respond(&inbound, Reply::of(180));
    let bye = request("BYE", "call", 8, "", "").replace("<sip:alarm@arc.example.org>", &to);
    rig.sent();
    rig.datagram(udp(4_000), bye);
    assert_eq!((rig.statuses(), rig.told.as_slice()), (vec![200, 487], [Event::Cancelled(inbound.id)].as_slice()));
}
