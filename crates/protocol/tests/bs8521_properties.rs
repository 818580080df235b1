//! Promises of a BS 8521 call, whatever is heard.
//!
//! A valid frame ends in exactly one report and in one acknowledgement for each copy, given only when it is stored,
//! whatever noise stands around the copies. A frame with a wrong checksum is never a report. Any call at all ends in
//! exactly one record, and in something to look at.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/call.rs"]
mod rig;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rig::{Rig, Store, Tells};
use telecare_protocol::bs8521::{self, Frame, Settings, Unit, UnitFaults, UnitSettings};
use telecare_protocol::call::{Begun, Call, Command, End, Operator, Request, RequestId, UnitEvent};
use telecare_protocol::tones::{Digit, Heard, Length, Sound, Tone};
use telecare_protocol::{Codes, Message, Outcome};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

fn call(slack: Duration) -> impl FnOnce(Instant) -> Call {
    let settings = Settings { guard_wait: Duration::ZERO, ..Settings::default() };
    move |at| bs8521::Call::new(settings, Arc::clone(&CODES), Begun { caller: None, at, slack, learnt: None }).into()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn frame() -> impl Strategy<Value = String> {
    "0[1-9][0-9]{22}".prop_map(|body| {
        let sums = (0..100).map(|sum| format!("{body}{sum:02}"));
        let right = sums.into_iter().find(|body| Frame::decode_body(body.as_bytes()).is_ok()).unwrap();
        format!("A{right}#")
    })
}

fn tells() -> impl Strategy<Value = (Tells, Duration)> {
    prop_oneof![
        Just((Tells::Both, ms(0))),
        (0u64..60).prop_map(|late| (Tells::Ends(ms(late)), ms(late + 80))),
        (0u64..60).prop_map(|late| (Tells::Once(ms(late)), ms(late + 80))),
    ]
}

fn any_sound() -> impl Strategy<Value = Sound> {
    prop_oneof![
        6 => prop::sample::select(Digit::all().collect::<Vec<_>>()).prop_map(Sound::Digit),
        1 => prop::sample::select(vec![1850, 1645, 1000, 1400, 2100]).prop_map(|hertz| Sound::Tone(Tone(hertz))),
    ]
}

/// Sounds one after the other: silence before, what, length.
fn noise(most: usize) -> impl Strategy<Value = Vec<(u64, Sound, u64)>> {
    prop::collection::vec((1u64..900, any_sound(), 20u64..400), 0..most)
}

fn reports(rig: &Rig) -> Vec<&telecare_protocol::Report> {
    let report = |delivery: &'static str, message: &Message| match message {
        Message::Report(_) => {}
        Message::SignOfLife(_) => panic!("{delivery}"),
    };
    for (_, delivery) in &rig.reports {
        report("a call gives reports", &delivery.message);
    }
    rig.reports
        .iter()
        .filter_map(|(_, delivery)| match &delivery.message {
            Message::Report(report) => Some(report),
            Message::SignOfLife(_) => None,
        })
        .collect()
}

/// Acknowledgements are the short `B`s; commands begin with `A`.
fn acknowledgements(rig: &Rig) -> Vec<Instant> {
    let short = |notes: &[telecare_protocol::tones::Note]| matches!(notes, [note] if note.sound == Sound::Digit(Digit::B) && note.on == ms(80));
    rig.played.iter().filter(|(_, notes)| short(notes)).map(|(at, _)| *at).collect()
}

/// The retry time of a sender is over: in doubt it is a press.
#[test]
fn the_same_frame_much_later_is_a_press() {
    let mut rig = Rig::new(call(ms(0)));
    for at in [700, 20_000, 60_000] {
        rig.digits(ms(at), "A01000001234500000190190076#", ms(80), ms(80));
    }
    rig.hangs_up(ms(70_000));
    rig.run(ms(80_000));
    assert_eq!(reports(&rig).len(), 2, "{:?}", rig.log);
    assert_eq!((acknowledgements(&rig).len(), rig.ended[0].copies), (3, 1));
}

