//! Scripts for the session with a Texecom panel, on virtual time. Every step lists all commands; a leftover one fails.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod rig;

use std::sync::Arc;

use rig::{CODES, HEARTBEAT, Rig};
use telecare_protocol::dc03::Block;
use telecare_protocol::texecom::{self, Message, Settings, encode};
use telecare_protocol::{Answered, Trigger};

/// `[P]` 00, 2 minutes, 06, CR LF.
const POLLED: &str = "send [91, 80, 93, 0, 2, 6, 13, 10]";
const TAKEN_2: &str = "send [50, 6, 13, 10]";
const TAKEN_3: &str = "send [51, 6, 13, 10]";
const NONE: [&str; 0] = [];
const X03: &[u8] = b"21AAA181100010039\r\n";
const PRESSED: &str = "1000 medical active";

fn new() -> Rig {
    Rig::new(|_| texecom::Session::new(Settings::default(), Arc::clone(&CODES)).into())
}

fn poll(account: &str, flags: u8) -> Vec<u8> {
    encode(&Message::Poll { account: account.to_owned(), flags }).unwrap()
}

fn sia(blocks: &[(char, &str)]) -> Vec<u8> {
    let block = |(function, data): &(char, &str)| Block { reverse_channel: true, ..Block::new(*function, data) };
    encode(&Message::Sia(blocks.iter().chain(&[('0', "")]).map(block).collect())).unwrap()
}

#[test]
fn each_kind_has_its_answer_once_it_is_stored() {
    let mut rig = new();
    assert_eq!(rig.hear(poll("1000", 0)), [HEARTBEAT]);
    assert_eq!(rig.stored(0), [POLLED]);
    assert_eq!(rig.hear(X03), [PRESSED]);
    assert_eq!(rig.wait(1.0), NONE);
    assert_eq!(rig.stored(1), [TAKEN_2]);
    assert_eq!(rig.hear(sia(&[('#', "1000"), ('N', "MA003"), ('A', "HALL")])), [PRESSED]);
    assert_eq!(rig.stored(2), [TAKEN_3]);
    assert_eq!(rig.hear(b"+++"), NONE);
    assert_eq!(rig.left, [(0, Answered::Positive), (1, Answered::Positive), (2, Answered::Positive)]);
    assert_eq!(rig.hear(sia(&[('#', "1000")])), [HEARTBEAT], "nothing said");
    assert_eq!(rig.stored(3), [TAKEN_3]);
}

#[test]
fn several_accounts_are_answered_once_all_are_stored() {
    let both = sia(&[('#', "1000"), ('N', "MA003"), ('#', "2000"), ('N', "FA001")]);
    let mut rig = new();
    assert_eq!(rig.hear(&both), [PRESSED, "2000 fire active"]);
    assert_eq!(rig.stored(1), NONE);
    assert_eq!(rig.stored(0), [TAKEN_3]);
    rig.hear(&both);
    assert_eq!(rig.stored(3), NONE);
    assert_eq!(rig.refused(2), NONE);
    assert_eq!(rig.hear(&both), [PRESSED, "2000 fire active"], "which of them is a copy nothing proves");
    let many: Vec<(char, &str)> = (0..9).map(|_| ('#', "1000")).collect();
    assert_eq!(rig.hear(sia(&many)), ["bad TooManyAccounts", "Unit unreadable TooManyAccounts active"]);
}

#[test]
fn what_is_damaged_is_told_and_never_answered() {
    // X05: one data bit changed.
    let mut x05 = sia(&[('#', "1000"), ('N', "ri1MA003"), ('A', "HALL PULLCORD")]);
    x05[10] ^= 4;
    let mut rig = new();
    assert_eq!(rig.hear(&x05), NONE);
    assert_eq!(rig.wait(0.3), ["bad BadParity", "Unit unreadable BadParity active"]);
    assert_eq!(rig.stored(0), NONE);
    rig.hear(&x05);
    assert_eq!(rig.wait(0.3), ["bad BadParity"], "told once");
    assert_eq!(rig.hear(b"21AAA181100010038\r\n"), ["bad BadChecksum", "Unit unreadable BadChecksum active"]);
    assert_eq!(rig.stored(1), NONE);
    assert_eq!(rig.hear(&X03[..9]), NONE);
    assert_eq!(rig.wait(5.0), ["bad NoEnd", "Unit unreadable NoEnd active"]);
    assert_eq!(rig.hear(b"GET / HTTP/1.1\r\n"), NONE);
    assert_eq!(rig.wait(0.3), ["junk 16", "Line line-noise active"]);
    assert_eq!(rig.hear(X03), ["Line line-noise restored", PRESSED]);
    assert_eq!(rig.stored(5), [TAKEN_2]);
}

