//! What becomes of requests: the cases at the level of SIP that units are known for, and what must never be answered.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail by panic")]

#[path = "rig/sip.rs"]
mod rig;

use proptest::prelude::*;
use rig::{Rig, message, request, response, tcp, udp};
use telecare_protocol::Counted;
use telecare_protocol::sip::{
    Authentication, Event, Flow, JUNK_BYTES_MAX, Load, Method, Reply, Transport, WAITING_MAX, WAITING_OF_FLOW_MAX,
};

fn open() -> Rig {
    Rig::new(Authentication::None)
}

#[test]
fn s01_two_units_with_one_branch_are_both_served() {
    let mut rig = open();
    rig.datagram(udp(4_000), message("one", "<mrq>1</mrq>"));
    rig.until(100);
    rig.datagram(udp(4_001), message("two", "<mrq>2</mrq>"));
    assert_eq!(rig.accept_all(), ["<mrq>1</mrq>", "<mrq>2</mrq>"]);
    let sent = rig.sent();
    assert_eq!((sent[0].1, sent[1].1), (udp(4_000), udp(4_001)));
    let tag = |at: usize| response(&sent[at].2).headers.to().unwrap().tag().map(str::to_owned);
    assert!(tag(0).is_some() && tag(0) != tag(1), "two transactions");
}

#[test]
fn each_part_of_the_name_makes_another_request() {
    let base = message("one", "<mrq>1</mrq>");
    let others = [
        base.replace("Call-ID: one", "Call-ID: two"),
        base.replace("CSeq: 1", "CSeq: 2"),
        base.replace("tag=286524", "tag=286525"),
        base.replace("sip:90000001@", "sip:90000002@"),
        base.replace("branch=z9hG4bK-0001", "branch=z9hG4bK-0002"),
        base.replace("<mrq>1", "<mrq>2"),
    ];
    for other in &others {
        let mut rig = open();
        rig.datagram(udp(4_000), &base);
        rig.datagram(udp(4_000), other);
        assert_eq!(rig.accept_all().len(), 2, "{other}");
        rig.datagram(udp(4_000), other);
        assert!(rig.told.is_empty(), "{other}");
        rig.datagram(udp(4_001), other);
        assert_eq!(rig.accept_all().len(), 1, "from another port: {other}");
    }
}

#[test]
fn s02_no_tag_in_from() {
    let mut rig = open();
    rig.datagram(udp(4_000), message("one", "x").replace(";tag=286524", ""));
    assert_eq!(rig.accept_all(), ["x"]);
    assert_eq!(rig.statuses(), [200]);
}

#[test]
fn s03_a_repeated_datagram_goes_up_once_and_gets_the_same_answer() {
    let mut rig = open();
    rig.datagram(udp(4_000), message("one", "x"));
    rig.until(500);
    rig.datagram(udp(4_000), message("one", "x"));
    assert!(rig.sent.is_empty(), "the first waits for its answer");
    assert_eq!(rig.accept_all(), ["x"]);
    for ms in [1_500, 2_000, 32_499] {
        rig.until(ms);
        rig.datagram(udp(4_000), message("one", "x"));
    }
    assert!(rig.told.is_empty());
    let sent = rig.sent();
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|(_, _, bytes)| *bytes == sent[0].2));
    assert!(response(&sent[0].2).headers.to().unwrap().tag().is_some());
    // Timer J is over 32 s after the answer.
    rig.until(32_500);
    rig.datagram(udp(4_000), message("one", "x"));
    assert_eq!(rig.accept_all(), ["x"]);
}

#[test]
fn s04_twenty_segments_then_three_messages_in_one() {
    let mut rig = open();
    let first = message("one", "1");
    for piece in first.as_bytes().chunks(first.len().div_ceil(20)) {
        rig.until(rig.ms() + 10);
        rig.bytes(tcp(1), piece);
    }
    let inbound = rig.only_request();
    assert_eq!((inbound.raw.as_slice(), inbound.flow), (first.as_bytes(), tcp(1)));
    assert_eq!((inbound.first_byte - rig.start).as_millis(), 10);
    assert_eq!((inbound.last_byte - rig.start).as_millis(), 200);
    rig.bytes(tcp(1), [message("two", "2"), message("three", "3"), message("four", "4")].concat());
    assert_eq!(rig.accept_all(), ["2", "3", "4"]);
    assert_eq!(rig.statuses(), [200, 200, 200]);
}

