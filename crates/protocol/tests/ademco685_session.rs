//! Scripts for the Ademco 685 session on virtual time, and for sessions that only listen. Every step lists all
//! commands; a leftover one fails.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod rig;

use std::sync::Arc;

use rig::{ACK, CODES, HEARTBEAT, Rig};
use telecare_protocol::ademco685::{self, Settings};
use telecare_protocol::{Answered, surgard};

const OKAY: &str = "\n00 OKAY @\r";
const PRESS: &str = "\n11 4321 18 E101 00 C001\r";
const PRESSED: &str = "4321 emergency active";
const OTHER: &str = "\n11 1234 18 E100 00 C002\r";
const OTHER_PRESSED: &str = "1234 medical active";

fn new() -> Rig {
    Rig::new(|now| ademco685::Session::new(Settings::default(), Arc::clone(&CODES), now).into())
}

/// Past its first, answered report, so that nothing is in doubt: the next token is 1.
fn settled() -> Rig {
    let mut rig = new();
    rig.hear(OTHER);
    rig.stored(0);
    rig
}

fn listening() -> Rig {
    Rig::new(|now| ademco685::Session::new(Settings::default(), Arc::clone(&CODES), now).listening_only().into())
}

#[test]
fn a_line_is_answered_once_it_is_stored_and_a_link_check_without() {
    let mut rig = settled();
    assert_eq!(rig.hear(PRESS), [PRESSED]);
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.hear(OKAY), [HEARTBEAT]);
    assert_eq!(rig.stored(2), [ACK]);
    assert_eq!(rig.hear(PRESS), [PRESSED], "after an answer in time it is a new press");
}

#[test]
fn what_cannot_be_stored_is_met_with_silence_and_comes_again() {
    let mut rig = settled();
    assert_eq!(rig.hear(PRESS), [PRESSED]);
    assert_eq!(rig.refused(1), [""; 0], "never a NAK");
    assert_eq!(rig.wait(4.0), [""; 0]);
    assert_eq!(rig.hear(PRESS), [format!("{PRESSED} repeat 4.2")]);
    assert_eq!(rig.stored(2), [ACK]);
}

/// An MX8000 gives up after two attempts: what comes eight seconds later without a link check is a press.
#[test]
fn two_attempts_are_the_window_of_a_copy_and_link_checks_keep_it_open() {
    let mut rig = settled();
    assert_eq!(rig.hear(PRESS), [PRESSED]);
    assert_eq!(rig.refused(1), [""; 0]);
    assert_eq!(rig.wait(9.0), [""; 0]);
    assert_eq!(rig.hear(PRESS), [PRESSED]);
    assert_eq!(rig.refused(2), [""; 0]);
    assert_eq!(rig.wait(4.0), [""; 0]);
    assert_eq!(rig.hear(OKAY), [HEARTBEAT]);
    assert_eq!(rig.refused(3), [""; 0]);
    assert_eq!(rig.wait(60.0), [""; 0]);
    assert_eq!(rig.hear(PRESS), [format!("{PRESSED} repeat 64.2")], "its buffer comes once the link is back");
}

#[test]
fn damage_is_not_answered_until_it_comes_again_alike() {
    let damaged = "\n11 432 18 E101 00 C001\r";
    let mut rig = settled();
    assert_eq!(rig.hear(damaged), ["bad BadField"]);
    assert_eq!(rig.hear(PRESS), [PRESSED], "the repeat could be read");
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.hear(damaged), ["bad BadField"]);
    assert_eq!(rig.wait(4.0), [""; 0]);
    assert_eq!(rig.hear(damaged), ["bad BadField", "Unit unreadable BadField active"]);
    assert_eq!(rig.stored(2), [ACK], "it will never read better, and one bad line must not block the others");
    assert_eq!(rig.wait(8.0), [""; 0]);
    assert_eq!(rig.hear(damaged), ["bad BadField"]);
    assert_eq!(rig.wait(8.0), ["Unit unreadable BadField active"], "nobody repeated it");
}

/// What an engineer reads of each call: every delivery that was owed an answer says what became of it, once.
#[test]
fn what_became_of_each_answer_is_told_once() {
    let mut rig = settled();
    rig.left.clear();
    assert_eq!(rig.hear(format!("{PRESS}{PRESS}")), [PRESSED, PRESSED]);
    assert_eq!(rig.stored(1), [""; 0], "its copy is answered instead");
    assert_eq!(rig.stored(2), [ACK]);
    assert_eq!(rig.left, [(1, Answered::Withheld), (2, Answered::Positive)]);
    rig.left.clear();
    rig.hear(OTHER);
    assert_eq!(rig.wait(4.0), ["late"]);
    assert_eq!(rig.stored(3), [""; 0]);
    rig.hear(PRESS);
    rig.refused(4);
    rig.hear(OTHER);
    assert_eq!(rig.left, [(3, Answered::Late), (4, Answered::Withheld), (5, Answered::Withheld)]);
    assert!(listening_left().is_empty(), "who only listens owes none");
}

