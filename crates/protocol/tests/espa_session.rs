//! Scripts for the ESPA 4.4.4 session on virtual time, both roles. Every step lists all commands; a leftover one
//! fails. Names T1 to T12 are the session vectors of the protocol's README.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod rig;

use std::sync::Arc;

use rig::{ACK, CODES, HEARTBEAT, Rig};
use telecare_protocol::espa::{self, Block, Role, Settings, Texts};
use telecare_protocol::{Answered, Trigger};

const SELECT: &[u8] = b"1\x052\x05";
const EOT: &[u8] = b"\x04";
const DAMAGED: &str = "send [49, 21]";
const BUSY: &str = "send [50, 21]";
const INVALID: &str = "send [51, 21]";
const PRESSED: &str = "0815 emergency active";

fn texts() -> Arc<Texts> {
    let table = "[[call]]\ntext = \"Feuer Zimmer {unit}\"\ntrigger = \"emergency\"\n\
                 [[call]]\ntext = \"DOOR\"\ntrigger = \"door-open\"\n";
    Arc::new(Texts::parse(table).unwrap())
}

fn settings() -> Settings {
    Settings { texts: texts(), ..Settings::default() }
}

fn with(settings: Settings) -> Rig {
    Rig::new(|now| espa::Session::new(settings, Arc::clone(&CODES), now).into())
}

/// Past its first, confirmed call, so that nothing is in doubt: the next token is 2.
fn settled_with(settings: Settings) -> Rig {
    let mut rig = with(settings);
    rig.hear(SELECT);
    rig.stored(0);
    rig.hear(espa::encode(&Block::new('1', &[("1", "1"), ("2", "OTHER")])));
    rig.stored(1);
    rig.hear(EOT);
    rig.left.clear();
    rig
}

fn settled() -> Rig {
    settled_with(settings())
}

fn e01() -> Vec<u8> {
    let records = [("1", "0815"), ("2", "Feuer Zimmer 12"), ("3", "2"), ("4", "3"), ("5", "1"), ("6", "1")];
    espa::encode(&Block::new('1', &records))
}

fn e10() -> Vec<u8> {
    espa::encode(&Block::new('1', &[("6", "2"), ("2", "DOOR"), ("1", "31")]))
}

fn e17() -> Vec<u8> {
    let mut block = e01();
    *block.last_mut().unwrap() ^= 1;
    block
}

/// Selected and ready, with this token.
fn select(rig: &mut Rig, token: u64) {
    assert_eq!(rig.hear(SELECT), [HEARTBEAT]);
    assert_eq!(rig.stored(token), [ACK]);
}

#[test]
fn t1_to_t3_a_call_however_its_sender_opens() {
    for opening in [SELECT, b"2\x05", b"\x05"] {
        let mut rig = settled();
        // A bare ENQ counts once nothing follows it.
        assert_eq!([rig.hear(opening), rig.wait(0.1)].concat(), [HEARTBEAT]);
        assert_eq!(rig.stored(2), [ACK]);
        assert_eq!(rig.hear(e01()), [PRESSED]);
        assert_eq!(rig.stored(3), [ACK]);
        assert_eq!(rig.left, [(2, Answered::Positive), (3, Answered::Positive)]);
        assert_eq!(rig.hear(EOT), [""; 0]);
        select(&mut rig, 4);
        assert_eq!(rig.hear(e01()), [PRESSED], "it had its ACK, as its EOT shows: a press");
    }
}

#[test]
fn t4_what_is_for_another_station_is_not_answered() {
    let mut rig = settled();
    assert_eq!(rig.hear(b"1\x053\x05"), [""; 0]);
    assert_eq!(rig.hear(b"\x06"), [""; 0], "its answer");
    assert_eq!(rig.hear(e01()), ["bad OtherStation"]);
    assert_eq!(rig.hear(e17()), ["bad OtherStation"]);
    assert_eq!(rig.hear(EOT), [""; 0]);
    select(&mut rig, 2);
    assert_eq!(rig.hear(b"1\x053\x05"), [""; 0]);
    assert_eq!(rig.wait(10.0), [""; 0]);
    assert_eq!(rig.hear(e01()), [PRESSED], "a turn without a sign is over");
}

