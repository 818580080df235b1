//! Scripts for the Sur-Gard session on virtual time. Every step lists all commands; a leftover one fails.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod rig;

use std::sync::Arc;
use std::time::Duration;

use rig::{ACK, CODES, HEARTBEAT, Rig};
use telecare_protocol::surgard::{self, Settings, Timing};

const G01: &str = "1011           @    \x14";
const G03: &str = "5011 181234E12101001\x14";
const G04: &str = "5023 184321R10100005\x14";
const G17: &str = "5011 181234E121010\x14";
const DURESS: &str = "1234 duress active";

fn rig() -> Rig {
    Rig::new(|now| surgard::Session::new(Settings::default(), Arc::clone(&CODES), now).into())
}

fn with_timing(change: impl FnOnce(&mut Timing)) -> Rig {
    let mut settings = Settings::default();
    change(&mut settings.timing);
    Rig::new(|now| surgard::Session::new(settings, Arc::clone(&CODES), now).into())
}

/// A rig whose line is past its first, answered report, so that nothing is in doubt: the next token is 1.
fn settled() -> Rig {
    let mut rig = rig();
    rig.hear(G04);
    rig.stored(0);
    rig
}

#[test]
fn t1_heartbeats_keep_the_link_up() {
    let mut rig = rig();
    for token in 0..10 {
        assert_eq!(rig.hear(G01), [HEARTBEAT]);
        assert_eq!(rig.stored(token), [ACK]);
        assert_eq!(rig.wait(30.0), [""; 0]);
    }
}

#[test]
fn t2_a_silent_host_gets_a_proven_repeat() {
    let mut rig = settled();
    assert_eq!(rig.hear(G03), [DURESS]);
    assert_eq!(rig.wait(4.0), ["late"]);
    assert_eq!(rig.stored(1), [""; 0], "stored, but its sender waits no longer");
    assert_eq!(rig.hear(G03), [format!("{DURESS} repeat 4.2")]);
    assert_eq!(rig.stored(2), [ACK]);
    assert_eq!(rig.hear(G03), [DURESS], "after an answer in time it is a new press");
}

#[test]
fn t3_the_buffered_line_after_a_failure_is_the_same_event() {
    let mut rig = settled();
    for token in 1..5 {
        let proof = if token == 1 { String::new() } else { format!(" repeat {:.1}", f64::from(token - 1) * 4.0 + 0.2) };
        assert_eq!(rig.hear(G03), [format!("{DURESS}{proof}")]);
        assert_eq!(rig.wait(4.0), ["late"]);
    }
    for token in 5..8 {
        assert_eq!(rig.wait(30.0), [""; 0]);
        assert_eq!(rig.hear(G01), [HEARTBEAT]);
        assert_eq!(rig.refused(token), [""; 0]);
    }
    assert_eq!(rig.wait(30.0), [""; 0]);
    assert_eq!(rig.hear(G01), [HEARTBEAT]);
    assert_eq!(rig.stored(8), [ACK]);
    assert_eq!(rig.hear(G03), [format!("{DURESS} repeat 136.2")]);
    assert_eq!(rig.stored(9), [ACK]);
}

#[test]
fn t3_a_press_long_after_the_link_came_back_is_a_press() {
    let mut rig = settled();
    rig.hear(G03);
    assert_eq!(rig.wait(60.0), ["late"]);
    rig.hear(G01);
    assert_eq!(rig.stored(2), [ACK]);
    assert_eq!(rig.wait(17.0), [""; 0]);
    assert_eq!(rig.hear(G03), [DURESS]);
}

#[test]
fn t4_a_refused_line_is_met_with_silence_and_its_copy_reaches_back_no_further() {
    let mut rig = settled();
    rig.hear(G03);
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.wait(5.0), [""; 0]);
    assert_eq!(rig.hear(G03), [DURESS]);
    assert_eq!(rig.refused(2), [""; 0], "never a NAK");
    assert_eq!(rig.wait(4.0), [""; 0]);
    // The press stored nine seconds ago was answered: it lies outside the proof.
    assert_eq!(rig.hear(G03), [format!("{DURESS} repeat 4.2")]);
    assert_eq!(rig.stored(3), [ACK]);
}

