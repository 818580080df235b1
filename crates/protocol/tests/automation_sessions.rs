//! One table of scripts on virtual time for every automation output: what all of them must do alike, and the one thing
//! that differs where answers name their message. Every step lists all commands; a leftover one fails.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod rig;

use std::sync::Arc;

use rig::{ACK, CODES, HEARTBEAT, Rig};
use telecare_protocol::automation::{self, Dialect};
use telecare_protocol::sia_frame::{Check, frame_of};
use telecare_protocol::{Answered, Session, ademco685, cp220, iti, radionics, sia_dc07, surgard};

/// One make: its session, and what its receiver writes.
struct Make {
    name: &'static str,
    begin: Box<dyn Fn(bool) -> Rig>,
    link_watch: f64,
    ack_wait: f64,
    /// None where nobody knows it.
    link_test: Option<Vec<u8>>,
    press: Vec<u8>,
    other: Vec<u8>,
    /// The answers to link test, press and other.
    answers: [String; 3],
}

impl Make {
    fn new<D>(name: &'static str, dialect: D, link_test: Option<&[u8]>, press: &[u8], other: &[u8]) -> Make
    where
        D: Dialect + Clone + 'static,
        Session: From<automation::Session<D>>,
    {
        let timing = dialect.timing().clone();
        let begin = move |listening| {
            Rig::new(|now| {
                let session = automation::Session::new(dialect.clone(), Arc::clone(&CODES), now);
                if listening { session.listening_only().into() } else { session.into() }
            })
        };
        Make {
            name,
            begin: Box::new(begin),
            link_watch: timing.link_watch.as_secs_f64(),
            ack_wait: timing.ack_wait.as_secs_f64(),
            link_test: link_test.map(<[u8]>::to_vec),
            press: press.to_vec(),
            other: other.to_vec(),
            answers: [ACK, ACK, ACK].map(str::to_owned),
        }
    }

    fn names_lines(&self) -> bool {
        self.answers[1] != ACK
    }

    /// Past its first, answered report, so that nothing is in doubt: the next token is 1.
    fn settled(&self) -> Rig {
        let mut rig = (self.begin)(false);
        // Where nothing shows how a line begins, the first one is believed when it comes again.
        if rig.hear(&self.other).iter().any(|seen| seen.starts_with("bad")) {
            rig.hear(&self.other);
        }
        assert_eq!(rig.stored(0), [self.answers[2].clone()], "{}", self.name);
        rig.left.clear();
        rig
    }

    /// What a press is in words, when nothing speaks for a repeat.
    fn pressed(&self) -> String {
        let seen = self.settled().hear(&self.press);
        assert_eq!(seen.len(), 1, "{}: {seen:?}", self.name);
        seen[0].clone()
    }

    /// The same when it comes again within its sender's retry time: a sequence proves each copy by itself.
    fn again(&self, window: &str) -> String {
        if self.names_lines() { self.pressed() } else { format!("{} repeat {window}", self.pressed()) }
    }
}

fn makes() -> Vec<Make> {
    let dc07 = |body: &str| frame_of(body.as_bytes(), Check::Hex);
    let answer = |body: &str| format!("send {:?}", dc07(body));
    let contact_id: (&[u8], &[u8]) = (b"\n11 4321 18 E101 00 C001\r", b"\n11 1234 18 E100 00 C002\r");
    let caps = cp220::Settings { first: None, last: b'A', ..cp220::Settings::default() };
    let link_test: Option<&[u8]> = Some(b"\n11 OKAY @\r");
    let named = Make::new(
        "sia-dc07",
        sia_dc07::Settings::default(),
        Some(&dc07("\"NULL\"0000R1L1[]")),
        &dc07("\"SIA-DCS\"0001R1L1[#1234|NMA003]"),
        &dc07("\"ADM-CID\"9999R1L2[#4321|1101 00 001]"),
    );
    vec![
        Make::new(
            "surgard",
            surgard::Settings::default(),
            Some(b"1011           @    \x14"),
            b"5011 184321E10101001\x14",
            b"5011 181234E12101001\x14",
        ),
        Make::new("ademco-685", ademco685::Settings::default(), link_test, contact_id.0, contact_id.1),
        Make::new(
            "radionics-6500",
            radionics::Settings::default(),
            Some(b"1010           @    \x14"),
            b"a011 432118110101001\x14",
            b"1011      1234 A0015\x14",
        ),
        Make::new("cp-220", cp220::Settings::default(), link_test, contact_id.0, b"\n1Z1234A3\r"),
        Make::new("cp-220, CAPS", caps, None, b"11 3456 244A", b"11 4321 083A"),
        Make::new("iti", iti::Settings::default(), Some(b"\n00 OKAY @\r"), b"\n0A 1zQ4 7\r", b"\n0A 1zQ4 8\r"),
        Make { answers: ["\"ACK\"0000R1L1[]", "\"ACK\"0001R1L1[]", "\"ACK\"9999R1L2[]"].map(answer), ..named },
    ]
}

#[test]
fn a_line_is_answered_once_it_is_stored_and_a_link_test_says_nothing() {
    for make in makes() {
        let name = make.name;
        let mut rig = make.settled();
        assert_eq!(rig.hear(&make.press), [make.pressed()], "{name}");
        assert_eq!(rig.stored(1), [make.answers[1].clone()], "{name}");
        assert_eq!(rig.stored(1), [""; 0], "{name}: once");
        if let Some(link_test) = &make.link_test {
            assert_eq!(rig.hear(link_test), [HEARTBEAT], "{name}");
            assert_eq!(rig.stored(2), [make.answers[0].clone()], "{name}");
        }
    }
}

/// What comes after an answer that was lost is a press again, but for a sequence that says otherwise.
#[test]
fn a_copy_after_an_answer_is_known_only_by_its_sequence() {
    for make in makes() {
        let mut rig = make.settled();
        rig.hear(&make.press);
        rig.stored(1);
        assert_eq!(rig.wait(make.ack_wait), [""; 0], "{}", make.name);
        let seen = rig.hear(&make.press);
        assert_eq!(seen, [make.pressed()], "{}", make.name);
        assert_eq!(seen[0].ends_with(" key"), make.names_lines(), "{}", make.name);
        assert_eq!(rig.stored(2), [make.answers[1].clone()], "{}: its sender waits", make.name);
    }
}

#[test]
fn what_cannot_be_stored_is_met_with_silence_and_comes_again() {
    for make in makes() {
        let mut rig = make.settled();
        rig.hear(&make.press);
        assert_eq!(rig.refused(1), [""; 0], "{}: never a NAK", make.name);
        assert_eq!(rig.wait(make.ack_wait), [""; 0], "{}", make.name);
        assert_eq!(rig.hear(&make.press), [make.again("4.2")], "{}", make.name);
        assert_eq!(rig.stored(2), [make.answers[1].clone()], "{}", make.name);
    }
}

#[test]
fn a_late_answer_is_not_sent_and_the_copy_is_a_repeat() {
    for make in makes() {
        let mut rig = make.settled();
        rig.hear(&make.press);
        assert_eq!(rig.wait(make.ack_wait), ["late"], "{}", make.name);
        assert_eq!(rig.stored(1), [""; 0], "{}: its sender waits no longer", make.name);
        assert_eq!(rig.left, [(1, Answered::Late)], "{}", make.name);
        assert_eq!(rig.hear(&make.press), [make.again("4.2")], "{}", make.name);
        assert_eq!(rig.stored(2), [make.answers[1].clone()], "{}", make.name);
    }
}

/// An ACK that names nobody would be taken for the line that is not stored.
#[test]
fn a_refused_line_holds_up_the_next_unless_answers_are_named() {
    for make in makes() {
        let mut rig = make.settled();
        rig.hear([&make.press[..], &make.other].concat());
        assert_eq!(rig.refused(1), [""; 0], "{}", make.name);
        let expected = if make.names_lines() { vec![make.answers[2].clone()] } else { vec![] };
        assert_eq!(rig.stored(2), expected, "{}", make.name);
        let other = if make.names_lines() { Answered::Positive } else { Answered::Withheld };
        assert_eq!(rig.left, [(1, Answered::Withheld), (2, other)], "{}", make.name);
    }
}

#[test]
fn a_silent_link_is_reported_once_and_its_return_too() {
    for make in makes() {
        let mut rig = make.settled();
        assert_eq!(rig.wait(make.link_watch - 1.0), [""; 0], "{}", make.name);
        assert_eq!(rig.wait(2.0), ["Line link-lost active"], "{}", make.name);
        assert_eq!(rig.wait(make.link_watch * 3.0), [""; 0], "{}", make.name);
        let seen = rig.hear(&make.press);
        assert_eq!(seen, ["Line link-lost restored".to_owned(), make.pressed()], "{}", make.name);
    }
}

#[test]
fn who_only_listens_never_sends_and_keeps_every_copy() {
    for make in makes() {
        let name = make.name;
        let mut rig = (make.begin)(true);
        let pressed = make.pressed().trim_end_matches(" key").to_owned();
        // Where nothing shows how a line begins, the first one only makes the second believed.
        if rig.hear(&make.press).iter().any(|seen| seen.starts_with("bad")) {
            assert_eq!(rig.hear(&make.press), std::slice::from_ref(&pressed), "{name}");
        }
        assert_eq!(rig.stored(0), [""; 0], "{name}: the other host answers");
        assert_eq!(rig.hear(&make.press), ["possible repeat".to_owned(), pressed], "{name}: nothing proves a copy");
        assert_eq!(rig.stored(1), [""; 0], "{name}");
        assert_eq!(rig.wait(make.ack_wait), [""; 0], "{name}: no answer is owed, so none is late");
        if let Some(link_test) = &make.link_test {
            assert_eq!(rig.hear(link_test), [HEARTBEAT], "{name}");
            assert_eq!(rig.stored(2), [""; 0], "{name}");
        }
        assert!(rig.left.is_empty(), "{name}: who only listens owes none");
        assert_eq!(rig.wait(make.link_watch + 1.0), ["Line link-lost active"], "{name}");
    }
}

/// The end of a line may read as another account's line; its copy tells.
#[test]
fn without_a_first_character_the_first_line_is_believed_when_it_comes_again() {
    let make = makes().into_iter().find(|make| make.name == "cp-220, CAPS").unwrap();
    let mut rig = (make.begin)(false);
    assert_eq!(rig.hear(&make.press), ["bad NoStart"]);
    assert_eq!(rig.hear(&make.press), [make.again("8.0")]);
    assert_eq!(rig.stored(0), [ACK]);
    assert_eq!(rig.hear("456 244"), [""; 0]);
    assert_eq!(rig.wait(3.0), ["junk 7"], "given up, so that the next may be a rest again");
    assert_eq!(rig.hear(&make.other), ["bad NoStart"]);
}

/// Found by the fuzz target: its answer was empty.
#[test]
fn a_frame_whose_end_shows_its_parity_bit_is_answered_like_any() {
    let make = makes().into_iter().find(Make::names_lines).unwrap();
    let mut rig = make.settled();
    let mut press = make.press.clone();
    *press.last_mut().unwrap() |= 0x80;
    assert_eq!(rig.hear(&press), [make.pressed()]);
    assert_eq!(rig.stored(1), [make.answers[1].clone()]);
}