#[test]
fn t5_a_damaged_block_is_refused_and_comes_again() {
    let mut rig = settled();
    select(&mut rig, 2);
    assert_eq!(rig.hear(e17()), ["bad BadChecksum", DAMAGED]);
    assert_eq!(rig.hear(e01()), [PRESSED]);
    assert_eq!(rig.stored(3), [ACK]);
    assert_eq!(rig.hear(EOT), [""; 0]);
    assert_eq!(rig.wait(20.0), [""; 0], "the copy that could be read was its retry");
}

#[test]
fn t6_a_block_whose_acknowledgement_was_lost_is_a_repeat() {
    let mut rig = settled();
    select(&mut rig, 2);
    assert_eq!(rig.hear(e01()), [PRESSED]);
    assert_eq!(rig.stored(3), [ACK]);
    assert_eq!(rig.wait(2.0), [""; 0], "the sender waits for what was lost");
    assert_eq!(rig.hear([EOT, SELECT].concat()), [HEARTBEAT]);
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.hear(e01()), [format!("{PRESSED} repeat 2.2")]);
    assert_eq!(rig.stored(5), [ACK]);
    assert_eq!(rig.hear(EOT), [""; 0]);
    select(&mut rig, 6);
    assert_eq!(rig.hear(e01()), [PRESSED], "that one arrived");
}

#[test]
fn a_copy_without_a_new_selection_and_one_at_the_start_may_be_repeats() {
    let mut rig = settled();
    select(&mut rig, 2);
    assert_eq!(rig.hear(e01()), [PRESSED]);
    assert_eq!(rig.stored(3), [ACK]);
    assert_eq!(rig.wait(2.5), [""; 0]);
    assert_eq!(rig.hear(e01()), [format!("{PRESSED} repeat 2.7")]);
    let mut rig = with(settings());
    select(&mut rig, 0);
    assert_eq!(rig.hear(e01()), [format!("{PRESSED} repeat 15.0")], "the answer of the session before may be lost");
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.wait(16.0), [""; 0]);
    select(&mut rig, 2);
    assert_eq!(rig.hear(e01()), [PRESSED], "residents press twice");
}

/// One that never sends EOT does not show by that that an answer was lost.
#[test]
fn of_a_sender_without_eot_nothing_is_proven() {
    let mut rig = with(settings());
    for (token, block) in [(0, e10()), (2, e01()), (4, e10())] {
        assert_eq!([rig.hear(b"\x05"), rig.wait(0.1)].concat(), [HEARTBEAT]);
        assert_eq!(rig.stored(token), [ACK]);
        rig.hear(block);
        assert_eq!(rig.stored(token + 1), [ACK]);
        rig.wait(4.0);
    }
    assert_eq!([rig.hear(b"\x05"), rig.wait(0.1)].concat(), [HEARTBEAT]);
    assert_eq!(rig.stored(6), [ACK]);
    assert_eq!(rig.hear(e10()), ["31 door-open active"]);
}

/// Its first EOT was damaged, so it is taken for one that sends none; then an acknowledgement is lost.
#[test]
fn an_end_that_comes_late_is_a_lost_acknowledgement_whatever_was_believed() {
    let mut rig = with(settings());
    for (token, block) in [(0, e10()), (2, e01())] {
        assert_eq!([rig.hear(b"\x05"), rig.wait(0.1)].concat(), [HEARTBEAT]);
        assert_eq!(rig.stored(token), [ACK]);
        rig.wait(0.5);
        rig.hear(block);
        assert_eq!(rig.stored(token + 1), [ACK]);
    }
    assert_eq!(rig.wait(2.0), [""; 0], "the sender waits for what was lost");
    assert_eq!(rig.hear([EOT, SELECT].concat()), [HEARTBEAT]);
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.hear(e01()), [format!("{PRESSED} repeat 2.2")]);
}

#[test]
fn t7_what_cannot_be_stored_is_busy_and_comes_again() {
    let mut rig = settled();
    select(&mut rig, 2);
    assert_eq!(rig.hear(e01()), [PRESSED]);
    assert_eq!(rig.refused(3), [BUSY]);
    assert_eq!(rig.wait(1.0), [""; 0]);
    assert_eq!(rig.hear(e01()), [format!("{PRESSED} repeat 1.2")]);
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.left[1..], [(3, Answered::Withheld), (4, Answered::Positive)]);
    assert_eq!(rig.hear([EOT, SELECT].concat()), [HEARTBEAT]);
    assert_eq!(rig.refused(5), [BUSY], "not ready while nothing can be stored");
}