/// Script S12: nothing in a session proves that another call repeats this one; linking them is the queue's.
#[test]
fn the_same_frame_in_another_call_is_an_alarm_of_its_own() {
    for _ in 0..2 {
        let mut rig = Rig::new(call(ms(0)));
        let frame = "A01000001234500000190190076#".to_owned();
        rig.unit = Some(Unit::new(UnitSettings { guards: 0, ..UnitSettings::new(frame) }, rig.start).into());
        rig.wanted(ms(10_000), Request { id: RequestId(1), wanted: Operator::ClearDown });
        rig.run(ms(30_000));
        assert_eq!((rig.reports.len(), rig.ended.len(), rig.ended[0].end), (1, 1, End::ClearedDown));
        assert_eq!(rig.reports[0].1.repeat, telecare_protocol::RepeatProof::None);
    }
}

/// Who probes for other protocols takes the call over with everything that was heard, and ends it once.
#[test]
fn a_call_without_data_is_given_up_with_its_book() {
    let start = Instant::now();
    let settings =
        Settings { guard_wait: Duration::ZERO, requests: 2, hang_up_without_data: false, ..Settings::default() };
    let begun = Begun { caller: None, at: start, slack: ms(0), learnt: None };
    let mut first = bs8521::Call::new(settings.clone(), Arc::clone(&CODES), begun);
    let guard = Heard::new(Sound::Tone(Tone(1850)), start, Length::Measured(ms(250)));
    first.handle_sound(guard, start + ms(250));
    while let Some(due) = first.poll_timeout() {
        first.handle_timeout(due);
        while let Some(command) = first.next_command() {
            let Command::Play(notes) = command else { panic!("{command:?}") };
            first.handle_played(due + telecare_protocol::tones::playing_time(&notes));
        }
    }
    assert!(first.is_given_up());
    let book = first.into_book();
    assert_eq!(book.heard(), [guard]);
    let mut second = bs8521::Call::with_book(settings, Arc::clone(&CODES), book, start + ms(8_000));
    second.handle_hung_up(start + ms(9_000));
    assert!(matches!(second.next_command(), Some(Command::Deliver(_))));
    let Some(Command::Ended(ended)) = second.next_command() else { panic!("no record") };
    assert_eq!((ended.requests, ended.heard.len(), ended.end), (2, 1, End::RemoteHangup));
    assert_eq!(second.next_command(), None);
}

/// A line that never pauses, before the request, after it, or once a frame is in, does not hold a call for ever.
#[test]
fn digits_without_a_pause_have_an_end() {
    for (guard_wait, frame, latest) in [(4600, "", 45), (0, "", 31), (0, "A01000001234500000190190076#", 140)] {
        let settings = Settings { guard_wait: ms(guard_wait), ..Settings::default() };
        let begun = |at| Begun { caller: None, at, slack: ms(0), learnt: None };
        let mut rig = Rig::new(|at| bs8521::Call::new(settings, Arc::clone(&CODES), begun(at)).into());
        let digits = format!("{frame}{}", "1234567890".repeat(100));
        rig.digits(ms(650), &digits, ms(80), ms(80));
        rig.run(ms(200_000));
        assert_eq!(rig.ended.len(), 1, "{:?}", rig.log);
        assert!(rig.ended[0].lasted() <= Duration::from_secs(latest), "{:?}", rig.ended[0].lasted());
        assert!(!rig.reports.is_empty());
    }
}

