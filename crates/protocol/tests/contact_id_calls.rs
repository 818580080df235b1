//! Whole calls in Contact ID and the fast format that scripts cannot tell: what is told late, what stands in the record,
//! what is played while digits arrive.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/call.rs"]
mod rig;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rig::Rig;
use telecare_protocol::call::{Begun, Book, Command, End};
use telecare_protocol::contact_id::{self, Settings, Unit, UnitSettings, keys};
use telecare_protocol::tones::{Digit, Heard, Length, Note, Sound, Tone, notes, playing_time};
use telecare_protocol::{Codes, Message, Outcome, Protocol, Report};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const C05: &str = "4321181101000012";
const C12: &str = "6006181606000006";
const C13: &str = "1234181131010157";
const C01: &str = "1234181131010158";
const GROUP: &str = "1234515555557";

fn begun(at: Instant) -> Begun {
    Begun { caller: None, at, slack: Duration::ZERO, learnt: None }
}

fn rig() -> Rig {
    Rig::new(|at| contact_id::Call::new(Settings::default(), Arc::clone(&CODES), begun(at)).into())
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A message from then on; gives when its last digit ends.
fn say(rig: &mut Rig, at: Duration, message: &str) -> Duration {
    rig.digits(at, &keys(message), ms(55), ms(55))
}

fn reports(rig: &Rig) -> Vec<&Report> {
    let said = rig.reports.iter().map(|(_, delivery)| match &delivery.message {
        Message::Report(report) => report,
        Message::SignOfLife(_) => panic!("a call gives reports"),
    });
    said.collect()
}

/// Kiss-offs are one tone alone; a handshake is two.
fn kiss_offs(rig: &Rig) -> Vec<Duration> {
    let is_one = |notes: &[Note]| matches!(notes, [note] if note.sound == Sound::Tone(Tone(1400)));
    rig.played.iter().filter(|(_, notes)| is_one(notes)).map(|(at, _)| *at - rig.start).collect()
}

/// The retry time of a sender is over: in doubt it is a press.
#[test]
fn the_same_message_much_later_is_a_press() {
    for wait in [ms(2_000), ms(20_000)] {
        let mut rig = rig();
        // Speech keeps the call up.
        let at = say(&mut rig, ms(1_800), C12);
        let at = say(&mut rig, at + ms(2_000), C05);
        say(&mut rig, at + wait, C05);
        rig.hangs_up(ms(60_000));
        rig.run(ms(80_000));
        let is_press = wait > ms(15_000);
        assert_eq!(reports(&rig).len(), if is_press { 3 } else { 2 }, "{:?}", rig.log);
        assert_eq!((kiss_offs(&rig).len(), rig.ended[0].copies), (3, u32::from(!is_press)));
    }
}

#[test]
fn the_same_message_in_another_call_is_an_event_of_its_own() {
    for _ in 0..2 {
        let mut rig = rig();
        rig.unit = Some(Unit::new(UnitSettings::new(vec![C05.to_owned()]), rig.start).into());
        rig.run(ms(30_000));
        assert_eq!((rig.reports.len(), rig.ended.len(), rig.ended[0].end), (1, 1, End::ClearedDown));
        assert_eq!(rig.reports[0].1.repeat, telecare_protocol::RepeatProof::None);
        assert_eq!(rig.reports[0].1.raw, C05.as_bytes());
    }
}

/// A group that came once after a valid message is told at the end with its digits and times.
#[test]
fn what_never_became_valid_is_kept_with_its_digits() {
    let mut rig = rig();
    let at = say(&mut rig, ms(1_800), C05);
    let end = say(&mut rig, at + ms(1_400), GROUP);
    rig.hangs_up(end + ms(1_500));
    rig.run(ms(30_000));
    let (_, last) = rig.reports.last().unwrap();
    let Message::Report(report) = &last.message else { panic!() };
    assert_eq!((last.raw.as_slice(), last.owed), (GROUP.as_bytes(), false));
    assert!(matches!(&report.outcome, Outcome::Unreadable(fault) if fault.name == "SingleCopy"));
    assert!(last.first_byte > rig.start + at && last.last_byte <= rig.start + end);
    assert_eq!(rig.ended[0].end, End::RemoteHangup);
}

/// Nothing is answered, and everything is given up with the book; the next protocol asks at once.
#[test]
fn a_call_without_data_is_given_up_with_its_book() {
    let start = Instant::now();
    let settings = Settings { handshakes: 2, hang_up_without_data: false, ..Settings::default() };
    let mut first = contact_id::Call::new(settings.clone(), Arc::clone(&CODES), begun(start));
    let guard = Heard::new(Sound::Tone(Tone(1850)), start, Length::Measured(ms(250)));
    first.handle_sound(guard, start + ms(250));
    let mut given_up = start;
    while let Some(due) = first.poll_timeout() {
        first.handle_timeout(due);
        given_up = due;
        while let Some(command) = first.next_command() {
            let Command::Play(notes) = command else { panic!("{command:?}") };
            first.handle_played(due + playing_time(&notes));
        }
    }
    assert!(first.is_given_up());
    assert!(given_up >= start + ms(5_000), "both handshakes were waited for");
    let mut second = contact_id::Call::with_book(settings, Arc::clone(&CODES), first.into_book(), given_up);
    assert!(second.poll_timeout().unwrap() <= given_up, "the line has settled");
    second.handle_timeout(given_up);
    assert!(matches!(second.next_command(), Some(Command::Play(_))));
    second.handle_hung_up(start + ms(9_000));
    assert!(matches!(second.next_command(), Some(Command::Deliver(_))));
    let Some(Command::Ended(ended)) = second.next_command() else { panic!("no record") };
    assert_eq!((ended.requests, ended.heard.len(), ended.end), (3, 1, End::RemoteHangup));
    assert_eq!(second.next_command(), None);
}

/// The digits that another protocol could not read are told again, with the times they had; told at those times, or
/// now. A message among them is taken without a handshake, and kissed off if the panel still waits.
#[test]
fn sounds_of_the_past_are_heard() {
    for (is_told_now, late) in [(false, ms(300)), (true, ms(300)), (true, ms(3_000))] {
        let start = Instant::now();
        let mut book = Book::new(begun(start));
        let mut told = Vec::new();
        let mut at = start + ms(5_000);
        for note in notes(&keys(C05), ms(55), ms(55)) {
            let heard = Heard::new(note.sound, at, Length::Measured(note.on));
            book.hear(&heard);
            told.push(heard);
            at += note.on + note.off;
        }
        let now = at + late;
        let mut call = contact_id::Call::with_book(Settings::default(), Arc::clone(&CODES), book, now);
        for heard in &told {
            call.handle_sound(*heard, if is_told_now { now } else { heard.ended().unwrap() });
        }
        call.handle_timeout(now);
        let Some(Command::Deliver(delivery)) = call.next_command() else { panic!("no delivery") };
        assert_eq!(delivery.raw, keys(C05).as_bytes());
        assert_eq!(call.next_command(), None, "no handshake");
        call.handle_stored(delivery.token, now + ms(20));
        match call.next_command() {
            Some(Command::Play(notes)) => assert!(notes.len() == 1 && late < ms(1_000)),
            Some(Command::Count(_)) => assert!(late > ms(1_000), "the panel has stopped waiting"),
            other => panic!("{other:?}"),
        }
        call.handle_hung_up(now + ms(2_000));
        let ended = std::iter::from_fn(|| call.next_command()).find_map(|command| match command {
            Command::Ended(ended) => Some(ended),
            _ => None,
        });
        assert_eq!(ended.unwrap().heard, told, "in the record once");
    }
}

/// A line that never pauses, before the handshake, after it, or once a message is in, does not hold a call for ever.
#[test]
fn digits_without_a_pause_have_an_end() {
    for (message, latest) in [("", 45), (C05, 60)] {
        let mut rig = rig();
        let at = say(&mut rig, ms(650), message);
        rig.digits(at + ms(1_000), &"1234567890".repeat(100), ms(80), ms(80));
        rig.run(ms(200_000));
        assert_eq!(rig.ended.len(), 1, "{:?}", rig.log);
        assert!(rig.ended[0].lasted() <= Duration::from_secs(latest), "{:?}", rig.ended[0].lasted());
        assert!(!rig.reports.is_empty());
    }
}

/// A digit whose end is never told does not hold back what came before it.
#[test]
fn a_digit_that_never_ends_holds_nothing_back() {
    let mut rig = rig();
    let end = say(&mut rig, ms(1_800), C05);
    rig.run(end);
    let stuck = Heard::new(Sound::Digit(Digit::One), rig.now + ms(50), Length::StillOn);
    rig.now += ms(50);
    rig.call.handle_sound(stuck, rig.now);
    rig.hangs_up(end + ms(10_000));
    rig.run(end + ms(20_000));
    assert_eq!(reports(&rig)[0].outcome, Outcome::Decoded, "{:?}", rig.log);
}

/// Two messages told at once and late: the silence between them is seen in their times, no timer has to run.
#[test]
fn silence_between_sounds_of_the_past_is_seen() {
    let start = Instant::now();
    let mut call = contact_id::Call::new(Settings::default(), Arc::clone(&CODES), begun(start));
    let now = start + ms(10_000);
    let mut at = start + ms(2_000);
    for message in [C13, C05] {
        for note in notes(&keys(message), ms(55), ms(55)) {
            call.handle_sound(Heard::new(note.sound, at, Length::Measured(note.on)), now);
            at += note.on + note.off;
        }
        at += ms(1_250);
    }
    call.handle_timeout(now);
    assert_eq!(call.next_command(), Some(Command::Count(telecare_protocol::Counted::BadFrame("BadChecksum"))));
    assert!(matches!(call.next_command(), Some(Command::Deliver(delivery)) if delivery.raw == C05.as_bytes()));
}

/// Speech waits while the panel is about to repeat what was not kissed off.
#[test]
fn speech_waits_for_a_message_that_came_badly() {
    let mut rig = rig();
    let at = say(&mut rig, ms(1_800), C12);
    let at = say(&mut rig, at + ms(1_400), C13);
    say(&mut rig, at + ms(1_250), C01);
    rig.hangs_up(ms(20_000));
    rig.run(ms(30_000));
    let place = |words: &str| rig.log.iter().position(|line| line.contains(words)).unwrap();
    assert!(place("bad BadChecksum") < place("deliver 1234"), "{:?}", rig.log);
    assert!(place("deliver 1234") < place("speech duplex"), "{:?}", rig.log);
}

/// Digits that a detector makes of voices are no faults, a digit of the room before speech sets no limit to it, and a
/// message is still one.
#[test]
fn speech_is_no_data() {
    let mut rig = rig();
    let at = say(&mut rig, ms(1_800), C12);
    rig.sound(at + ms(1_200), Sound::Digit(Digit::Five), ms(60));
    say(&mut rig, ms(10_000), "12345678");
    say(&mut rig, ms(50_000), C05);
    rig.hangs_up(ms(60_000));
    rig.run(ms(70_000));
    let ended = &rig.ended[0];
    assert_eq!((ended.faults.as_slice(), ended.end), (&["TooShort"][..], End::RemoteHangup), "{:?}", rig.log);
    assert_eq!((ended.ended, reports(&rig).len(), kiss_offs(&rig).len()), (rig.start + ms(60_000), 2, 2));
}

/// The panel repeats and hangs up before the copy is kissed off: it did not hear the first one.
#[test]
fn a_call_is_not_done_whose_copy_was_not_kissed_off() {
    for (hangs_up, end) in [(ms(150), End::RemoteHangup), (ms(1_300), End::ClearedDown)] {
        let mut rig = rig();
        let at = say(&mut rig, ms(1_800), C05);
        let at = say(&mut rig, at + ms(1_250), C05);
        rig.hangs_up(at + hangs_up);
        rig.run(ms(30_000));
        assert_eq!((rig.ended[0].end, rig.ended[0].copies), (end, 1), "{:?}", rig.log);
    }
}

/// Digits of the room follow the message: nothing is played into them, and they do not cost the kiss-off.
#[test]
fn a_kiss_off_is_not_played_into_digits() {
    let mut rig = rig();
    let end = say(&mut rig, ms(1_800), C05);
    rig.digits(end + ms(120), "55", ms(60), ms(50));
    rig.hangs_up(ms(20_000));
    rig.run(ms(30_000));
    assert_eq!(kiss_offs(&rig), [end + ms(120 + 60 + 50 + 60 + 110)], "{:?}", rig.log);
}

/// A group needs two copies each time that it is something new.
#[test]
fn old_copies_do_not_count_for_a_new_event() {
    let mut rig = rig();
    let mut at = ms(400);
    for message in [GROUP, GROUP, C05, GROUP] {
        at = say(&mut rig, at + ms(1_400), message);
    }
    rig.hangs_up(at + ms(3_000));
    rig.run(ms(30_000));
    let outcomes: Vec<_> = reports(&rig).iter().map(|report| report.outcome == Outcome::Decoded).collect();
    assert_eq!((outcomes, kiss_offs(&rig).len()), (vec![true, true, false], 2), "{:?}", rig.log);
}

/// The record has the protocol that was spoken, and none of our own tones.
#[test]
fn the_record_says_what_was_spoken_and_heard() {
    for (message, protocol) in [(C05, Protocol::ContactId), (GROUP, Protocol::FastFormat)] {
        let mut rig = rig();
        (rig.delay, rig.echo) = (ms(100), Some(ms(200)));
        let settings = UnitSettings { kiss_off_wait: ms(1_500), ..UnitSettings::new(vec![message.to_owned()]) };
        rig.unit = Some(Unit::new(settings, rig.start).into());
        rig.run(ms(30_000));
        let ended = &rig.ended[0];
        assert_eq!((ended.protocol, ended.end), (protocol, End::ClearedDown), "{:?}", rig.log);
        assert!(ended.heard.iter().all(|heard| matches!(heard.sound, Sound::Digit(_))), "{:?}", ended.heard);
    }
}