#[test]
fn t8_several_blocks_in_one_turn() {
    let mut rig = settled();
    select(&mut rig, 2);
    assert_eq!(rig.hear(e01()), [PRESSED]);
    assert_eq!(rig.stored(3), [ACK]);
    assert_eq!(rig.hear(e10()), ["31 door-open active"]);
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.hear(EOT), [""; 0]);
}

#[test]
fn t9_a_block_that_stops_is_dropped_and_the_next_enquiry_served() {
    let mut rig = settled();
    select(&mut rig, 2);
    assert_eq!(rig.hear(&e01()[..20]), [""; 0]);
    assert_eq!(rig.wait(3.0), ["bad NoEnd"]);
    select(&mut rig, 3);
    assert_eq!(rig.hear(&e01()[..20]), [""; 0]);
    assert_eq!(rig.wait(1.0), [""; 0]);
    assert_eq!(rig.hear(SELECT), ["bad NoEnd", "junk 2"], "it may be the rest of the block");
    assert_eq!(rig.wait(1.0), [""; 0]);
    select(&mut rig, 4);
    assert_eq!(rig.hear(e01()), [PRESSED]);
}

#[test]
fn t10_noise_before_a_whole_selection_does_not_matter() {
    let mut rig = settled();
    assert_eq!(rig.hear(b"\xff\x00\x411\x052\x05"), ["junk 2", HEARTBEAT]);
    assert_eq!(rig.stored(2), [ACK]);
    assert_eq!(rig.hear(e01()), [PRESSED]);
}

#[test]
fn t11_a_block_without_selection_is_taken_unless_the_line_is_shared() {
    let mut rig = settled();
    assert_eq!(rig.hear(e01()), [PRESSED]);
    assert_eq!(rig.stored(2), [ACK]);
    let mut rig = settled_with(Settings { needs_selection: true, ..settings() });
    assert_eq!(rig.hear(e01()), ["bad NotSelected"]);
    select(&mut rig, 2);
    assert_eq!(rig.wait(15.0), [""; 0]);
    assert_eq!(rig.hear(e01()), ["bad NotSelected"], "a selection does not hold for ever");
}

#[test]
fn t12_a_character_with_wrong_parity_is_damage_whatever_the_check_byte() {
    let mut rig = settled();
    select(&mut rig, 2);
    let block = espa::encode(&Block::new('1', &[("1", "0815"), ("2", "Feuer Zimmer\x001\x00")]));
    assert_eq!(rig.hear(&block), ["bad IllegalCharacter", DAMAGED]);
    assert_eq!(rig.hear(&block), ["bad IllegalCharacter", "Unit unreadable IllegalCharacter active", DAMAGED]);
    assert_eq!(rig.hear(&block), ["bad IllegalCharacter", DAMAGED], "told once, never acknowledged");
}

/// The sender waits for the answer to its block. Whatever looks like an enquiry then must not be answered.
#[test]
fn an_enquiry_that_may_be_part_of_a_block_is_not_answered() {
    let mut rig = settled();
    select(&mut rig, 2);
    let e04 = espa::encode(&Block::new('1', &[("1", "12"), ("2", "FLAT 3!"), ("6", "1")]));
    assert_eq!(e04.last(), Some(&0x05));
    let mut lost_start = e04.clone();
    lost_start.remove(0);
    assert_eq!(rig.hear(&lost_start), ["junk 21", "Line line-noise active"]);
    assert_eq!(rig.wait(1.0), [""; 0]);
    let mut start_became_enquiry = e01();
    start_became_enquiry[0] = 0x05;
    assert_eq!(rig.hear(&start_became_enquiry[..1]), [""; 0]);
    assert_eq!(rig.wait(0.01), [""; 0]);
    assert_eq!(rig.hear(&start_became_enquiry[1..]), ["junk 45"]);
    assert_eq!(rig.wait(1.0), [""; 0]);
    let mut became_enquiry = espa::encode(&Block::new('1', &[("1", "12"), ("2", "FLAT 2E")]));
    let at = became_enquiry.iter().position(|byte| *byte == b'E').unwrap();
    became_enquiry[at] = 0x05;
    assert_eq!(rig.hear(&became_enquiry), ["bad NoEnd", "junk 2"]);
    assert_eq!(rig.wait(1.0), [""; 0]);
    assert_eq!(rig.hear(e01()), ["Line line-noise restored", PRESSED]);
}