proptest! {
    /// Copies of one frame with noise before, between and after; the store answers in time.
    #[test]
    fn one_report_and_an_acknowledgement_for_each_copy(
        frame in frame(),
        (tells, slack) in tells(),
        copies in 1usize..4,
        before in noise(4),
        between in noise(4),
        pace in 40u64..100,
        quiet in 45u64..600,
        takes in 0u64..60,
    ) {
        let mut rig = Rig::new(call(slack));
        rig.tells = tells;
        rig.store = Store { takes: ms(takes), refuses: (ms(0), ms(0)) };
        // The unit begins before the fourth request has gone unanswered.
        let mut at = ms(0);
        for (silence, sound, lasts) in &before {
            at += ms(*silence);
            rig.sound(at, *sound, ms(*lasts));
            at += ms(*lasts);
        }
        let mut ends = Vec::new();
        for copy in 0..copies {
            // The unit is silent while it waits; noise of the room comes after the acknowledgement could.
            at = rig.digits(at + ms(quiet), &frame, ms(pace), ms(pace));
            ends.push(rig.start + at);
            at += ms(600);
            if copy + 1 < copies {
                for (silence, sound, lasts) in &between {
                    at += ms(*silence);
                    rig.sound(at, *sound, ms(*lasts));
                    at += ms(*lasts);
                }
            }
        }
        rig.hangs_up(at + ms(600));
        rig.run(at + ms(1000));
        let said = reports(&rig);
        prop_assert_eq!(said.len(), 1, "{:?}", &rig.log);
        prop_assert_eq!(&said[0].outcome, &Outcome::Decoded);
        let acknowledged = acknowledgements(&rig);
        prop_assert_eq!(acknowledged.len(), copies, "{:?}", &rig.log);
        for (acknowledged, end) in acknowledged.iter().zip(&ends) {
            prop_assert!(*acknowledged >= *end, "into the frame");
            prop_assert!(*acknowledged <= *end + ms(200) + slack, "later than the unit waits");
        }
        prop_assert_eq!(rig.ended.len(), 1);
        prop_assert_eq!(rig.ended[0].end, End::RemoteHangup);
    }

    #[test]
    fn nothing_is_acknowledged_that_is_not_stored(frame in frame(), (tells, slack) in tells(), until in 0u64..30_000) {
        let mut rig = Rig::new(call(slack));
        rig.tells = tells;
        rig.store = Store { takes: ms(15), refuses: (ms(0), ms(until)) };
        rig.unit = Some(Unit::new(UnitSettings { guards: 0, ..UnitSettings::new(frame) }, rig.start).into());
        rig.wanted(ms(40_000), Request { id: RequestId(1), wanted: Operator::ClearDown });
        rig.run(ms(60_000));
        let acknowledged = acknowledgements(&rig);
        prop_assert!(acknowledged.iter().all(|at| *at >= rig.start + ms(until)), "{:?}", &rig.log);
        prop_assert!(acknowledged.len() <= 1);
        let is_heard = rig.unit_events.iter().any(|event| matches!(event, UnitEvent::Acknowledged(_)));
        prop_assert_eq!(is_heard, acknowledged.len() == 1);
        prop_assert_eq!(is_heard, !rig.stored.is_empty() && rig.ended[0].end == End::ClearedDown, "{:?}", &rig.log);
        prop_assert_eq!(rig.ended.len(), 1);
        prop_assert!(!rig.reports.is_empty());
    }

    #[test]
    fn a_wrong_checksum_is_never_a_report(frame in frame(), at in 1usize..27, by in 1u8..10, (tells, slack) in tells()) {
        let mut digits = frame.into_bytes();
        digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
        let mut rig = Rig::new(call(slack));
        rig.tells = tells;
        let unit = UnitSettings { guards: 0, ..UnitSettings::new(String::from_utf8(digits).unwrap()) };
        rig.unit = Some(Unit::new(unit, rig.start).into());
        rig.run(ms(60_000));
        prop_assert!(acknowledgements(&rig).is_empty());
        let said = reports(&rig);
        prop_assert_eq!(said.len(), 1, "the call itself");
        prop_assert!(matches!(said[0].outcome, Outcome::Unreadable(_)));
        prop_assert_eq!(rig.ended.len(), 1);
    }

    /// Anything at all, told in any way, and every kind of request.
    #[test]
    fn any_sounds_end_in_one_record(
        sounds in noise(120),
        (tells, slack) in tells(),
        requests in prop::collection::vec((0u64..60_000, 0u8..8), 0..12),
        hangs_up in prop::option::of(0u64..60_000),
        takes in 0u64..2_000,
    ) {
        let mut rig = Rig::new(call(slack));
        rig.tells = tells;
        rig.store = Store { takes: ms(takes), refuses: (ms(0), ms(0)) };
        let mut at = ms(0);
        for (silence, sound, lasts) in sounds {
            at += ms(silence);
            rig.sound(at, sound, ms(lasts));
            at += ms(lasts);
        }
        for (id, (at, wanted)) in (0..).zip(&requests) {
            let wanted = match wanted {
                0 => Operator::Speak,
                1 => Operator::Listen,
                2 => Operator::Clear,
                3 => Operator::ClearDown,
                4 => Operator::Next,
                5 => Operator::Select("27".to_owned()),
                6 => Operator::Duplex,
                _ => Operator::Simplex,
            };
            rig.wanted(ms(*at), Request { id: RequestId(id), wanted });
        }
        if let Some(at) = hangs_up {
            rig.hangs_up(ms(at));
        }
        rig.wanted(ms(200_000), Request { id: RequestId(999), wanted: Operator::HangUp });
        rig.run(ms(300_000));
        prop_assert_eq!(rig.ended.len(), 1, "{:?}", &rig.log);
        prop_assert!(!rig.reports.is_empty(), "never silence");
        let end = rig.ended[0].ended;
        let asked = requests.iter().filter(|(at, _)| rig.start + ms(*at) < end).count();
        let answered = rig.log.iter().filter(|line| line.contains("operated") && !line.contains("operated 999")).count();
        prop_assert!(answered >= asked && answered <= requests.len(), "each request is answered once");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// A unit with faults, over a bad line, and a receiver whose store comes and goes.
    #[test]
    fn a_unit_with_faults_is_heard_or_reported(
        frame in frame(),
        (tells, slack) in tells(),
        delay in 0u64..150,
        is_echo in any::<bool>(),
        dropped in prop::option::of(0usize..28),
        gap in prop::option::of((0usize..27, 81u64..500)),
        sends in 0u32..4,
        flags in any::<[bool; 3]>(),
        late in 0u64..800,
        hangs_up_after in prop::option::weighted(0.2, 1usize..28),
    ) {
        let mut rig = Rig::new(call(slack));
        rig.tells = tells;
        rig.delay = ms(delay);
        rig.echo = is_echo.then(|| ms(2 * delay));
        let faults = UnitFaults {
            sends: Some(sends),
            wrong_checksum: flags[0],
            dropped,
            long_gap: gap.map(|(at, gap)| (at, ms(gap))),
            missing_end: flags[1],
            late_start: ms(late),
            ignores_first_ack: flags[2],
            hangs_up_after,
            deaf_after: None,
            deaf_until: None,
        };
        rig.unit = Some(Unit::new(UnitSettings { guards: 0, faults, ..UnitSettings::new(frame) }, rig.start).into());
        rig.wanted(ms(40_000), Request { id: RequestId(1), wanted: Operator::ClearDown });
        rig.run(ms(90_000));
        prop_assert_eq!(rig.ended.len(), 1, "{:?}", &rig.log);
        let said = reports(&rig);
        prop_assert_eq!(said.len(), 1, "one alarm, or the call itself: {:?}", &rig.log);
        let reads = said[0].outcome == Outcome::Decoded;
        let is_heard = rig.unit_events.iter().any(|event| matches!(event, UnitEvent::Acknowledged(_)));
        prop_assert!(reads || !is_heard, "{:?}", &rig.log);
        // Whoever sends one attempt without a fault and stays is heard, if only the acknowledgement gets through.
        if hangs_up_after.is_none() && sends < 3 {
            prop_assert!(is_heard, "{:?}", &rig.log);
        }
    }
}
