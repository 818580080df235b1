//! Calls through a simulated modem, and what a modem can do wrong.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/modem.rs"]
mod rig;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rig::Rig;
use telecare_protocol::bs8521::{self, Answer, UnitFaults};
use telecare_protocol::call::{End, Side, UnitSettings};
use telecare_protocol::tones::{Digit, Heard, Length, Sound, notes};
use telecare_protocol::voice_modem::{
    Event, HangUpTold, Modem, ModemCommand, NotTold, Outcome, Reports, Settings, SimFaults, SimSettings, Trouble,
};
use telecare_protocol::{Caller, Message, Outcome as Read};

const FRAME: &str = "A01000001234500000190190076#";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn unit() -> bs8521::UnitSettings {
    bs8521::UnitSettings { guards: 0, ..bs8521::UnitSettings::new(FRAME.to_owned()) }
}

fn rig_with(sim: SimSettings, unit: bs8521::UnitSettings) -> Rig {
    Rig::new(Settings::default(), sim, UnitSettings::Bs8521(unit), Some("01527960042"))
}

#[test]
fn a_call_from_the_reset_to_the_next_one() {
    let mut rig = rig_with(SimSettings::default(), unit());
    rig.run(ms(30_000));
    let expected = [
        "0.060 ready",
        "0.330 Rings",
        "3.330 ringing",
        "3.330 Answered",
        "3.340 connected",
        "3.340 plays 1 sounds",
        "3.950 unit hears B 600",
        "3.950 unit was asked for data",
        "4.030 unit plays 28 sounds",
        "8.430 unit sent its frame, attempt 1",
        "8.460 delivered",
        "8.460 plays 1 sounds",
        "8.550 unit hears B 80",
        "8.550 unit was acknowledged, attempts 1",
        "10.050 plays 2 sounds",
    ];
    assert_eq!(rig.log[..expected.len()], expected, "{:#?}", rig.log);
    assert_eq!(rig.outcomes, [Outcome::Acknowledged]);
    let caller = Caller { number: Some("01527960042".to_owned()), name: None };
    assert_eq!(rig.callers, [(Some(caller.clone()), None)]);
    let Message::Report(report) = &rig.deliveries[0].message else { panic!() };
    assert_eq!((&report.outcome, report.caller.as_ref()), (&Read::Decoded, Some(&caller)));
    assert_eq!((rig.ended.len(), rig.ended[0].end, rig.ended[0].hung_up), (1, End::ClearedDown, Side::FarEnd));
    assert!(rig.log.last().unwrap().ends_with("ready"), "the line can take another call: {:#?}", rig.log);
    let sent: Vec<&str> = rig.sent.iter().map(String::as_str).collect();
    assert_eq!(sent[..6], ["ATZ", "ATE0V1", "ATS0=0", "AT+FCLASS=8", "AT+VCID=1", "AT+VIT=0"]);
    assert_eq!(sent[6..9], ["AT+VLS=1", "AT+VTS=[770,1633,60]", "AT+VTS=[770,1633,8]"]);
}

/// What is known of a digit's times is what the modem tells, and its delay is the call's slack.
#[test]
fn digits_have_the_times_that_the_modem_tells() {
    for (reports, length) in [(Reports::Both, Length::Measured(ms(70))), (Reports::Once, Length::Unknown)] {
        let mut rig = rig_with(SimSettings { reports, ..SimSettings::default() }, unit());
        let first = rig.modem.slack();
        rig.run(ms(30_000));
        assert_eq!(rig.outcomes, [Outcome::Acknowledged], "{:#?}", rig.log);
        let ended: Vec<&Heard> = rig.heard.iter().filter(|heard| heard.length != Length::StillOn).collect();
        assert_eq!(ended.len(), 29, "28 of the frame, and the B at the end");
        assert_eq!((ended[0].sound, ended[0].length), (Sound::Digit(Digit::A), length));
        let later = if reports == Reports::Both { Settings::SLACK_OF_BOTH } else { Settings::SLACK_OF_ONE };
        assert_eq!((first, rig.modem.slack()), (Settings::SLACK_OF_ONE, later));
    }
}

