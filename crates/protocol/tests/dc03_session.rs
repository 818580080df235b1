//! Scripts for the session on a line of DC-03 blocks, on virtual time. Every step lists all commands; a leftover one
//! fails.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod rig;

use std::sync::Arc;

use rig::{CODES, HEARTBEAT, Rig};
use telecare_protocol::dc03::{self, Block, Settings, encode};
use telecare_protocol::{Answered, Trigger};

const ACK: &str = "send [64, 56, 135]";
const REJECT: &str = "send [64, 57, 134]";
const NONE: [&str; 0] = [];
/// Behind a fault the line must be quiet, in seconds.
const QUIET: f64 = 0.3;

fn block(function: char, data: &str) -> Vec<u8> {
    encode(&Block::new(function, data))
}

fn new() -> Rig {
    Rig::new(|now| dc03::Session::new(Settings::default(), Arc::clone(&CODES), now).into())
}

/// The next event block reports this of account 1234.
const PRESSED: &str = "1234 emergency active";

fn event() -> Vec<u8> {
    block('N', "ri1/QA001")
}

/// Past its first whole group, which it has ended, so that nothing is in doubt: the next token is 3.
fn settled() -> Rig {
    let mut rig = new();
    for (token, block) in [block('#', "9"), block('N', "RX"), block('0', "")].iter().enumerate() {
        rig.hear(block);
        assert_eq!(rig.stored(u64::try_from(token).unwrap()), [ACK]);
    }
    rig.left.clear();
    rig
}

/// The same with account 1234 acknowledged: the next token is 4.
fn told() -> Rig {
    let mut rig = settled();
    assert_eq!(rig.hear(block('#', "1234")), [HEARTBEAT]);
    assert_eq!(rig.stored(3), [ACK]);
    rig.left.clear();
    rig
}

#[test]
fn a_group_is_acknowledged_block_by_block_once_each_is_stored() {
    let mut rig = told();
    assert_eq!(rig.hear(event()), [PRESSED]);
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.hear(block('A', "FRONT ROOM")), ["1234 information active about 4"]);
    assert_eq!(rig.stored(5), [ACK]);
    assert_eq!(rig.hear(block('N', "YT")), ["1234 battery active"]);
    assert_eq!(rig.stored(6), [ACK]);
    assert_eq!(rig.hear(block('A', "HUB")), ["1234 information active about 6"]);
    assert_eq!(rig.stored(7), [ACK]);
    assert_eq!(rig.hear(block('0', "")), [HEARTBEAT]);
    assert_eq!(rig.stored(8), [ACK]);
    assert!(rig.left.iter().all(|(_, answered)| *answered == Answered::Positive));
    assert_eq!(rig.hear(event()), ["Unit emergency active"], "behind the end nobody's account holds");
}

#[test]
fn nobody_waits_for_text_that_may_never_come_and_text_without_an_event_is_kept() {
    let mut rig = told();
    assert_eq!(rig.hear(event()), [PRESSED], "told before any text");
    assert_eq!(rig.wait(1.0), NONE);
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.hear(block('A', "ROOM")), ["1234 information active about 4"]);
    assert_eq!(rig.refused(5), NONE, "the text is not stored, so it comes again");
    assert_eq!(rig.left.last(), Some(&(5, Answered::Withheld)));
    assert_eq!(rig.wait(2.5), NONE);
    assert_eq!(rig.hear(block('A', "ROOM")), ["1234 information active repeat 2.7 about 4"]);
    assert_eq!(rig.stored(6), [ACK]);
    let mut rig = told();
    assert_eq!(rig.hear(block('A', "HELLO")), ["1234 information active"]);
    assert_eq!(rig.stored(4), [ACK]);
}

#[test]
fn an_account_holds_as_long_as_its_group_may_pause() {
    let mut rig = told();
    rig.wait(13.9);
    assert_eq!(rig.hear(event()), [PRESSED]);
    assert_eq!(rig.stored(4), [ACK]);
    rig.wait(14.0);
    assert_eq!(rig.hear(event()), ["Unit emergency active"]);
    assert_eq!(rig.stored(5), [ACK], "kept and acknowledged: who sends no account would never get on");
    let mut rig = told();
    assert_eq!(rig.hear(block('2', "")), [HEARTBEAT]);
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.hear(event()), ["Unit emergency active"], "an abort ends the group, too");
}

#[test]
fn in_a_group_that_an_earlier_session_began_nothing_is_acknowledged_until_its_account_comes() {
    let mut rig = new();
    assert_eq!(rig.hear(event()), ["Unit emergency active"]);
    assert_eq!(rig.stored(0), NONE);
    assert_eq!(rig.left, [(0, Answered::Withheld)]);
    rig.wait(2.5);
    assert_eq!(rig.hear(event()), ["Unit emergency active repeat 2.7"]);
    assert_eq!(rig.stored(1), NONE);
    rig.wait(2.5);
    assert_eq!(rig.hear(block('#', "1234")), [HEARTBEAT]);
    assert_eq!(rig.stored(2), [ACK]);
    assert_eq!(rig.hear(event()), ["1234 emergency active repeat 5.2"]);
    assert_eq!(rig.stored(3), [ACK]);
    // One that never says an account gets on once that time is over.
    let mut rig = new();
    rig.wait(14.0);
    assert_eq!(rig.hear(event()), ["Unit emergency active"]);
    assert_eq!(rig.stored(0), [ACK]);
}

