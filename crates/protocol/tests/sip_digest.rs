//! Who proves to be whom, and where it says that it is reached.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail by panic")]

#[path = "rig/sip.rs"]
mod rig;

use std::sync::Arc;

use rig::{Rig, message, request, tcp, udp};
use telecare_protocol::Counted;
use telecare_protocol::sip::{Accounts, Authentication, Flow, answer};

const URI: &str = "sip:alarm@arc.example.org";
const WRONG: Counted = Counted::BadFrame("WrongCredentials");

fn guarded() -> Rig {
    Rig::new(Authentication::Digest)
}

/// The challenges to a MESSAGE without credentials: SHA-256, MD5.
fn challenged(rig: &mut Rig) -> Vec<String> {
    rig.datagram(udp(4_000), message("one", "x"));
    let response = rig.only_response();
    assert_eq!(response.status, 401);
    assert!(rig.told.is_empty());
    let mut challenges: Vec<String> = response.headers.all("WWW-Authenticate").map(str::to_owned).collect();
    // Some look at the first only, and know MD5 only.
    assert!(challenges[0].contains("algorithm=MD5") && challenges[1].contains("algorithm=SHA-256"));
    challenges.reverse();
    challenges
}

fn authorized(number: u32, credentials: &str) -> String {
    request("MESSAGE", "one", number, &format!("Authorization: {credentials}\r\n"), "x")
}

#[test]
fn the_vectors_of_the_rfcs() {
    let rfc2617 = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
        nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let said = answer(rfc2617, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b").unwrap();
    assert!(said.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{said}");
    assert!(said.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"") && said.contains("nc=00000001"), "{said}");
    // Without qop, as RFC 2069 has it.
    let rfc2069 = rfc2617.replace(" qop=\"auth,auth-int\",", "");
    let said = answer(&rfc2069, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "").unwrap();
    assert!(said.contains("response=\"670fd8c2df070c60b045671b8b24ff02\"") && !said.contains("nc="), "{said}");
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let rfc7616 = format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        let chance = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let said = answer(&rfc7616, "Mufasa", "Circle of Life", "GET", "/dir/index.html", chance).unwrap();
        assert!(said.contains(&format!("response=\"{response}\"")), "{said}");
    }
    for unknown in [
        "Basic realm=\"x\"",
        "Digest realm=\"x\"",
        "Digest realm=\"x\", nonce=\"y\", algorithm=MD4",
        "Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\"",
        "Digest",
        "",
    ] {
        assert_eq!(answer(unknown, "u", "p", "GET", "/", "c"), None, "{unknown}");
    }
}

#[test]
fn s08_the_right_answer_is_served_and_a_wrong_one_is_not() {
    for (at, qop) in [(0, true), (1, true), (0, false), (1, false)] {
        let mut rig = guarded();
        let challenge = challenged(&mut rig)[at].clone();
        let challenge = if qop { challenge } else { challenge.replace(", qop=\"auth\"", "") };
        let wrong = answer(&challenge, "90000001", "guess", "MESSAGE", URI, "c").unwrap();
        rig.datagram(udp(4_000), authorized(2, &wrong));
        assert_eq!((rig.statuses(), rig.told.len(), rig.counted.as_slice()), (vec![401], 0, [WRONG].as_slice()));
        let right = answer(&challenge, "90000001", "secret", "MESSAGE", URI, "c").unwrap();
        rig.datagram(udp(4_000), authorized(3, &right));
        let inbound = rig.only_request();
        assert_eq!((inbound.user.as_deref(), rig.sent.len()), (Some("90000001"), 0));
    }
}