#[test]
fn t5_no_answer_is_given_twice_or_unasked() {
    let mut rig = settled();
    rig.hear(G03);
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.stored(1), [""; 0]);
    assert_eq!(rig.stored(77), [""; 0]);
    assert_eq!(rig.refused(1), [""; 0]);
}

#[test]
fn t6_a_silent_link_is_reported_once_and_its_return_too() {
    let mut rig = rig();
    assert_eq!(rig.wait(89.0), [""; 0]);
    assert_eq!(rig.wait(2.0), ["Line link-lost active"]);
    assert_eq!(rig.wait(1000.0), [""; 0]);
    assert_eq!(rig.hear(G01), ["Line link-lost restored", HEARTBEAT]);
    assert_eq!(rig.stored(0), [""; 0], "no answer is owed for our own report");
    assert_eq!(rig.stored(2), [ACK]);
    let mut off = with_timing(|timing| timing.link_watch = Duration::ZERO);
    assert_eq!(off.wait(100_000.0), [""; 0]);
}

#[test]
fn t7_the_first_line_after_a_reconnect_may_be_a_copy() {
    let mut rig = rig();
    assert_eq!(rig.hear(G03), [format!("{DURESS} repeat 16.0")]);
    let mut brief = with_timing(|timing| timing.retry_window = Some(Duration::from_secs(40)));
    assert_eq!(brief.hear(G03), [format!("{DURESS} repeat 40.0")]);
}

#[test]
fn t8_two_lines_in_one_read_are_answered_in_order() {
    let mut rig = settled();
    assert_eq!(rig.hear(format!("{G01}{G03}")), [HEARTBEAT, DURESS]);
    assert_eq!(rig.stored(2), [""; 0], "the heartbeat before it is not answered yet");
    assert_eq!(rig.stored(1), [ACK, ACK]);
}

#[test]
fn an_ack_that_could_be_taken_for_a_refused_line_is_withheld() {
    let mut rig = settled();
    assert_eq!(rig.hear(format!("{G03}{G04}")), [DURESS, "4321 emergency restored"]);
    assert_eq!(rig.stored(2), [""; 0]);
    assert_eq!(rig.refused(1), [""; 0], "an ACK now would be taken for the refused line");
    assert_eq!(rig.hear(G01), [HEARTBEAT]);
    assert_eq!(rig.stored(3), [""; 0]);
    assert_eq!(rig.wait(4.0), [""; 0]);
    assert_eq!(rig.hear(G03), [format!("{DURESS} repeat 4.2")]);
    assert_eq!(rig.stored(4), [ACK]);
    assert_eq!(rig.hear(G04), ["4321 emergency restored"]);
    assert_eq!(rig.stored(5), [ACK]);
}

#[test]
fn answers_owed_are_bounded() {
    let mut rig = settled();
    let lines: String = (0..9).map(|n| format!("5011 18000{n}E12101001\u{14}")).collect();
    let burst = rig.hear(lines);
    assert_eq!(burst.len(), 9);
    assert_eq!((burst[7].as_str(), burst[8].as_str()), ("0007 duress active", "bad AnswersOwed"));
    let acks: Vec<String> = (1..9).flat_map(|token| rig.stored(token)).collect();
    assert_eq!(acks, [ACK; 8]);
    // The sender may wait for the ninth: an ACK for a tenth would be taken for it.
    assert_eq!(rig.hear(G03), [DURESS]);
    assert_eq!(rig.stored(9), [""; 0]);
    assert_eq!(rig.wait(4.0), [""; 0]);
    assert_eq!(rig.hear(G04), ["4321 emergency restored repeat 4.2"]);
    assert_eq!(rig.stored(10), [ACK]);
}

#[test]
fn copies_read_at_once_get_one_answer() {
    let mut rig = settled();
    // As after a stall of this process: the port held two copies.
    assert_eq!(rig.hear(G03.repeat(2)), [DURESS, DURESS]);
    assert_eq!(rig.stored(1), [""; 0]);
    assert_eq!(rig.stored(2), [ACK], "a second ACK would be taken for the sender's next line");
}

#[test]
fn g16_a_partial_line_is_dropped_and_the_next_one_read() {
    let mut rig = settled();
    assert_eq!(rig.hear(&G03[..20]), [""; 0]);
    assert_eq!(rig.wait(1.9), [""; 0]);
    assert_eq!(rig.wait(0.2), ["junk 20", "Line line-noise active"]);
    assert_eq!(rig.hear(G03), ["Line line-noise restored", DURESS]);
}