/// A digit told at its onset is still on: an acknowledgement into it would not be heard.
#[test]
fn nothing_is_played_into_a_digit_told_once() {
    let mut rig = rig_with(SimSettings { reports: Reports::Once, ..SimSettings::default() }, unit());
    rig.run(ms(30_000));
    let at = |words: &str| {
        let line =
            rig.log.iter().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {:#?}", rig.log));
        line.split(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let heard = at("unit hears B 80") - 0.080 - 0.010;
    assert!(heard >= at("sent its frame") && heard < at("sent its frame") + 0.1, "{:#?}", rig.log);
}

#[test]
fn a_scheme_is_worked_through_with_long_commands() {
    let units = ["002701011800", "010404304300", "020101011900", "030101011900", "040101011900"];
    let outstanding = units.iter().map(|digits| Answer::decode(digits.as_bytes()).unwrap()).collect();
    let scheme = bs8521::UnitSettings {
        outstanding,
        guards: 0,
        ..bs8521::UnitSettings::new("A12004412007700270101180048#".to_owned())
    };
    for command_chars_max in [40, 80] {
        let ours = Settings { command_chars_max, ..Settings::default() };
        let mut rig = Rig::new(ours, SimSettings::default(), UnitSettings::Bs8521(scheme.clone()), None);
        rig.clears_after = None;
        rig.run(ms(12_000));
        for _ in 0..6 {
            rig.ask(telecare_protocol::call::Operator::Clear);
            let until = rig.now - rig.start + ms(40_000);
            rig.run(until);
        }
        assert_eq!(rig.deliveries.len(), 5, "{:#?}", rig.log);
        assert_eq!((rig.ended.len(), rig.ended[0].end), (1, End::ClearedDown), "{:#?}", rig.log);
        assert!(rig.sent.iter().all(|line| line.len() <= command_chars_max), "{:?}", rig.sent);
    }
}

#[test]
fn every_way_to_tell_that_the_far_end_hung_up_ends_the_call() {
    for (hang_up_told, within) in
        [(HangUpTold::LoopBreak, 300), (HangUpTold::Busy, 6_000), (HangUpTold::DialTone, 6_000)]
    {
        let faults = UnitFaults { hangs_up_after: Some(9), ..UnitFaults::default() };
        let sim = SimSettings { hang_up_told, ..SimSettings::default() };
        let mut rig = rig_with(sim, bs8521::UnitSettings { faults, ..unit() });
        rig.run(ms(40_000));
        assert_eq!((rig.ended.len(), rig.ended[0].end), (1, End::RemoteHangup), "{:#?}", rig.log);
        let at = |words: &str| {
            let line = rig.log.iter().find(|line| line.ends_with(words)).unwrap();
            line.split(' ').next().unwrap().parse::<f64>().unwrap()
        };
        assert!(at("end remote-hangup") - at("HangsUp") <= f64::from(within) / 1000.0 + 0.001, "{:#?}", rig.log);
        assert!(rig.log.last().unwrap().ends_with("ready"));
        let Message::Report(report) = &rig.deliveries[0].message else { panic!() };
        assert!(matches!(report.outcome, Read::Unreadable(_)));
        assert_eq!(report.caller.as_ref().unwrap().number.as_deref(), Some("01527960042"));
    }
}

#[test]
fn callers_are_told_withheld_or_not_at_all() {
    for (told, number, not_told) in [
        (Some("01527960042"), Some("01527960042"), None),
        (Some("P"), None, Some(NotTold::Withheld)),
        (Some("O"), None, Some(NotTold::Unavailable)),
        (None, None, None),
    ] {
        let mut rig = Rig::new(Settings::default(), SimSettings::default(), UnitSettings::Bs8521(unit()), told);
        rig.run(ms(30_000));
        let (caller, why) = rig.callers.remove(0);
        assert_eq!((caller.and_then(|caller| caller.number).as_deref(), why), (number, not_told));
    }
}

/// Each command in turn goes unanswered, or is an error.
#[test]
fn a_modem_that_does_not_answer_or_says_error_is_given_up_and_told() {
    for number in 0..9 {
        let faults = SimFaults { dies_at: Some(number), ..SimFaults::default() };
        let mut rig = rig_with(SimSettings { faults, ..SimSettings::default() }, unit());
        rig.run(ms(200_000));
        let troubles: Vec<&String> = rig.log.iter().filter(|line| line.contains("trouble")).collect();
        assert_eq!(troubles.len(), 1, "{:#?}", rig.log);
        assert!(troubles[0].ends_with("no-answer") && rig.modem.poll_timeout().is_none(), "{:#?}", rig.log);
        assert_eq!(rig.ended.len(), usize::from(number >= 7), "a call under way has its record");
    }
    for (command, trouble, rings) in [
        ("+FCLASS", "trouble: error", false),
        ("E0", "trouble: error", false),
        ("+VLS", "trouble: error", true),
        ("+VTS", "trouble: error", true),
        ("+VCID", "trouble: no-caller-number", true),
    ] {
        let faults = SimFaults { errors: vec![command.to_owned()], ..SimFaults::default() };
        let mut rig = rig_with(SimSettings { faults, ..SimSettings::default() }, unit());
        rig.run(ms(40_000));
        assert!(rig.log.iter().any(|line| line.ends_with(trouble)), "{command}: {:#?}", rig.log);
        assert_eq!(rig.log.iter().any(|line| line.ends_with("ringing")), rings, "{command}: {:#?}", rig.log);
        let is_done = rig.outcomes == [Outcome::Acknowledged];
        assert_eq!(is_done, command == "+VCID", "{command}: {:#?}", rig.log);
    }
    let optional = SimFaults { errors: vec!["+VIT".to_owned()], ..SimFaults::default() };
    let mut rig = rig_with(SimSettings { faults: optional, ..SimSettings::default() }, unit());
    rig.run(ms(30_000));
    assert!(rig.outcomes == [Outcome::Acknowledged] && !rig.log.iter().any(|line| line.contains("trouble")));
}

#[test]
fn an_ok_before_the_tones_is_no_played() {
    let faults = SimFaults { is_early: true, ..SimFaults::default() };
    let mut rig = rig_with(SimSettings { faults, ..SimSettings::default() }, unit());
    rig.run(ms(30_000));
    assert_eq!(rig.outcomes, [Outcome::Acknowledged], "{:#?}", rig.log);
    let mut bare = Bare::talking(Settings::default());
    bare.modem.play(&notes("B", ms(600), ms(0)), bare.now);
    bare.events();
    assert_eq!(bare.says(b"OK\r\n"), []);
    assert_eq!((bare.wait(599), bare.wait(1)), (vec![], vec![Event::Played]));
}

#[test]
fn a_digit_that_the_modem_misses_costs_one_attempt() {
    let faults = SimFaults { misses: Some(12), ..SimFaults::default() };
    let mut rig = rig_with(SimSettings { faults, ..SimSettings::default() }, unit());
    rig.run(ms(40_000));
    let attempts = rig.log.iter().filter(|line| line.contains("sent its frame")).count();
    assert_eq!((rig.outcomes.as_slice(), attempts), (&[Outcome::Acknowledged][..], 2), "{:#?}", rig.log);
    assert_eq!(rig.ended[0].faults[0], "GapTooLong", "the missing digit's place is too long a silence");
}

/// Everything the modem says from the start to a call, by hand.
struct Bare {
    modem: Modem,
    now: Instant,
}

impl Bare {
    fn talking(settings: Settings) -> Bare {
        let now = Instant::now();
        let mut bare = Bare { modem: Modem::new(settings, now), now };
        bare.says(b"OK\r\n");
        bare.take_call();
        bare
    }

    /// The modem is prepared, rings and is answered.
    fn take_call(&mut self) {
        for _ in 0..5 {
            self.says(b"\r\nOK\r\n");
        }
        self.says(b"\r\nRING\r\n");
        self.wait(3_000);
        assert_eq!(self.says(b"\r\nRING\r\n"), [Event::Ringing]);
        self.modem.answer(self.now);
        assert!(matches!(self.says(b"OK\r\n")[..], [Event::Connected { .. }]));
    }

    fn says(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.modem.handle_bytes(bytes, self.now);
        self.events()
    }

    fn wait(&mut self, by: u64) -> Vec<Event> {
        self.now += ms(by);
        self.modem.handle_timeout(self.now);
        self.events()
    }

    fn events(&mut self) -> Vec<Event> {
        let commands = std::iter::from_fn(|| self.modem.next_command());
        let event = |command| match command {
            ModemCommand::Send(_) => None,
            ModemCommand::Happened(event) => Some(event),
        };
        commands.filter_map(event).collect()
    }
}

fn digits(events: &[Event]) -> Vec<(Digit, Length)> {
    let digit = |event: &Event| match event {
        Event::Heard(Heard { sound: Sound::Digit(digit), length, .. }) => Some((*digit, *length)),
        _ => None,
    };
    events.iter().filter_map(digit).collect()
}

#[test]
fn reports_of_every_make_are_digits() {
    let (one, two) = (Digit::One, Digit::Two);
    let measured = |lasted| Length::Measured(ms(lasted));
    // Begin, repeated every 70 ms, end: one digit.
    let mut bare = Bare::talking(Settings::default());
    let mut events = bare.says(b"\x10/\x101");
    for _ in 0..3 {
        bare.wait(70);
        events.extend(bare.says(b"\x101"));
    }
    bare.wait(10);
    for end in [&b"\x10-"[..], b"\x10~"] {
        events.extend(bare.says(end));
    }
    assert_eq!(digits(&events), [(one, Length::StillOn), (one, measured(220))]);
    // Two digits without an end between.
    let mut events = bare.says(b"\x10/\x101");
    bare.wait(100);
    events.extend(bare.says(b"\x102"));
    bare.wait(60);
    events.extend(bare.says(b"\x10\x7f"));
    let both = [(one, Length::StillOn), (one, measured(100)), (two, Length::StillOn), (two, measured(60))];
    assert_eq!(digits(&events), both);
    // Told once, and once more at once: one digit; a moment later: another.
    let mut events = bare.says(b"\x105\x105");
    bare.wait(90);
    events.extend(bare.says(b"\x105"));
    assert_eq!(digits(&events), [(Digit::Five, Length::Unknown); 2]);
}

#[test]
fn a_tone_heard_once_in_speech_ends_no_call() {
    let mut bare = Bare::talking(Settings::default());
    assert_eq!(bare.says(b"\x10b"), []);
    bare.wait(100);
    assert_eq!(bare.says(b"\x10b"), [], "too soon to be told again");
    bare.wait(3_000);
    bare.says(b"\x105");
    assert_eq!(bare.says(b"\x10b"), [], "somebody is there");
    bare.wait(11_000);
    assert_eq!(bare.says(b"\x10b"), [], "too long ago");
    assert_eq!(bare.says(b"\x10d"), [], "another tone");
    bare.wait(3_500);
    assert_eq!(bare.says(b"\x10d"), [Event::HungUp]);
    assert_eq!(bare.says(b"\r\nNO CARRIER\r\n"), [Event::HungUp]);
}

#[test]
fn who_rings_off_is_told_and_an_idle_modem_is_asked_whether_it_is_there() {
    let now = Instant::now();
    let mut bare = Bare { modem: Modem::new(Settings::default(), now), now };
    let mut events = Vec::new();
    for _ in 0..6 {
        events.extend(bare.says(b"\r\nOK\r\n"));
    }
    events.extend(bare.says(b"RING\r\nNMBR = 1\r\n"));
    events.extend(bare.says(b"\x10R"));
    events.extend(bare.wait(8_000));
    assert_eq!(events, [Event::Ready, Event::RangOff], "told twice, it is one ring");
    bare.now += ms(60_000);
    bare.modem.handle_timeout(bare.now);
    assert_eq!(bare.modem.next_command(), Some(ModemCommand::Send(b"AT\r".to_vec())));
    // A call that comes meanwhile waits for the answer, and is answered.
    bare.says(b"RING\r\n");
    bare.wait(2_000);
    assert_eq!(bare.says(b"RING\r\n"), [Event::Ringing]);
    bare.modem.answer(bare.now);
    assert_eq!(bare.modem.next_command(), None);
    bare.modem.handle_bytes(b"OK\r\n", bare.now);
    assert_eq!(bare.modem.next_command(), Some(ModemCommand::Send(b"AT+VLS=1\r".to_vec())));
    assert_eq!(bare.wait(3_000), [Event::Trouble(Trouble::NoAnswer)]);
    assert_eq!((bare.says(b"OK\r\n"), bare.modem.poll_timeout()), (vec![], None));
}

#[test]
fn country_and_commands_of_the_site_are_sent() {
    let settings = Settings { country: Some(0xB4), init: vec!["AT+VGR=128".to_owned()], ..Settings::default() };
    let mut rig = Rig::new(settings, SimSettings::default(), UnitSettings::Bs8521(unit()), None);
    rig.run(ms(2_000));
    assert!(rig.sent.contains(&"AT+GCI=B4".to_owned()) && rig.sent.last().unwrap() == "AT+VGR=128", "{:?}", rig.sent);
}

/// What is playing is played to its end: a byte would cut it off.
#[test]
fn the_line_is_released_when_what_plays_is_out() {
    let mut bare = Bare::talking(Settings::default());
    bare.modem.play(&notes("B", ms(600), ms(0)), bare.now);
    assert!(bare.modem.next_command().is_some());
    bare.modem.hang_up(bare.now);
    assert_eq!(bare.modem.next_command(), None);
    bare.now += ms(600);
    bare.modem.handle_bytes(b"OK\r\n", bare.now);
    assert_eq!(bare.modem.next_command(), Some(ModemCommand::Send(b"ATH\r".to_vec())));
    assert!(!bare.modem.is_on_hook());
    assert_eq!(bare.says(b"OK\r\n"), []);
    assert!(bare.modem.is_on_hook());
    // Nobody of the next call asked for those notes.
    bare.take_call();
    assert_eq!(bare.wait(1_000), []);
}

#[test]
fn a_bell_that_rings_while_the_modem_fails_is_no_news() {
    let now = Instant::now();
    let mut bare = Bare { modem: Modem::new(Settings::default(), now), now };
    bare.says(b"RING\r\n");
    assert_eq!(bare.says(b"ERROR\r\n"), [Event::Trouble(Trouble::Error)]);
    assert_eq!(bare.wait(60_000), []);
}

proptest! {
    /// Any bytes in any split: the same events, no panic, and every command within its bound.
    #[test]
    fn any_bytes_in_any_split_say_the_same(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\x10\x10/~5bdlROK\r\nRING".to_vec())], 0..400),
        cuts in prop::collection::vec(1usize..20, 1..40),
        is_talking in any::<bool>(),
    ) {
        let begin = || {
            let now = Instant::now();
            if is_talking { Bare::talking(Settings::default()) } else { Bare { modem: Modem::new(Settings::default(), now), now } }
        };
        let (mut whole, mut split) = (begin(), begin());
        let base = whole.now;
        split.now = base;
        whole.modem.handle_bytes(&bytes, base);
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            let (head, tail) = rest.split_at((*cut).min(rest.len()));
            split.modem.handle_bytes(head, base);
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        let told = |bare: &mut Bare| std::iter::from_fn(|| bare.modem.next_command()).collect::<Vec<_>>();
        prop_assert_eq!(told(&mut whole), told(&mut split));
    }
}