#[test]
fn s05_a_double_line_end_is_answered_by_one() {
    let mut rig = open();
    for piece in ["\r\n", "\r", "\n"] {
        assert!(rig.sent.is_empty());
        rig.bytes(tcp(1), piece);
    }
    assert_eq!(rig.sent(), [(0, tcp(1), b"\r\n".to_vec())]);
    // On datagrams it is no keep-alive of this kind.
    rig.datagram(udp(4_000), "\r\n\r\n");
    rig.datagram(udp(4_000), "\0");
    assert!(rig.sent.is_empty() && rig.closed.is_empty() && rig.counted.is_empty());
}

#[test]
fn s06_s07_the_content_is_judged_above() {
    let mut rig = open();
    rig.datagram(udp(4_000), message("one", "hello").replace("application/scaip+xml", "text/plain"));
    let inbound = rig.only_request();
    assert_eq!(inbound.request.headers.first("Content-Type"), Some("text/plain"));
    rig.respond(&inbound, Reply::of(415).with("Accept", "application/scaip+xml"));
    let response = rig.only_response();
    assert_eq!((response.status, response.headers.first("Accept")), (415, Some("application/scaip+xml")));
}

#[test]
fn s11_bytes_and_line_ends_and_names_as_units_write_them() {
    let mut rig = open();
    let bytes =
        b"MESSAGE sip:alarm@arc.example.org sip/2.0\nv: SIP/2.0/UDP 192.0.2.1\nf: \"K\xFCche\" <sip:1@h>;tag=1\n\
        t: <sip:a@b>\ni: one\nCSeq: 1 MESSAGE\nc: text/plain\nl: 1\n\nx";
    rig.datagram(udp(4_000), bytes);
    let inbound = rig.only_request();
    assert_eq!(
        (inbound.request.headers.from().unwrap().display.as_str(), inbound.raw.as_slice()),
        ("Küche", &bytes[..])
    );
    rig.respond(&inbound, Reply::of(200));
    let response = rig.only_response();
    assert_eq!(response.headers.first("Via"), Some("SIP/2.0/UDP 192.0.2.1;received=198.51.100.7"));
    assert!(response.body.is_empty());
}