#[test]
fn an_answer_that_comes_late_or_after_something_else_is_not_given() {
    let mut rig = settled();
    select(&mut rig, 2);
    assert_eq!(rig.hear(e01()), [PRESSED]);
    assert_eq!(rig.wait(1.8), ["late"]);
    assert_eq!(rig.stored(3), [""; 0]);
    assert_eq!(rig.hear([EOT, SELECT].concat()), [HEARTBEAT]);
    assert_eq!(rig.hear(e01()), [format!("{PRESSED} repeat 2.0")], "it did not wait for ready");
    assert_eq!(rig.stored(4), [""; 0], "ready would be taken for stored");
    assert_eq!(rig.hear(EOT), [""; 0]);
    assert_eq!(rig.stored(5), [""; 0], "it has given up");
    assert_eq!(rig.left[1..], [(3, Answered::Late), (4, Answered::Withheld), (5, Answered::Withheld)]);
}

#[test]
fn what_is_never_acceptable_is_kept_and_refused_for_good() {
    let mut rig = settled();
    select(&mut rig, 2);
    let block = espa::encode(&Block::new('8', &[("1", "12"), ("2", "X")]));
    assert_eq!(rig.hear(&block), ["bad UnknownHeader", "Unit unreadable UnknownHeader active"]);
    assert_eq!(rig.stored(3), [INVALID]);
    assert_eq!(rig.hear(&block), ["bad UnknownHeader", "Unit unreadable UnknownHeader active repeat 0.2"]);
    assert_eq!(rig.refused(4), [BUSY], "not kept: it must come again");
}

#[test]
fn a_check_byte_of_seven_bits_is_believed_the_second_time() {
    let mut rig = settled();
    select(&mut rig, 2);
    let mut block = espa::encode(&Block::new('1', &[("1", "12"), ("2", "K\u{fc}che"), ("6", "1")]));
    *block.last_mut().unwrap() &= 0x7F;
    assert_eq!(rig.hear(&block), ["bad BadChecksum", DAMAGED]);
    assert_eq!(rig.hear(&block), ["12 unknown unknown"]);
    assert_eq!(rig.stored(3), [ACK]);
}

#[test]
fn damage_that_nobody_repeats_better_is_told() {
    let mut rig = settled();
    select(&mut rig, 2);
    assert_eq!(rig.hear(e17()), ["bad BadChecksum", DAMAGED]);
    assert_eq!(rig.wait(15.0), ["Unit unreadable BadChecksum active"]);
}

#[test]
fn a_reset_clears_the_trigger_of_its_call() {
    let mut rig = settled();
    rig.hear(e01());
    rig.stored(2);
    assert_eq!(rig.hear(espa::encode(&Block::new('1', &[("1", "0815"), ("4", "1")]))), ["0815 emergency restored"]);
    assert_eq!(rig.stored(3), [ACK]);
}

#[test]
fn statuses_are_told_when_asked_for_and_polled() {
    let role = Role::Station { control: b'1', polled: true };
    let mut rig = settled_with(Settings { role, ..settings() });
    assert_eq!(rig.hear(b"2\x05"), [HEARTBEAT]);
    assert_eq!(rig.stored(2), ["send [4]"], "polled, and nothing to say");
    assert_eq!(rig.hear(b"2\x05"), [HEARTBEAT]);
    assert_eq!(rig.refused(3), [""; 0], "while nothing can be stored, a poll is met with silence");
    select(&mut rig, 4);
    assert_eq!(rig.hear(e01()), [PRESSED]);
    assert_eq!(rig.stored(5), [ACK]);
    let request = espa::encode(&Block::new('3', &[("1", "0815"), ("2", "Feuer Zimmer 12")]));
    assert_eq!(rig.hear(&request), ["0815 information active"]);
    assert_eq!(rig.stored(6), [ACK]);
    assert_eq!(rig.hear(EOT), [""; 0]);
    assert_eq!(rig.hear(b"2\x05"), [HEARTBEAT]);
    assert_eq!(rig.stored(7), ["send [49, 5]"], "selects the control station");
    let status = espa::encode(&Block::new('2', &[("1", "0815"), ("7", "2")]));
    assert_eq!(rig.hear(b"\x06"), [format!("send {status:?}")]);
    assert_eq!(rig.wait(2.5), [format!("send {:?}", b"\x041\x05")], "no answer: all of it again");
    assert_eq!(rig.hear(b"\x06"), [format!("send {status:?}")]);
    assert_eq!(rig.hear(b"1\x15"), [format!("send {status:?}")], "damaged: at once again");
    assert_eq!(rig.hear(b"\x06"), ["send [4]"]);
    assert_eq!(rig.hear(b"2\x05"), [HEARTBEAT]);
    assert_eq!(rig.stored(8), ["send [4]"], "said once");
}

