//! A call whose protocol is found out: who asks when, who gets what was heard, what nobody could read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/call.rs"]
mod rig;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rig::Rig;
use telecare_protocol::call::{Begun, End, Operated, Operator, Request, RequestId};
use telecare_protocol::detect::{self, Settings, VOICE_LONGEST};
use telecare_protocol::tones::{Sound, Tone};
use telecare_protocol::{Codes, Protocol};

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