#[test]
fn s12_noise_is_counted_and_never_answered() {
    let mut rig = open();
    let noise: Vec<u8> = (0..3_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    rig.datagram(udp(4_000), noise);
    assert_eq!(rig.counted, [Counted::JunkBytes(3_000)]);
    let line = "not SIP at all\r\n";
    while rig.closed.is_empty() {
        rig.bytes(tcp(1), line);
    }
    let junk: u64 =
        rig.counted.iter().skip(1).map(|count| if let Counted::JunkBytes(n) = count { *n } else { 0 }).sum();
    let over = junk as usize - JUNK_BYTES_MAX;
    assert!((1..=line.len()).contains(&over));
    assert_eq!((rig.closed.as_slice(), rig.counted.last()), ([tcp(1)].as_slice(), Some(&Counted::BadFrame("Junk"))));
    rig.bytes(tcp(1), message("one", "x"));
    assert!(rig.sent.is_empty() && rig.told.is_empty());
}

#[test]
fn s13_a_datagram_without_length_is_all_body() {
    let mut rig = open();
    rig.datagram(udp(4_000), message("one", "<mrq/>").replace("Content-Length: 6\r\n", ""));
    assert_eq!(rig.accept_all(), ["<mrq/>"]);
}

#[test]
fn s14_a_wrong_length_is_never_taken_for_whole() {
    let table =
        [("7", 400, None), ("x", 400, None), ("-1", 400, None), ("6", 200, Some("<mrq/>")), ("2", 200, Some("<m"))];
    for (length, status, body) in table {
        let mut rig = open();
        rig.datagram(udp(4_000), message("one", "<mrq/>").replace("Length: 6", &format!("Length: {length}")));
        let bodies = rig.accept_all();
        assert_eq!(bodies.first().map(String::as_str), body, "{length}");
        assert_eq!(rig.statuses(), [status], "{length}");
    }
    let mut rig = open();
    rig.bytes(tcp(1), message("one", "x").replace("Content-Length: 1", "X: y"));
    assert_eq!((rig.statuses(), rig.closed.len()), (vec![400], 0));
    rig.bytes(tcp(1), message("two", "y"));
    assert_eq!(rig.told.len(), 0, "the x in front of it makes its first line junk");
    rig.bytes(tcp(1), message("three", "z"));
    assert_eq!(rig.accept_all(), ["z"]);
}

#[test]
fn what_is_too_long_is_said() {
    let mut rig = open();
    let body = "x".repeat(60_000);
    rig.bytes(tcp(1), message("one", &body));
    rig.datagram(udp(4_000), message("one", &body));
    assert_eq!(rig.accept_all(), [body.clone(), body]);
    rig.sent();
    rig.bytes(tcp(1), message("two", &"x".repeat(65_536)));
    assert_eq!((rig.statuses(), rig.closed.as_slice()), (vec![413], [tcp(1)].as_slice()));
}

#[test]
fn what_is_missing_is_said_where_it_can_be() {
    let without = |names: &[&str]| {
        let text = message("one", "x");
        let lines = text.split_inclusive("\r\n").filter(|line| !names.iter().any(|name| line.starts_with(name)));
        lines.collect::<String>()
    };
    let table: &[(&[&str], Option<u16>, &str)] = &[
        (&["CSeq"], Some(400), "NoCSeq"),
        (&["Call-ID"], Some(400), "NoCallId"),
        (&["Via"], Some(400), "NoVia"),
        (&["CSeq", "Via"], None, "NoCSeq"),
        (&["Call-ID", "Via"], None, "NoCallId"),
    ];
    for (names, status, error) in table {
        let mut rig = open();
        rig.datagram(udp(4_000), without(names));
        assert_eq!(rig.statuses().first(), status.as_ref(), "{names:?}");
        assert_eq!(rig.counted, [Counted::BadFrame(error)]);
        assert!(rig.told.is_empty());
    }
    let mut rig = open();
    rig.datagram(udp(4_000), message("one", "x").replace("1 MESSAGE", "1 INVITE"));
    assert_eq!((rig.statuses(), rig.counted.as_slice()), (vec![400], [Counted::BadFrame("OtherCSeq")].as_slice()));
    // From and To are not needed to answer, and an alarm is not lost for them.
    rig.datagram(udp(4_000), without(&["From", "To"]));
    assert_eq!(rig.accept_all(), ["x"]);
}

#[test]
fn what_other_methods_get() {
    let mut rig = open();
    rig.datagram(udp(4_000), request("OPTIONS", "one", 1, "", ""));
    let options = rig.only_response();
    assert_eq!(options.status, 200);
    assert!(options.headers.first("Allow").unwrap().contains("MESSAGE") && options.headers.first("Accept").is_some());
    for method in ["SUBSCRIBE", "message", "INFO"] {
        rig.datagram(udp(4_000), request(method, "one", 1, "", ""));
        let refused = rig.only_response();
        assert_eq!((refused.status, refused.headers.first("Allow")), (405, options.headers.first("Allow")), "{method}");
    }
    for (method, status) in [("BYE", 481), ("CANCEL", 481)] {
        rig.datagram(udp(4_000), request(method, "one", 1, "", ""));
        assert_eq!(rig.statuses(), [status], "{method}");
    }
    rig.datagram(udp(4_000), request("ACK", "one", 1, "", ""));
    rig.datagram(udp(4_000), "ACK sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nContent-Length: 9\r\n\r\n");
    rig.datagram(udp(4_000), "SIP/2.0 200 OK\r\nCall-ID: none\r\nCSeq: 1 MESSAGE\r\n\r\n");
    assert!(rig.sent.is_empty() && rig.told.is_empty());
    assert_eq!(rig.counted.last(), Some(&Counted::BadFrame("UnexpectedResponse")));
}

#[test]
fn certificates_need_tls() {
    let mut rig = Rig::new(Authentication::Certificate);
    rig.datagram(udp(4_000), message("one", "x"));
    rig.bytes(tcp(1), message("one", "x"));
    rig.bytes(tcp(1), request("INVITE", "two", 1, "", ""));
    assert_eq!(rig.statuses(), [403, 403, 403]);
    assert!(rig.told.is_empty());
    rig.bytes(Flow { transport: Transport::Tls, ..tcp(2) }, message("one", "x"));
    assert_eq!(rig.accept_all(), ["x"]);
}

#[test]
fn too_many_that_wait_are_sent_elsewhere() {
    let mut rig = open();
    for at in 0..=WAITING_OF_FLOW_MAX {
        rig.datagram(udp(4_000), message(&at.to_string(), "x"));
    }
    let response = rig.only_response();
    assert_eq!((response.status, response.headers.first("Retry-After")), (503, Some("1")));
    for at in WAITING_OF_FLOW_MAX..=WAITING_MAX {
        rig.datagram(udp(4_001 + u16::try_from(at / 500).unwrap()), message(&at.to_string(), "x"));
    }
    assert_eq!(rig.statuses(), [503]);
    let first = rig.requests();
    assert_eq!(first.len(), WAITING_MAX);
    rig.respond(&first[0], Reply::of(200));
    rig.datagram(udp(4_000), message("again", "y"));
    assert_eq!(rig.accept_all(), ["y"]);
    // Who has waited for 32 s waits no more, and an answer for him is late.
    rig.until(32_000);
    rig.sent();
    rig.respond(&first[1], Reply::of(200));
    assert_eq!((rig.sent.len(), rig.counted.last()), (0, Some(&Counted::LateAnswer)));
}

#[test]
fn thousands_of_connections() {
    let mut rig = open();
    for round in 0..3 {
        for connection in 0..5_000 {
            let half = message(&format!("{round}"), "x");
            let (one, other) = half.split_at(100);
            rig.bytes(tcp(connection), one);
            rig.bytes(tcp(connection), other);
            assert_eq!(rig.accept_all(), ["x"]);
            assert_eq!(rig.statuses(), [200]);
        }
        rig.until(rig.ms() + 5_000);
    }
    let load = rig.edge.load();
    assert_eq!((load.connections, load.waiting, load.answers), (5_000, 0, 0));
    assert_eq!(rig.edge.poll_timeout(), None);
    for connection in 0..5_000 {
        rig.edge.handle_closed(tcp(connection), rig.now);
    }
    assert_eq!(rig.edge.load(), Load::default());
}

#[test]
fn a_closed_connection_takes_what_waits_there() {
    let mut rig = open();
    rig.bytes(tcp(1), message("one", "x"));
    rig.bytes(tcp(1), request("INVITE", "two", 1, "", ""));
    let requests = rig.requests();
    rig.sent();
    rig.edge.handle_closed(tcp(1), rig.now);
    rig.take();
    assert_eq!(rig.told, [Event::Cancelled(requests[1].id)]);
    for inbound in &requests {
        rig.respond(inbound, Reply::of(200));
    }
    assert!(rig.sent.is_empty());
    assert_eq!(rig.counted, [Counted::LateAnswer, Counted::LateAnswer]);
}

#[test]
fn half_a_message_does_not_wait_for_ever() {
    let mut rig = open();
    rig.until(1_000);
    rig.bytes(tcp(1), "MESSAGE sip:a SIP/2.0\r\n");
    rig.until(20_000);
    rig.bytes(tcp(1), "Via: SIP/2.0/TCP h\r\n");
    rig.until(32_999);
    assert!(rig.closed.is_empty());
    rig.until(33_000);
    assert_eq!(
        (rig.closed.as_slice(), rig.counted.as_slice()),
        ([tcp(1)].as_slice(), [Counted::BadFrame("NotWhole")].as_slice())
    );
}

#[test]
fn an_anonymous_call_goes_up() {
    let mut rig = open();
    rig.datagram(
        udp(4_000),
        request("INVITE", "one", 1, "", "").replace("sip:90000001@arc.example.org", "sip:anonymous@anonymous.invalid"),
    );
    let inbound = rig.only_request();
    assert_eq!((inbound.request.method.clone(), inbound.user), (Method::Invite, None));
}

proptest! {
    #[test]
    fn random_bytes_are_never_answered(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..20)) {
        let mut rig = open();
        for bytes in &datagrams {
            rig.datagram(udp(4_000), bytes);
            // Two line ends in a row would be a keep-alive.
            let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\r').collect();
            rig.bytes(tcp(1), bytes);
        }
        prop_assert!(rig.sent.is_empty() && rig.told.is_empty());
    }
}