#[test]
fn credentials_that_do_not_count() {
    let mut rig = guarded();
    let challenge = challenged(&mut rig)[1].clone();
    let right = answer(&challenge, "90000001", "secret", "MESSAGE", URI, "c").unwrap();
    let with = |from: &str, to: &str| right.replace(from, to);
    let response = right.split("response=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let wrong = [
        answer(&challenge, "nobody", "", "MESSAGE", URI, "c").unwrap(),
        answer(&challenge, "90000001", "", "MESSAGE", URI, "c").unwrap(),
        answer(&challenge, "90000001", "secret", "INVITE", URI, "c").unwrap(),
        with("username=\"90000001\"", "username=\"gateway\""),
        with("algorithm=MD5", "algorithm=SHA-256"),
        with("algorithm=MD5", "algorithm=MD5-sess"),
        with("qop=auth", "qop=auth-int"),
        with("cnonce=\"c\"", "cnonce=\"d\""),
        with("nc=00000001", "nc=00000002"),
        with(", nc=00000001", ""),
        with(&response, ""),
        with(&response, response.get(..31).unwrap()),
        with(&response, &format!("{response}0")),
        with(URI, "sip:other@arc.example.org"),
    ];
    for credentials in &wrong {
        rig.counted.clear();
        rig.datagram(udp(4_000), authorized(2, credentials));
        assert_eq!(
            (rig.statuses(), rig.told.len(), rig.counted.as_slice()),
            (vec![401], 0, [WRONG].as_slice()),
            "{credentials}"
        );
    }
    // What is not about us is as good as nothing, and not counted.
    rig.counted.clear();
    for credentials in [with("realm=\"arc.example.org\"", "realm=\"other\""), "Basic YTpi".to_owned()] {
        rig.datagram(udp(4_000), authorized(2, &credentials));
        assert_eq!((rig.statuses(), rig.told.len(), rig.counted.len()), (vec![401], 0, 0), "{credentials}");
    }
    // Written otherwise, but right.
    let other = right
        .replace("algorithm=MD5, ", "")
        .replace("qop=auth", "qop=\"AUTH\"")
        .replace(&response, &response.to_uppercase());
    rig.datagram(
        udp(4_000),
        request(
            "MESSAGE",
            "one",
            2,
            &format!("Authorization: Digest realm=\"other\", nonce=\"x\"\r\nAuthorization: {other}\r\n"),
            "x",
        ),
    );
    assert_eq!(rig.accept_all(), ["x"]);
}

#[test]
fn a_nonce_grows_old() {
    let mut rig = guarded();
    rig.until(1_000);
    let challenge = challenged(&mut rig)[0].clone();
    let right = answer(&challenge, "90000001", "secret", "MESSAGE", URI, "c").unwrap();
    rig.until(60_999);
    rig.datagram(udp(4_000), authorized(2, &right));
    assert_eq!(rig.accept_all(), ["x"]);
    rig.sent();
    rig.until(61_000);
    rig.datagram(udp(4_000), authorized(3, &right));
    let stale = rig.only_response();
    assert!(stale.status == 401 && stale.headers.all("WWW-Authenticate").all(|value| value.contains("stale=true")));
    assert!(rig.counted.is_empty() && rig.told.is_empty());
    // With the new one it is served.
    let right =
        answer(stale.headers.first("WWW-Authenticate").unwrap(), "90000001", "secret", "MESSAGE", URI, "c").unwrap();
    rig.datagram(udp(4_000), authorized(4, &right));
    assert_eq!(rig.accept_all(), ["x"]);
    rig.sent();
    // One that we never gave, for a time to come, or changed.
    for nonce in ["", "00000000ea60", "ffffffffffff00000000000000000000000000000000", "0000000003e7"] {
        let challenge = format!("Digest realm=\"arc.example.org\", nonce=\"{nonce}\"");
        let forged = answer(&challenge, "90000001", "secret", "MESSAGE", URI, "c").unwrap();
        rig.datagram(udp(4_000), authorized(5, &forged));
        assert_eq!((rig.statuses(), rig.told.len()), (vec![401], 0), "{nonce}");
    }
}

#[test]
fn accounts_may_change() {
    let mut rig = guarded();
    let challenge = challenged(&mut rig)[0].clone();
    let right = answer(&challenge, "gateway", "Ä\"pass", "MESSAGE", URI, "c").unwrap();
    rig.datagram(udp(4_000), authorized(2, &right));
    assert_eq!(rig.requests()[0].user.as_deref(), Some("gateway"));
    rig.edge.set_accounts(Arc::new(Accounts::default()));
    rig.datagram(udp(4_000), authorized(3, &right));
    assert_eq!((rig.statuses(), rig.counted.as_slice()), (vec![401], [WRONG].as_slice()));
}

