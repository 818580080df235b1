//! Promises of a call in Contact ID, its relatives or the fast format, whatever is heard.
//!
//! A message that is repeated until it is kissed off ends in exactly one report, and in a kiss-off only when it is
//! stored, whatever noise stands around the copies. A wrong checksum is never a report. Any call at all ends in exactly
//! one record, and in something to look at.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/call.rs"]
mod rig;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use rig::{Rig, Store, Tells};
use telecare_protocol::call::{Begun, Call, End, Operator, Request, RequestId, UnitEvent};
use telecare_protocol::contact_id::{
    self, Message as Said, Settings, Unit, UnitFaults, UnitSettings, check_digit, keys, letters,
};
use telecare_protocol::fast_format::Group;
use telecare_protocol::tones::{Digit, Note, Sound, Tone};
use telecare_protocol::{Codes, Message, Outcome, Protocol, Report, Trigger};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

fn call(slack: Duration) -> impl FnOnce(Instant) -> Call {
    move |at| {
        contact_id::Call::new(Settings::default(), Arc::clone(&CODES), Begun { caller: None, at, slack, learnt: None })
            .into()
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A message with a right check digit.
fn verified() -> impl Strategy<Value = String> {
    let body =
        prop_oneof!["[0-9B-F]{4}18[136][1-9][0-9]{2}[0-9]{5}", "[0-9B-F]{4}55[1-6]{8}[0-9]", "[0-9B-F]{4}17[0-9]"];
    body.prop_map(|body: String| format!("{body}{}", check_digit(body.as_bytes()).unwrap()))
}

fn group() -> impl Strategy<Value = String> {
    "[0-9]{4}([1-6]{8}|[1-6]{16}|[1-6]{24})[789]"
}

fn any_message() -> impl Strategy<Value = String> {
    prop_oneof![2 => verified(), 1 => group()]
}

fn is_fast(message: &str) -> bool {
    Group::decode(message.as_bytes()).is_ok()
}

fn tells() -> impl Strategy<Value = (Tells, Duration)> {
    prop_oneof![
        Just((Tells::Both, ms(0))),
        (0u64..60).prop_map(|late| (Tells::Ends(ms(late)), ms(late + 60))),
        (0u64..60).prop_map(|late| (Tells::Once(ms(late)), ms(late + 60))),
    ]
}

fn any_sound() -> impl Strategy<Value = Sound> {
    prop_oneof![
        6 => prop::sample::select(Digit::all().collect::<Vec<_>>()).prop_map(Sound::Digit),
        1 => prop::sample::select(vec![1850, 2300, 1000, 1400, 2100]).prop_map(|hertz| Sound::Tone(Tone(hertz))),
    ]
}

/// Sounds one after the other: silence before, what, length.
fn noise(most: usize) -> impl Strategy<Value = Vec<(u64, Sound, u64)>> {
    prop::collection::vec((1u64..900, any_sound(), 20u64..400), 0..most)
}

fn play(rig: &mut Rig, mut at: Duration, sounds: &[(u64, Sound, u64)]) -> Duration {
    for (silence, sound, lasts) in sounds {
        at += ms(*silence);
        rig.sound(at, *sound, ms(*lasts));
        at += ms(*lasts);
    }
    at
}

fn reports(rig: &Rig) -> Vec<&Report> {
    let report = |message: &'_ Message| matches!(message, Message::Report(_));
    assert!(rig.reports.iter().all(|(_, delivery)| report(&delivery.message)), "a call gives reports");
    let said = rig.reports.iter().filter_map(|(_, delivery)| match &delivery.message {
        Message::Report(report) => Some(report),
        Message::SignOfLife(_) => None,
    });
    said.collect()
}

/// Kiss-offs are one tone alone; a handshake is two.
fn kiss_offs(rig: &Rig) -> Vec<Instant> {
    let is_one = |notes: &[Note]| matches!(notes, [note] if note.sound == Sound::Tone(Tone(1400)));
    rig.played.iter().filter(|(_, notes)| is_one(notes)).map(|(at, _)| *at).collect()
}

/// Seeded faults of the panel, of the line and of the store, a thousand calls: each ends in one record that is right.
#[test]
fn a_thousand_bad_calls_end_in_one_right_record_each() {
    let mut random = Random(0xC01D_F057);
    let (mut heard, mut unheard, mut silent, mut in_doubt) = (0, 0, 0, 0);
    for n in 0..1_000 {
        let account = format!("{:04}", random.below(10_000));
        let count = 1 + random.below(3);
        let messages: Vec<String> = (0..count).map(|at| random.message(&account, at)).collect();
        let slack = if random.one_in(2) { ms(0) } else { ms(random.below(60) + 60) };
        let mut rig = Rig::new(call(slack));
        rig.tells = match (slack.is_zero(), random.one_in(2)) {
            (true, _) => Tells::Both,
            (false, true) => Tells::Ends(slack - ms(60)),
            (false, false) => Tells::Once(slack - ms(60)),
        };
        rig.delay = ms(random.below(120));
        rig.echo = random.one_in(2).then(|| 2 * rig.delay);
        let refuses = if random.one_in(4) { random.below(12_000) } else { 0 };
        rig.store = Store { takes: ms(random.below(900)), refuses: (ms(0), ms(refuses)) };
        let at = |random: &mut Random, one_in| random.one_in(one_in).then(|| random.place(16));
        let is_group = messages.iter().any(|message| is_fast(message));
        // The same fault twice in a row makes two equal copies: nothing can tell in a format without checksum.
        let sends = random.below(if is_group { 2 } else { 5 });
        // One left out and another twice can add up again: to that the checksum is blind.
        let doubled = at(&mut random, 3);
        let dropped = at(&mut random, 2).filter(|_| doubled.is_none());
        let faults = UnitFaults {
            sends: Some(u32::try_from(sends).unwrap()),
            wrong_checksum: random.one_in(3),
            key_d: random.one_in(3),
            dropped,
            doubled,
            long_gap: at(&mut random, 3).map(|at| (at, ms(60 + random.below(1_500)))),
            late_start: ms(if random.one_in(3) { random.below(4_000) } else { 0 }),
            ignores_first_kiss_off: random.one_in(3),
            hangs_up_after: at(&mut random, 10),
            deaf_after: random.one_in(10).then(|| ms(random.below(10_000))),
            deaf_until: random.one_in(5).then(|| ms(random.below(9_000))),
        };
        let settings =
            if is_group { UnitSettings::fast_format(messages.clone()) } else { UnitSettings::new(messages.clone()) };
        rig.unit = Some(Unit::new(UnitSettings { faults, ..settings }, rig.start).into());
        rig.wanted(ms(170_000), Request { id: RequestId(1), wanted: Operator::HangUp });
        rig.run(ms(180_000));

        assert_eq!(rig.ended.len(), 1, "call {n}: {:?}", rig.log);
        let said = reports(&rig);
        assert!(!said.is_empty(), "call {n}: never silence, {:?}", rig.log);
        let decoded: Vec<_> = said.iter().filter(|report| report.outcome == Outcome::Decoded).collect();
        for report in &decoded {
            // With the same digit lost twice a High Speed message is a group of a longer account, and Express is one
            // that never had a check digit: no receiver can tell, and the report says that it could be so.
            let in_doubt_of = |warning: &String| matches!(warning.as_str(), "AmbiguousFormat" | "MissingChecksum");
            let is_in_doubt = report.warnings.iter().any(in_doubt_of);
            in_doubt += u32::from(is_in_doubt);
            assert!(
                is_in_doubt || right(report, &messages),
                "call {n}: nobody sent {report:?}\n{messages:?}\n{:?}",
                rig.log
            );
        }
        let acknowledged = rig.unit_events.iter().filter(|event| matches!(event, UnitEvent::Acknowledged(_))).count();
        assert!(messages.len() >= acknowledged);
        // Whoever was kissed off is stored: every message of its own, each once.
        let mut distinct = messages[..acknowledged].to_vec();
        distinct.dedup();
        let stored = rig.reports.iter().filter(|(token, _)| rig.stored.contains(token)).count();
        assert!(stored >= distinct.len(), "call {n}: {:?}", rig.log);
        let first_copies = rig
            .reports
            .iter()
            .filter(|(_, delivery)| delivery.owed && delivery.repeat == telecare_protocol::RepeatProof::None);
        assert!(first_copies.count() <= messages.len(), "call {n}: one delivery for each message, {:?}", rig.log);
        assert!(rig.ended[0].lasted() <= Duration::from_secs(90), "call {n}: {:?}", rig.log);
        match (decoded.len(), said[0].events[0].trigger) {
            (0, Trigger::Silent) => silent += 1,
            (0, _) => unheard += 1,
            _ => heard += 1,
        }
    }
    assert!(in_doubt <= 10, "{in_doubt}");
    assert!(heard > 500 && unheard > 20 && silent > 5, "every kind came: {heard} {unheard} {silent}");
}

/// Whether a report is what one of the messages says.
fn right(report: &Report, messages: &[String]) -> bool {
    messages.iter().any(|message| {
        let said = match Group::decode(message.as_bytes()) {
            Ok(group) => telecare_protocol::fast_format::report(&group, &[], &CODES),
            Err(_) => contact_id::report(&Said::decode(message.as_bytes(), false).unwrap().message, &[], &CODES),
        };
        (&report.identity, &report.events, &report.fields) == (&said.identity, &said.events, &said.fields)
    })
}

/// The test's own generator, so that a failure comes again.
struct Random(u32);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u64::from(self.0 >> 8) % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn place(&mut self, bound: u64) -> usize {
        usize::try_from(self.below(bound)).unwrap()
    }

    fn message(&mut self, account: &str, at: u64) -> String {
        let body = match self.below(4) {
            0 => return format!("{account}{}555555{}", 1 + self.below(3), if at == 0 { "17" } else { "58" }),
            1 => format!("{account}17{}", 1 + self.below(9)),
            2 => format!("{account}55{}55555557", 1 + self.below(4)),
            _ => format!("{account}181{}{at:02}{:03}", ["101", "131", "602"][self.place(3)], self.below(999)),
        };
        format!("{body}{}", check_digit(body.as_bytes()).unwrap())
    }
}

fn seeded() -> Config {
    Config { rng_seed: RngSeed::Fixed(0x0DC0_5005), ..Config::default() }
}

proptest! {
    #![proptest_config(seeded())]

    /// Copies of one message with noise before, between and after; the store answers in time. Noise right before a
    /// copy spoils it, as nothing marks where a message begins: the panel sends on.
    #[test]
    fn one_report_and_a_kiss_off_for_each_copy(
        message in any_message(),
        (tells, slack) in tells(),
        copies in 2usize..5,
        before in noise(4),
        between in noise(4),
        pace in 45u64..80,
        quiet in 1_300u64..1_600,
        takes in 0u64..600,
    ) {
        let mut rig = Rig::new(call(slack));
        rig.tells = tells;
        rig.store = Store { takes: ms(takes), refuses: (ms(0), ms(0)) };
        let mut at = play(&mut rig, ms(0), &before);
        let mut ends = Vec::new();
        for copy in 0..copies {
            at = rig.digits(at + ms(quiet), &keys(&message), ms(pace), ms(pace));
            ends.push(rig.start + at);
            // The panel is silent while it waits; noise of the room comes after the kiss-off could.
            at += ms(2_000);
            if copy + 1 < copies {
                at = play(&mut rig, at, &between);
            }
        }
        rig.hangs_up(at);
        rig.run(at + ms(1_000));
        let said = reports(&rig);
        let decoded = said.iter().filter(|report| report.outcome == Outcome::Decoded).count();
        prop_assert_eq!(decoded, 1, "{:?}", &rig.log);
        prop_assert_eq!(&said[0].outcome, &Outcome::Decoded);
        prop_assert!(right(said[0], std::slice::from_ref(&message)));
        let kissed = kiss_offs(&rig);
        let first = usize::from(is_fast(&message));
        prop_assert_eq!(kissed.len(), copies - first, "{:?}", &rig.log);
        for (kissed, end) in kissed.iter().zip(&ends[first..]) {
            prop_assert!(*kissed >= *end + ms(200), "before the panel listens");
            prop_assert!(*kissed <= *end + ms(1_000) + slack, "later than the panel waits");
        }
        prop_assert_eq!(rig.ended.len(), 1);
    }

    #[test]
    fn nothing_is_kissed_off_that_is_not_stored(message in any_message(), (tells, slack) in tells(), until in 0u64..40_000) {
        let mut rig = Rig::new(call(slack));
        rig.tells = tells;
        rig.store = Store { takes: ms(15), refuses: (ms(0), ms(until)) };
        let is_fast = is_fast(&message);
        let settings = if is_fast { UnitSettings::fast_format(vec![message]) } else { UnitSettings::new(vec![message]) };
        rig.unit = Some(Unit::new(settings, rig.start).into());
        rig.run(ms(90_000));
        let kissed = kiss_offs(&rig);
        prop_assert!(kissed.iter().all(|at| *at >= rig.start + ms(until)), "{:?}", &rig.log);
        prop_assert!(kissed.len() <= 1);
        let is_heard = rig.unit_events.iter().any(|event| matches!(event, UnitEvent::Acknowledged(_)));
        prop_assert_eq!(is_heard, kissed.len() == 1);
        prop_assert_eq!(is_heard, rig.ended[0].end == End::ClearedDown, "{:?}", &rig.log);
        prop_assert_eq!(rig.ended.len(), 1);
        prop_assert!(!rig.reports.is_empty());
    }

    #[test]
    fn a_wrong_checksum_is_never_a_report(message in verified(), at in 0usize..16, by in 1usize..15, (tells, slack) in tells()) {
        const LETTERS: &[u8] = b"0123456789BCDEF";
        let mut digits = message.into_bytes();
        prop_assume!(at < digits.len() && !(4..6).contains(&at));
        let place = LETTERS.iter().position(|letter| *letter == digits[at]).unwrap();
        digits[at] = LETTERS[(place + by) % LETTERS.len()];
        let mut rig = Rig::new(call(slack));
        rig.tells = tells;
        let settings = UnitSettings::new(vec![String::from_utf8(digits).unwrap()]);
        rig.unit = Some(Unit::new(settings, rig.start).into());
        rig.run(ms(90_000));
        prop_assert!(kiss_offs(&rig).is_empty());
        let said = reports(&rig);
        prop_assert_eq!(said.len(), 1, "the call itself");
        prop_assert!(matches!(said[0].outcome, Outcome::Unreadable(_)));
        prop_assert_eq!(said[0].protocol, Protocol::ContactId);
        prop_assert_eq!(rig.ended.len(), 1);
    }

    /// Anything at all, told in any way, with whole messages in it, and every kind of request.
    #[test]
    fn any_sounds_end_in_one_record(
        sounds in prop::collection::vec((noise(20), any_message()), 0..6),
        (tells, slack) in tells(),
        doubtful in any::<bool>(),
        requests in prop::collection::vec((0u64..60_000, 0u8..8), 0..12),
        hangs_up in prop::option::of(0u64..60_000),
        takes in 0u64..2_000,
    ) {
        let mut rig = Rig::new(call(slack));
        rig.tells = tells;
        rig.doubtful = doubtful;
        rig.store = Store { takes: ms(takes), refuses: (ms(0), ms(0)) };
        let mut at = ms(0);
        for (noise, message) in &sounds {
            at = play(&mut rig, at, noise);
            at = rig.digits(at + ms(60), &keys(message), ms(55), ms(55));
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

    #[test]
    fn letters_and_keys_go_both_ways(message in any_message()) {
        prop_assert_eq!(letters(keys(&message).as_bytes()), message.into_bytes());
    }
}