#[test]
fn g17_the_same_bad_line_twice_is_delivered_and_cannot_block_the_queue() {
    let mut rig = settled();
    assert_eq!(rig.hear(G17), ["bad WrongLength"]);
    assert_eq!(rig.wait(4.0), [""; 0]);
    assert_eq!(rig.hear(G17), ["bad WrongLength", "Unit unreadable WrongLength active"]);
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.hear(G03), [DURESS]);
    assert_eq!(rig.stored(2), [ACK]);
    assert_eq!(rig.wait(60.0), [""; 0], "nothing is told twice");
}

#[test]
fn g17_a_readable_retry_resolves_a_bad_line() {
    let mut rig = settled();
    assert_eq!(rig.hear(G17), ["bad WrongLength"]);
    assert_eq!(rig.wait(4.0), [""; 0]);
    assert_eq!(rig.hear(G03), [DURESS]);
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.wait(60.0), [""; 0]);
}

#[test]
fn g17_a_bad_line_nobody_repeats_is_told_without_an_answer() {
    let mut rig = settled();
    assert_eq!(rig.hear(G17), ["bad WrongLength"]);
    assert_eq!(rig.wait(15.9), [""; 0]);
    assert_eq!(rig.wait(0.2), ["Unit unreadable WrongLength active"]);
    assert_eq!(rig.stored(1), [""; 0]);
    assert_eq!(rig.hear(G17), ["bad WrongLength"]);
    assert_eq!(rig.hear(G01), ["Unit unreadable WrongLength active", HEARTBEAT]);
}

#[test]
fn g18_an_unknown_form_is_delivered_at_once() {
    let mut rig = settled();
    assert_eq!(rig.hear("Z99??\x14"), ["Unit unknown unknown"]);
    assert_eq!(rig.stored(1), [ACK]);
}

#[test]
fn caller_lines_speak_of_the_event_before_them() {
    let mut rig = settled();
    rig.hear(G03);
    assert_eq!(rig.stored(1), [ACK]);
    assert_eq!(rig.hear("uMrs A Example     \x14"), ["Unit caller-identity active about 1"]);
    assert_eq!(rig.hear("U441632960123FFFFFF\x14"), ["Unit caller-identity active about 1"]);
}

#[test]
fn a_stray_byte_is_only_counted() {
    let mut rig = settled();
    assert_eq!(rig.hear([&[0x00], G03.as_bytes()].concat()), ["junk 1", DURESS]);
    assert_eq!(rig.hear("\r\n"), [""; 0]);
    assert_eq!(rig.hear("\x14"), ["junk 1"]);
}

#[test]
fn an_hour_at_the_wrong_baud_rate_is_a_few_reports() {
    let mut rig = settled();
    let mut reports = Vec::new();
    let mut state = 1u32;
    for _ in 0..3600 {
        let bytes: Vec<u8> = (0..20)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        reports.extend(rig.hear(bytes));
        reports.extend(rig.wait(1.0));
    }
    reports.retain(|seen| !seen.starts_with("junk") && !seen.starts_with("bad"));
    assert!(reports.contains(&"Line line-noise active".to_owned()));
    assert!(reports.len() <= 7, "{reports:?}");
    assert!(reports.iter().all(|seen| seen.starts_with("Line") || seen.starts_with("Unit un")), "{reports:?}");
    assert_eq!(rig.hear(G03).last().unwrap(), DURESS, "and the line still works");
}

#[test]
fn a_flood_of_bad_lines_is_bounded_and_a_heartbeat_ends_the_episode() {
    let mut rig = settled();
    let mut told = 0;
    for n in 0..100 {
        let bad = format!("5011 18{n:04}E121010\x14");
        told += rig.hear(&bad).iter().filter(|seen| seen.starts_with("Unit unreadable")).count();
        told += rig.hear(&bad).iter().filter(|seen| seen.starts_with("Unit unreadable")).count();
        rig.wait(5.0);
    }
    assert_eq!(told, 5);
    assert_eq!(rig.hear(G01).last().unwrap(), HEARTBEAT);
    rig.hear(G17);
    assert!(rig.hear(G17).last().unwrap().starts_with("Unit unreadable WrongLength active"));
}