#[test]
fn the_control_station_polls_and_takes_what_is_said() {
    let stations = b"37".to_vec();
    let mut rig = with(Settings { role: Role::Control { stations }, address: b'1', ..settings() });
    assert_eq!(rig.wait(0.0), ["send [51, 5]"]);
    assert_eq!(rig.hear(EOT), [HEARTBEAT]);
    assert_eq!(rig.wait(0.0), ["send [55, 5]"], "the next of the round");
    assert_eq!(rig.hear(b"1\x05"), [HEARTBEAT], "it has something to say");
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.hear(e01()), [format!("{PRESSED} repeat 15.0")]);
    assert_eq!(rig.wait(1.0), [""; 0], "no poll while an answer is owed");
    assert_eq!(rig.stored(2), [ACK]);
    assert_eq!(rig.hear(EOT), [""; 0]);
    assert_eq!(rig.wait(3.0), [""; 0]);
    assert_eq!(rig.wait(1.0), ["send [51, 5]"], "five seconds after the round");
    assert_eq!(rig.wait(2.5), ["send [4]", "send [55, 5]"], "who is not there is not waited for");
    assert_eq!(rig.hear(EOT), [HEARTBEAT]);
}

#[test]
fn a_station_that_is_silent_is_reported_and_its_return_too() {
    let stations = b"37".to_vec();
    let mut rig = with(Settings { role: Role::Control { stations }, address: b'1', ..settings() });
    let mut told = Vec::new();
    for _ in 0..40 {
        let sent = rig.wait(1.0);
        told.extend(sent.iter().filter(|seen| seen.contains("link-lost")).cloned());
        for seen in sent {
            if seen == "send [55, 5]" {
                rig.hear(EOT);
            }
        }
        told.extend(rig.wait(3.0).into_iter().filter(|seen| seen.contains("link-lost")));
    }
    assert_eq!(told, ["Line link-lost active"]);
    let mut back = Vec::new();
    for _ in 0..10 {
        if rig.wait(1.0).contains(&"send [51, 5]".to_owned()) {
            back = rig.hear(EOT);
            break;
        }
    }
    assert_eq!(back, [HEARTBEAT, "Line link-lost restored"]);
}

#[test]
fn a_silent_link_is_reported_and_its_return_too() {
    let mut rig = with(settings());
    assert_eq!(rig.wait(121.0), ["Line link-lost active"]);
    assert_eq!(rig.hear(b"\xff\xff"), ["junk 2"], "noise is nobody");
    assert_eq!(rig.wait(1.0), [""; 0]);
    assert_eq!(rig.hear(SELECT), ["Line link-lost restored", HEARTBEAT]);
    let told = |now| {
        let session = espa::Session::new(settings(), Arc::clone(&CODES), now);
        session.with_told(&[Trigger::LinkLost], now).into()
    };
    assert_eq!(Rig::new(told).hear(SELECT), ["Line link-lost restored", HEARTBEAT]);
}

#[test]
fn who_only_listens_never_sends_and_keeps_every_copy() {
    let mut rig = Rig::new(|now| espa::Session::new(settings(), Arc::clone(&CODES), now).listening_only().into());
    assert_eq!(rig.hear(SELECT), [HEARTBEAT]);
    assert_eq!(rig.stored(0), [""; 0]);
    assert_eq!(rig.hear(b"\x06"), [""; 0], "the other station's answer");
    assert_eq!(rig.hear(e01()), [PRESSED]);
    assert_eq!(rig.stored(1), [""; 0]);
    assert_eq!(rig.hear(e01()), ["possible repeat", PRESSED]);
    assert_eq!(rig.hear(e17()), ["bad BadChecksum"]);
    assert_eq!(rig.hear(b"\x041\x053\x05"), [""; 0]);
    assert_eq!(rig.hear(e01()), ["bad OtherStation"]);
}