#[test]
fn a_damaged_block_is_rejected_once_the_line_is_quiet_and_comes_again() {
    let mut damaged = event();
    *damaged.last_mut().unwrap() ^= 1;
    let mut rig = told();
    assert_eq!(rig.hear(&damaged), NONE);
    assert_eq!(rig.wait(QUIET), ["bad BadParity", REJECT]);
    assert_eq!(rig.hear(event()), [PRESSED], "no doubt: nothing was stored");
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.wait(20.0), NONE, "the retry was read");
    // Twice the same: it will never read better.
    let mut rig = told();
    rig.hear(&damaged);
    assert_eq!(rig.wait(QUIET), ["bad BadParity", REJECT]);
    rig.hear(&damaged);
    assert_eq!(rig.wait(QUIET), ["bad BadParity", "Unit unreadable BadParity active", REJECT]);
    assert_eq!(rig.stored(4), NONE, "and is never acknowledged");
    // The retries end without a better copy.
    let mut rig = told();
    rig.hear(&damaged);
    rig.wait(QUIET);
    assert_eq!(rig.wait(14.0), ["Unit unreadable BadParity active"]);
}

#[test]
fn a_wrong_length_is_given_up_and_what_comes_next_is_read() {
    // K13: the parity byte is taken for data.
    let k13 = b"\x4ANri1/QA001\xDC";
    let mut rig = told();
    assert_eq!(rig.hear(k13), NONE);
    assert_eq!(rig.wait(0.9), NONE);
    assert_eq!(rig.wait(0.1), ["bad NoEnd", REJECT]);
    assert_eq!(rig.hear(event()), [PRESSED]);
    assert_eq!(rig.stored(4), [ACK]);
    // A length that says less: the rest is skipped with it.
    let mut rig = told();
    assert_eq!(rig.hear(b"\x42Nri1/QA001\xDC"), NONE);
    assert_eq!(rig.wait(QUIET), ["bad BadParity", REJECT]);
    assert_eq!(rig.hear(event()), [PRESSED]);
    // Noise before a block takes it along; its sender repeats it.
    let mut rig = told();
    assert_eq!(rig.hear([b"\x01", &event()[..]].concat()), NONE);
    assert_eq!(rig.wait(QUIET), ["bad BadParity"], "whether it was one that wants an answer nobody can tell");
    assert_eq!(rig.hear(event()), [PRESSED]);
}

#[test]
fn a_block_that_asks_for_none_gets_no_answer() {
    let mut rig = told();
    let two = encode(&Block { acknowledge: false, ..Block::new('N', "MA003/YT") });
    assert_eq!(rig.hear([&two[..], &event()].concat()), ["1234 medical active", PRESSED]);
    assert_eq!(rig.stored(4), NONE);
    assert_eq!(rig.stored(5), [ACK]);
    assert_eq!(rig.hear([block('8', ""), block('9', "")].concat()), NONE, "an echo of ours");
}

#[test]
fn an_answer_is_late_after_the_senders_wait_and_void_once_more_has_come() {
    let mut rig = told();
    rig.hear(event());
    assert_eq!(rig.wait(2.4), ["late"]);
    assert_eq!(rig.stored(4), NONE);
    assert_eq!(rig.left, [(4, Answered::Late)]);
    rig.wait(0.1);
    assert_eq!(rig.hear(event()), ["1234 emergency active repeat 2.7"]);
    assert_eq!(rig.hear(block('A', "ROOM")), ["1234 information active repeat 2.7 about 5"], "its sender did not wait");
    assert_eq!(rig.stored(5), NONE);
    assert_eq!(rig.stored(6), [ACK]);
    assert_eq!(rig.left, [(4, Answered::Late), (5, Answered::Withheld), (6, Answered::Positive)]);
}

#[test]
fn what_is_not_stored_is_met_with_silence() {
    let mut rig = settled();
    rig.hear(block('#', "1234"));
    assert_eq!(rig.refused(3), NONE, "not even an account while nothing can be stored");
    rig.wait(2.5);
    rig.hear(block('#', "1234"));
    assert_eq!(rig.stored(4), [ACK]);
    rig.hear(event());
    assert_eq!(rig.refused(5), NONE);
    rig.wait(2.5);
    assert_eq!(rig.hear(event()), ["1234 emergency active repeat 2.7"]);
}