#[test]
fn a_press_is_a_press_and_only_what_went_unanswered_here_is_a_repeat() {
    let mut rig = new();
    assert_eq!(rig.hear(X03), [PRESSED], "the first of a connection is in no doubt");
    assert_eq!(rig.stored(0), [TAKEN_2]);
    assert_eq!(rig.hear(X03), [PRESSED]);
    assert_eq!(rig.refused(1), NONE);
    rig.wait(4.0);
    assert_eq!(rig.hear(X03), ["1000 medical active repeat 4.2"]);
    assert_eq!(rig.wait(4.8), ["late"]);
    assert_eq!(rig.stored(2), NONE);
    assert_eq!(rig.hear(X03), ["1000 medical active repeat 9.0"]);
    assert_eq!(rig.hear(X03), ["1000 medical active repeat 9.0"], "it did not wait");
    assert_eq!(rig.stored(3), NONE);
    assert_eq!(rig.stored(4), [TAKEN_2]);
    assert_eq!(rig.hear(X03), [PRESSED]);
    use Answered::{Late, Positive, Withheld};
    assert_eq!(rig.left, [(0, Positive), (1, Withheld), (2, Late), (3, Withheld), (4, Positive)]);
}

#[test]
fn flags_are_told_at_the_first_poll_and_when_they_change() {
    let mut rig = new();
    assert_eq!(rig.hear(poll("1000", 0x06)), ["1000 mains present key"]);
    assert_eq!(rig.stored(0), [POLLED]);
    rig.wait(120.0);
    assert_eq!(rig.hear(poll("1000", 0x06)), [HEARTBEAT], "as before");
    assert_eq!(rig.stored(1), [POLLED]);
    // Another connection may know mains and battery by their key for 150 s: their end is not told before.
    assert_eq!(rig.hear(poll("1000", 0x01)), ["1000 telephone-line active"]);
    assert_eq!(rig.stored(2), [POLLED]);
    rig.wait(120.0);
    assert_eq!(rig.hear(poll("1000", 0x01)), ["1000 mains restored"]);
    assert_eq!(rig.stored(3), [POLLED]);
    assert_eq!(rig.hear(poll("1000", 0x19)), [HEARTBEAT], "armed, and an engineer: a state");
    assert_eq!(rig.stored(4), [POLLED]);
    assert_eq!(rig.hear(poll("1000", 0)), ["1000 telephone-line restored"]);
    assert_eq!(rig.refused(5), NONE);
    assert_eq!(rig.hear(poll("1000", 0)), ["1000 telephone-line restored"], "not stored, so it is told again");
    assert_eq!(rig.stored(6), [POLLED]);
    assert_eq!(rig.hear(poll("1000", 0x40)), ["1000 unknown unknown"]);
}

#[test]
fn noise_that_was_told_is_taken_back_and_who_listens_sends_nothing() {
    let begin = || texecom::Session::new(Settings::default(), Arc::clone(&CODES));
    let mut rig = Rig::new(|now| begin().with_told(&[Trigger::LineNoise], now).into());
    assert_eq!(rig.hear(X03), ["Line line-noise restored", PRESSED]);
    let mut rig = Rig::new(|_| begin().listening_only().into());
    assert_eq!(rig.hear(X03), [PRESSED]);
    assert_eq!(rig.stored(0), NONE);
    assert_eq!(rig.hear(X03), ["possible repeat", PRESSED]);
}