fn listening_left() -> Vec<(u64, Answered)> {
    let mut rig = listening();
    rig.hear(PRESS);
    rig.stored(0);
    rig.left
}

/// The end of a High Speed line is a whole 3+1 line of another account. Only LF tells.
#[test]
fn a_line_without_its_beginning_names_nobody() {
    let mut rig = settled();
    assert_eq!(rig.hear("55 5555 7\r"), ["bad NoStart"]);
    assert_eq!(rig.hear(PRESS), [PRESSED]);
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.hear("\n11 4321 18 E1"), [""; 0]);
    assert_eq!(rig.hear(PRESS), ["bad NoEnd", PRESSED]);
    assert_eq!(rig.stored(2), [ACK]);
    assert_eq!(rig.hear("\x06\x15"), [""; 0]);
    assert_eq!(rig.wait(2.0), ["junk 2"]);
}

#[test]
fn makes_that_end_a_line_with_cr_and_lf_are_understood() {
    let mut rig = settled();
    for token in [1, 2] {
        assert_eq!(rig.hear("\n"), [""; 0], "left from the line before");
        assert_eq!(rig.wait(30.0), [""; 0]);
        assert_eq!(rig.hear("11 4321 18 E101 00 C001\r"), [PRESSED]);
        assert_eq!(rig.stored(token), [ACK]);
    }
}

#[test]
fn a_silent_link_is_reported_and_its_return_too() {
    let mut rig = new();
    assert_eq!(rig.wait(91.0), ["Line link-lost active"]);
    assert_eq!(rig.hear(OKAY), ["Line link-lost restored", HEARTBEAT]);
}

#[test]
fn who_only_listens_never_sends_and_keeps_every_copy() {
    let mut rig = listening();
    assert_eq!(rig.hear(PRESS), [PRESSED]);
    assert_eq!(rig.stored(0), [""; 0], "the other host answers");
    assert_eq!(rig.hear("\x06"), [""; 0], "its answer, heard through a splitter");
    assert_eq!(rig.hear(OKAY), [HEARTBEAT]);
    assert_eq!(rig.stored(1), [""; 0]);
    assert_eq!(rig.hear(OTHER), [OTHER_PRESSED]);
    assert_eq!(rig.wait(4.0), [""; 0], "no answer is owed, so none is late");
    assert_eq!(rig.hear(OTHER), ["possible repeat", OTHER_PRESSED], "kept as a press: nothing proves a copy");
    assert_eq!(rig.refused(3), [""; 0]);
    assert_eq!(rig.wait(10.0), [""; 0]);
    assert_eq!(rig.hear(OTHER), [OTHER_PRESSED], "its sender repeats no longer");
    assert_eq!(rig.wait(91.0), ["Line link-lost active"]);
    assert_eq!(rig.hear("\x06\x15"), [""; 0], "the other host is not the link");
    assert_eq!(rig.hear(PRESS), ["Line link-lost restored", PRESSED]);
}

#[test]
fn who_only_listens_to_a_line_without_a_start_hears_no_answer_as_noise() {
    let mut rig = Rig::new(|now| {
        surgard::Session::new(surgard::Settings::default(), Arc::clone(&CODES), now).listening_only().into()
    });
    for token in 0..20 {
        assert_eq!(
            rig.hear("5011 184321E10101001\x14"),
            if token == 0 { vec![PRESSED] } else { vec!["possible repeat", PRESSED] }
        );
        assert_eq!(rig.stored(token), [""; 0]);
        assert_eq!(rig.hear("\x06\u{15}"), [""; 0]);
    }
    assert_eq!(rig.hear("5011 184321E1010"), [""; 0]);
    assert_eq!(rig.hear("1001\x14"), ["possible repeat", PRESSED]);
    assert_eq!(rig.hear("5011 181234E121010\x14"), ["bad WrongLength"]);
    assert_eq!(rig.hear("5011 181234E121010\x14"), ["bad WrongLength", "Unit unreadable WrongLength active"]);
    assert_eq!(rig.stored(21), [""; 0]);
}