#[test]
fn whether_an_acknowledgement_arrived_shows_what_comes_next() {
    let acknowledged = || {
        let mut rig = told();
        rig.hear(event());
        assert_eq!(rig.stored(4), [ACK]);
        rig
    };
    let mut rig = acknowledged();
    rig.wait(0.2);
    assert_eq!(rig.hear(event()), [PRESSED], "at once: another press");
    let mut rig = acknowledged();
    rig.wait(2.5);
    assert_eq!(rig.hear(event()), ["1234 emergency active repeat 2.7"], "after the wait: the acknowledgement was lost");
    assert_eq!(rig.stored(5), [ACK]);
    rig.wait(2.5);
    assert_eq!(rig.hear(event()), ["1234 emergency active repeat 2.7"], "and lost again");
    // The end and a new group show that it arrived.
    let mut rig = acknowledged();
    rig.wait(2.5);
    rig.hear(block('0', ""));
    rig.stored(5);
    rig.hear(block('#', "1234"));
    rig.stored(6);
    assert_eq!(rig.hear(event()), [PRESSED]);
    // This sender ends its groups: a new one without an end, after the wait, may be the old one again.
    let mut rig = acknowledged();
    rig.wait(3.0);
    rig.hear(block('#', "1234"));
    rig.stored(5);
    assert_eq!(rig.hear(event()), ["1234 emergency active repeat 3.2"]);
    let mut rig = acknowledged();
    rig.wait(0.2);
    rig.hear(block('#', "1234"));
    rig.stored(5);
    assert_eq!(rig.hear(event()), [PRESSED], "at once it is a new group");
    // Damage at once was another block, of which a copy follows.
    let mut rig = acknowledged();
    let mut damaged = event();
    damaged[3] ^= 4;
    rig.hear(&damaged);
    rig.wait(2.5);
    assert_eq!(rig.hear(event()), [PRESSED]);
}

#[test]
fn the_same_event_of_another_account_is_never_a_repeat() {
    let mut session = told();
    session.hear(event());
    session.refused(4);
    session.hear(block('#', "5678"));
    session.stored(5);
    // The proof compares bytes: they begin with the account.
    let raw = |account: &str| [block('#', account), event()].concat();
    assert_eq!(session.hear(event()).len(), 1);
    assert_eq!(session.raw.last(), Some(&raw("5678")));
    assert_eq!(session.raw[session.raw.len() - 3], raw("1234"));
}

#[test]
fn a_block_whose_parity_proves_less_counts_once_nothing_follows_it() {
    let mut rig = told();
    let reverse = encode(&Block { reverse_channel: true, ..Block::new('N', "ri1/QA001") });
    assert_eq!(rig.hear(&reverse), NONE);
    assert_eq!(rig.wait(0.07), [PRESSED]);
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.hear([&reverse[..], b"7"].concat()), NONE);
    assert_eq!(rig.wait(QUIET), ["bad Overrun", REJECT]);
}

#[test]
fn what_makes_no_sense_is_kept_and_answered_once_it_is_repeated() {
    for (function, data, told) in [
        ('4', "", "1234 unknown unknown"),
        ('N', "help me", "1234 unknown unknown"),
        ('X', "\u{7}", "1234 unknown unknown"),
        ('#', "12 4", HEARTBEAT),
        ('0', "?", HEARTBEAT),
    ] {
        let mut rig = self::told();
        assert_eq!(rig.hear(block(function, data)), [told]);
        assert_eq!(rig.stored(4), NONE, "it may be noise with the right parity");
        rig.wait(2.5);
        assert_eq!(rig.hear(block(function, data)).len(), 1);
        assert_eq!(rig.stored(5), [ACK]);
    }
    let mut rig = self::told();
    assert_eq!(rig.hear(block('X', "Q1")), ["1234 unknown unknown"]);
    assert_eq!(rig.stored(4), [ACK]);
}

#[test]
fn silence_and_noise_are_told_once() {
    let mut rig = told();
    assert_eq!(rig.wait(25.0 * 3600.0), ["Line link-lost active"]);
    assert_eq!(rig.hear(event()), ["Line link-lost restored", "Unit emergency active"]);
    let mut rig = told();
    assert_eq!(rig.hear([0xFF; 4]), NONE);
    assert_eq!(rig.wait(1.0), ["junk 4"]);
    rig.hear([0xFE; 20]);
    assert_eq!(rig.wait(1.0), ["junk 20", "Line line-noise active"]);
    assert_eq!(rig.hear(event()), ["Line line-noise restored", PRESSED]);
    let begin = |now| dc03::Session::new(Settings::default(), Arc::clone(&CODES), now);
    let mut rig = Rig::new(|now| begin(now).with_told(&[Trigger::LinkLost], now).into());
    assert_eq!(rig.hear(block('#', "1")), ["Line link-lost restored", HEARTBEAT]);
}

#[test]
fn beside_another_host_everything_is_heard_and_nothing_sent() {
    let begin = |now| dc03::Session::new(Settings::default(), Arc::clone(&CODES), now).listening_only();
    let mut rig = Rig::new(|now| begin(now).into());
    assert_eq!(rig.hear(block('#', "1234")), [HEARTBEAT]);
    assert_eq!(rig.hear(dc03::ACKNOWLEDGE), NONE);
    assert_eq!(rig.hear(event()), [PRESSED]);
    assert_eq!(rig.stored(1), NONE);
    assert_eq!(rig.hear(event()), ["possible repeat", PRESSED]);
    rig.hear(b"\x42Nri1/QA001\xDC");
    assert_eq!(rig.wait(QUIET), ["bad BadParity"]);
}