#[test]
fn other_methods() {
    let mut rig = guarded();
    rig.datagram(udp(4_000), request("OPTIONS", "o", 1, "", ""));
    rig.datagram(udp(4_000), request("INVITE", "i", 1, "", ""));
    rig.datagram(udp(4_000), request("ACK", "i", 1, "", ""));
    rig.datagram(udp(4_000), request("REGISTER", "r", 1, "", ""));
    assert_eq!(rig.statuses(), [200, 401, 401]);
    let challenge = challenged(&mut rig)[0].clone();
    let right = answer(&challenge, "gateway", "Ä\"pass", "REGISTER", URI, "c").unwrap();
    let register = |user: &str| {
        let more = format!("Authorization: {right}\r\nContact: <sip:1@h>\r\n");
        request("REGISTER", "r", 2, &more, "").replace("To: <sip:alarm@", &format!("To: <sip:{user}@"))
    };
    for (user, status) in [("gateway", 200), ("90000002", 200), ("90000001", 403)] {
        rig.bytes(tcp(1), register(user));
        assert_eq!(rig.statuses(), [status], "{user}");
    }
    assert!(rig.edge.registered("90000001").is_none() && rig.edge.registered("90000002").is_some());
    // A call is let in by its second INVITE.
    let right = answer(&challenge, "90000001", "secret", "INVITE", URI, "c").unwrap();
    rig.datagram(udp(4_000), request("INVITE", "i", 2, &format!("Authorization: {right}\r\n"), ""));
    assert_eq!((rig.statuses(), rig.requests().len()), (vec![100], 1));
}

#[test]
fn registrations() {
    let mut rig = Rig::new(Authentication::None);
    let register = |rig: &mut Rig, flow: Flow, more: &str| {
        rig.bytes(flow, request("REGISTER", "r", 1, more, "").replace("To: <sip:alarm@", "To: <sip:90000001@"));
        let response = rig.only_response();
        let contacts: Vec<String> = response.headers.all("Contact").map(str::to_owned).collect();
        (response.status, contacts.join(", "))
    };
    let listed = |contact: &str| (200, contact.to_owned());
    assert_eq!(register(&mut rig, tcp(1), ""), listed(""));
    let one = "Contact: <sip:1@192.0.2.1>\r\nExpires: 600\r\n";
    assert_eq!(register(&mut rig, tcp(1), one), listed("<sip:1@192.0.2.1>;expires=600"));
    assert_eq!(rig.edge.registered("90000001"), Some((tcp(1), "sip:1@192.0.2.1")));
    rig.until(100_000);
    assert_eq!(register(&mut rig, tcp(2), ""), listed("<sip:1@192.0.2.1>;expires=500"));
    let two = "Contact: <sip:2@h>;expires=5, <sip:3@h>;expires=99999\r\nExpires: 600\r\n";
    let all = "<sip:1@192.0.2.1>;expires=500, <sip:2@h>;expires=60, <sip:3@h>;expires=3600";
    assert_eq!(register(&mut rig, tcp(2), two), listed(all));
    rig.until(160_000);
    let gone = "Contact: <sip:3@h>\r\nExpires: 0\r\n";
    assert_eq!(register(&mut rig, tcp(2), gone), listed("<sip:1@192.0.2.1>;expires=440"));
    let many = "Contact: <sip:4@h>, <sip:5@h>, <sip:6@h>, <sip:7@h>\r\n";
    assert!(register(&mut rig, tcp(2), many).1.starts_with("<sip:4@h>;expires=3600, <sip:5@h>"), "the oldest went");
    rig.edge.handle_closed(tcp(2), rig.now);
    assert_eq!(rig.edge.registered("90000001"), None);
    register(&mut rig, tcp(3), one);
    assert_eq!(register(&mut rig, tcp(3), "Contact: *\r\n").0, 400);
    assert_eq!(register(&mut rig, tcp(3), "Contact: *\r\nExpires: 0\r\n"), listed(""));
    assert_eq!(rig.edge.registered("90000001"), None);
}
