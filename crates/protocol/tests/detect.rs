//! A call whose protocol is found out: who asks when, who gets what was heard, what nobody could read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/call.rs"]
mod rig;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use proptest::prelude::*;
use rig::Rig;
use telecare_protocol::call::{Begun, End, Operated, Operator, Request, RequestId, Unit};
use telecare_protocol::detect::{self, Settings, VOICE_LONGEST};
use telecare_protocol::tones::{Digit, Sound, Tone};
use telecare_protocol::tunstall::{Probe, Signalling};
use telecare_protocol::{Codes, Outcome, Protocol, bs8521, contact_id, tunstall};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const BS8521: &str = "A01000001234500000190190076#";

fn rig(learnt: Option<Protocol>) -> Rig {
    Rig::new(|at| {
        let begun = Begun { caller: None, at, slack: Duration::ZERO, learnt };
        detect::Call::new(Settings::default(), Arc::clone(&CODES), begun).into()
    })
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn lines(rig: &Rig, of: &str) -> Vec<String> {
    rig.log.iter().filter(|line| line.contains(of)).cloned().collect()
}

#[test]
fn a_call_that_nobody_understands_is_told_of_at_once_and_left_to_an_operator() {
    let mut rig = rig(None);
    for guard in 0..3 {
        rig.sound(ms(500 + guard * 3000), Sound::Tone(Tone(1850)), ms(200));
    }
    rig.run(Duration::from_secs(60));
    let told = lines(&rig, "deliver");
    assert_eq!(told.len(), 1, "{:?}", rig.log);
    assert!(told[0].ends_with("nobody silent NoData unowed"), "{told:?}");
    assert!(rig.log.last().unwrap().ends_with("speech duplex"), "{:?}", rig.log);
    rig.wanted(Duration::from_secs(70), Request { id: RequestId(1), wanted: Operator::Speak });
    rig.wanted(Duration::from_secs(71), Request { id: RequestId(2), wanted: Operator::Next });
    rig.wanted(Duration::from_secs(72), Request { id: RequestId(3), wanted: Operator::Clear });
    rig.run(Duration::from_secs(80));
    let answers = lines(&rig, "operated");
    assert!(answers[0].ends_with("1: done") && answers[1].ends_with("2: unsupported"), "{answers:?}");
    assert!(answers[2].ends_with(&format!("3: {:?}", Operated::Done).to_lowercase()));
    assert_eq!((rig.ended.len(), rig.ended[0].end), (1, End::Released));
    assert_eq!(lines(&rig, "deliver").len(), 1, "told once");
}

#[test]
fn a_call_that_nobody_takes_does_not_hold_its_line_for_ever() {
    let mut rig = rig(None);
    rig.run(VOICE_LONGEST + Duration::from_secs(60));
    assert_eq!((rig.ended.len(), rig.ended[0].end, rig.ended[0].protocol), (1, End::NoData, Protocol::Detect));
}

#[test]
fn a_frame_that_comes_when_nobody_asks_any_more_is_taken() {
    let mut rig = rig(None);
    rig.digits(Duration::from_secs(90), BS8521, ms(80), ms(80));
    rig.run(Duration::from_secs(100));
    let told = lines(&rig, "deliver");
    assert!(told.len() == 2 && told[1].contains("123450000 pendant active"), "{told:?}");
    assert_eq!(lines(&rig, "left 1 positive").len(), 1, "{:?}", rig.log);
}

#[test]
fn another_protocol_than_last_time_is_reported_once() {
    for (learnt, changes) in [(None, 0), (Some(Protocol::Bs8521), 0), (Some(Protocol::SurGard), 1)] {
        let mut rig = rig(learnt);
        rig.digits(ms(6000), BS8521, ms(80), ms(80));
        rig.digits(ms(12_000), BS8521, ms(80), ms(80));
        rig.run(Duration::from_secs(20));
        let told = lines(&rig, "123450000 communication active");
        assert_eq!(told.len(), changes, "{learnt:?}: {:?}", rig.log);
        assert!(told.iter().all(|line| line.ends_with("unowed")));
        assert_eq!(lines(&rig, "pendant active").len(), 1);
    }
}

/// One unit of each kind, and the longest that it takes to be heard of.
fn units() -> Vec<(&'static str, Protocol, u64, Unit)> {
    let at = std::time::Instant::now();
    let unit = |settings: tunstall::UnitSettings| Unit::from(tunstall::Unit::new(settings, at));
    let tt92 = || tunstall::UnitSettings::new("D#1016123456******000004".to_owned());
    let ttnew = tunstall::UnitSettings {
        probe: Probe::TtNew,
        ..tunstall::UnitSettings::new("D#1017987654******000035".to_owned())
    };
    let stmf = tunstall::UnitSettings { signalling: Signalling::Stmf, digit_on: ms(75), digit_off: ms(5), ..tt92() };
    let panel = contact_id::UnitSettings::new(vec!["4321181101000012".to_owned()]);
    let fast = contact_id::UnitSettings::fast_format(vec!["1234515555517".to_owned()]);
    let bs8521 = bs8521::UnitSettings::new(BS8521.to_owned());
    vec![
        ("bs8521", Protocol::Bs8521, 8, bs8521::Unit::new(bs8521, at).into()),
        ("tt92", Protocol::Tt92, 16, unit(tt92())),
        ("stmf", Protocol::Tt92, 16, unit(stmf)),
        ("ttnew", Protocol::TtNew, 20, unit(ttnew)),
        ("contact-id", Protocol::ContactId, 20, contact_id::Unit::new(panel, at).into()),
        ("fast-format", Protocol::FastFormat, 24, contact_id::Unit::new(fast, at).into()),
    ]
}

fn is_known(delivery: &telecare_protocol::Delivery, protocol: Protocol) -> bool {
    let telecare_protocol::Message::Report(report) = &delivery.message else { return false };
    report.protocol == protocol && report.outcome == Outcome::Decoded && delivery.owed
}

#[test]
fn every_kind_of_unit_is_understood() {
    for (name, protocol, within, unit) in units() {
        let mut rig = rig(None);
        rig.unit = Some(unit);
        rig.run(Duration::from_secs(within));
        let known = rig.reports.iter().filter(|(_, delivery)| is_known(delivery, protocol)).count();
        assert_eq!((known, rig.reports.len()), (1, 1), "{name}: {:?}", rig.log);
        assert!(rig.log.iter().any(|line| line.contains("left 0 positive")), "{name}: {:?}", rig.log);
        rig.wanted(Duration::from_secs(60), Request { id: RequestId(1), wanted: Operator::Clear });
        rig.run(Duration::from_secs(90));
        assert_eq!((rig.ended.len(), rig.ended[0].protocol), (1, protocol), "{name}: {:?}", rig.log);
    }
}

#[test]
fn what_the_unit_spoke_last_time_is_asked_for_first() {
    for (name, protocol, within, unit) in units() {
        let mut rig = rig(Some(protocol));
        rig.unit = Some(unit);
        rig.run(Duration::from_secs(within));
        assert_eq!(rig.reports.len(), 1, "{name}: {:?}", rig.log);
        let asked = rig.log.iter().take_while(|line| !line.contains("deliver")).filter(|line| line.contains("play"));
        assert!(asked.count() <= 2, "{name}: {:?}", rig.log);
    }
}

/// Whoever asks, and when nobody does: a frame with a checksum is handed to the protocol it is of.
#[test]
fn a_frame_that_did_not_wait_to_be_asked_is_taken() {
    let frames = [
        (Protocol::Bs8521, BS8521, 80),
        (Protocol::Tt92, "D#1016123456******000004", 80),
        (Protocol::TtNew, "D#1017987654******000035", 80),
        (Protocol::ContactId, "4321181101000012", 55),
    ];
    for (protocol, frame, pace) in frames {
        for at in [700, 5_300, 9_000, 12_000, 16_000, 60_000] {
            let mut rig = rig(None);
            let mut next = ms(at);
            // The unit sends again until it is answered: a request of ours may have drowned a digit.
            for _ in 0..4 {
                next = rig.digits(next, frame, ms(pace), ms(pace)) + ms(3_000);
            }
            rig.run(next);
            let known = rig.reports.iter().filter(|(_, delivery)| is_known(delivery, protocol)).count();
            assert_eq!(known, 1, "{protocol} at {at}: {:?}", rig.log);
            assert!(rig.log.iter().any(|line| line.contains("positive")), "{protocol} at {at}: {:?}", rig.log);
        }
    }
}

proptest! {
    /// Anything at all ends in one record, in something to look at, and in an answer to each request.
    #[test]
    fn any_sounds_end_in_one_record(
        sounds in prop::collection::vec((1u64..900, 0usize..20, 20u64..400), 0..120),
        requests in prop::collection::vec((0u64..60_000, 0u8..4), 0..6),
        hangs_up in 0u64..120_000,
        learnt in prop::option::of(prop::sample::select(Protocol::ALL.to_vec())),
    ) {
        let mut rig = rig(learnt);
        let mut at = ms(0);
        for (silence, which, lasts) in sounds {
            let sound = match Digit::all().nth(which) {
                Some(digit) => Sound::Digit(digit),
                None => Sound::Tone(Tone([1850, 941, 1336, 1400][which % 4])),
            };
            at += ms(silence);
            rig.sound(at, sound, ms(lasts));
            at += ms(lasts);
        }
        let wanted = [Operator::Speak, Operator::Next, Operator::Clear, Operator::ClearDown];
        for (id, (at, which)) in (0..).zip(&requests) {
            rig.wanted(ms(*at), Request { id: RequestId(id), wanted: wanted[usize::from(*which)].clone() });
        }
        rig.hangs_up(ms(hangs_up));
        rig.run(Duration::from_secs(1_000));
        prop_assert_eq!(rig.ended.len(), 1, "{:?}", &rig.log);
        prop_assert!(!rig.reports.is_empty(), "never silence");
        let end = rig.ended[0].ended;
        let asked = requests.iter().filter(|(at, _)| rig.start + ms(*at) < end).count();
        prop_assert!(lines(&rig, "operated").len() >= asked, "{:?}", &rig.log);
    }
}
