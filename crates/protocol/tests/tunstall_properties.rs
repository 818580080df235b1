//! Promises of a Tunstall call, whatever is heard.
//!
//! A valid frame ends in exactly one report and in one acknowledgement for each copy, given only when it is stored,
//! whatever noise stands around the copies. A frame that no sum matches is never a report. Any call at all ends in
//! exactly one record, and in something to look at.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panic")]

#[path = "rig/call.rs"]
mod rig;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rig::script::ms;
use rig::{Rig, Store, Tells};
use telecare_protocol::bs8521;
use telecare_protocol::call::{Begun, Call, Command, End, Operator, Request, RequestId, UnitEvent, Volume};
use telecare_protocol::tones::{Digit, Heard, Length, Note, Sound, Tone, notes, playing_time};
use telecare_protocol::tunstall::{self, Frame, Map, Probe, Settings, Unit, UnitFaults, UnitSettings, Verified};
use telecare_protocol::{Codes, Message, Outcome, Protocol, Report};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const V1: &str = "D#1016123456******000004";

fn settings() -> Settings {
    let (guard_wait, ttold_guard_wait) = (Duration::ZERO, Duration::ZERO);
    Settings { guard_wait, ttold_guard_wait, ..Settings::default() }
}

fn call(settings: Settings, slack: Duration) -> impl FnOnce(Instant) -> Call {
    move |at| tunstall::Call::new(settings, Arc::clone(&CODES), Begun { caller: None, at, slack, learnt: None }).into()
}

/// A frame that one sum alone matches.
fn frame(head: &'static str) -> impl Strategy<Value = (String, Map)> {
    let data = (head, "[0-9]{4,12}", "[0-9D*#]{4}");
    (data, prop::sample::select(vec![Map::Tt92, Map::TtNew])).prop_filter_map(
        "another sum matches, too",
        |((head, identity, extra), map)| {
            let frame = Frame {
                kind: head[..1].to_owned(),
                reserved: head[1..2].to_owned(),
                generic: head[2..3].to_owned(),
                call: head[3..].to_owned(),
                identity: format!("{identity:*<12}"),
                extra,
            };
            let digits = frame.encode(map).unwrap();
            let is_alone = |other: &Map| *other == map || !matches(&digits, *other);
            Map::ALL.iter().all(is_alone).then_some((digits, map))
        },
    )
}

/// As a simulated unit sends it.
fn with_wrong_checksum(frame: &str) -> String {
    let (body, last) = frame.split_at(frame.len() - 1);
    format!("{body}{}", if last == "0" { "1" } else { "0" })
}

fn matches(frame: &str, map: Map) -> bool {
    Verified::decode_body(&frame.as_bytes()[2..], &[map]).is_ok()
}

fn tells() -> impl Strategy<Value = (Tells, Duration)> {
    prop_oneof![
        Just((Tells::Both, ms(0))),
        (0u64..60).prop_map(|late| (Tells::Ends(ms(late)), ms(late + 80))),
        (0u64..60).prop_map(|late| (Tells::Once(ms(late)), ms(late + 80))),
    ]
}

fn any_sound() -> impl Strategy<Value = Sound> {
    let tones = vec![1850, 1645, 1000, 1400, 697, 770, 852, 941, 1209, 1336, 1477, 1633];
    prop_oneof![
        6 => prop::sample::select(Digit::all().collect::<Vec<_>>()).prop_map(Sound::Digit),
        2 => prop::sample::select(tones).prop_map(|hertz| Sound::Tone(Tone(hertz))),
    ]
}

/// Sounds one after the other: silence before, what, length.
fn noise(most: usize) -> impl Strategy<Value = Vec<(u64, Sound, u64)>> {
    prop::collection::vec((1u64..900, any_sound(), 20u64..400), 0..most)
}

fn play_noise(rig: &mut Rig, mut at: Duration, noise: &[(u64, Sound, u64)]) -> Duration {
    for (silence, sound, lasts) in noise {
        at += ms(*silence);
        rig.sound(at, *sound, ms(*lasts));
        at += ms(*lasts);
    }
    at
}

fn reports(rig: &Rig) -> Vec<&Report> {
    let mut reports = Vec::new();
    for (_, delivery) in &rig.reports {
        let Message::Report(report) = &delivery.message else { panic!("a call gives reports") };
        reports.push(report);
    }
    reports
}

fn decoded(rig: &Rig) -> Vec<&Report> {
    reports(rig).into_iter().filter(|report| report.outcome == Outcome::Decoded).collect()
}

fn ack_digits(map: Map) -> &'static str {
    if map == Map::Tt92 { "B0" } else { "DB" }
}

/// When acknowledgements were given. The enquiry of TTNEW sounds the same, and comes before any frame.
fn acknowledgements(rig: &Rig, map: Map) -> Vec<Instant> {
    let ack = notes(ack_digits(map), ms(80), ms(80));
    let Some((_, first)) = rig.reports.first() else { return Vec::new() };
    let is_ack = |(at, played): &&(Instant, Vec<Note>)| *at >= first.last_byte && *played == ack;
    rig.played.iter().filter(is_ack).map(|(at, _)| *at).collect()
}

fn is_heard(rig: &Rig) -> bool {
    rig.unit_events.iter().any(|event| matches!(event, UnitEvent::Acknowledged(_)))
}

/// The retry time of a sender is over: in doubt it is a press.
#[test]
fn the_same_frame_much_later_is_a_press() {
    let mut rig = Rig::new(call(settings(), ms(0)));
    for at in [700, 20_000, 60_000] {
        rig.digits(ms(at), V1, ms(80), ms(80));
    }
    rig.hangs_up(ms(70_000));
    rig.run(ms(80_000));
    assert_eq!(reports(&rig).len(), 2, "{:?}", rig.log);
    assert_eq!((acknowledgements(&rig, Map::Tt92).len(), rig.ended[0].copies), (3, 1));
}

/// The room made a digit of two tones just before: the answer goes as the frame came.
#[test]
fn noise_in_front_does_not_tell_how_a_frame_is_sent() {
    let mut rig = Rig::new(call(settings(), ms(0)));
    for (at, hertz) in [(600, 697), (680, 1209)] {
        rig.sound(ms(at), Sound::Tone(Tone(hertz)), ms(80));
    }
    rig.digits(ms(800), V1, ms(80), ms(80));
    rig.hangs_up(ms(6000));
    rig.run(ms(7000));
    assert_eq!(acknowledgements(&rig, Map::Tt92).len(), 1, "{:?}", rig.log);
}

/// Who probes for protocols gives the book on, and tells the sounds again that the one before could not read.
#[test]
fn a_frame_that_another_protocol_heard_is_taken_and_nothing_is_asked() {
    let start = Instant::now();
    let begun = Begun { caller: None, at: start, slack: ms(0), learnt: None };
    let usual = bs8521::Settings { hang_up_without_data: false, requests: 1, ..bs8521::Settings::default() };
    let mut first = bs8521::Call::new(usual, Arc::clone(&CODES), begun);
    let mut at = start + ms(5000);
    let mut asked = 0;
    let mut drain = |call: &mut bs8521::Call, until: Instant| {
        while let Some(due) = call.poll_timeout().filter(|due| *due <= until) {
            call.handle_timeout(due);
            while let Some(command) = call.next_command() {
                if let Command::Play(notes) = command {
                    asked += 1;
                    call.handle_played(due + playing_time(&notes));
                }
            }
        }
    };
    for note in notes(V1, ms(80), ms(80)) {
        drain(&mut first, at + note.on);
        first.handle_sound(Heard::new(note.sound, at, Length::Measured(note.on)), at + note.on);
        at += note.on + note.off;
    }
    drain(&mut first, at + ms(60_000));
    assert!(first.is_given_up());
    let now = at + ms(100);
    let book = first.into_book();
    let sounds = book.heard().to_vec();
    let mut second = tunstall::Call::with_book(settings(), Arc::clone(&CODES), book);
    for heard in &sounds {
        second.handle_sound(*heard, now);
    }
    assert!(second.poll_timeout().is_some_and(|due| due <= now + ms(200)));
    second.handle_timeout(now + ms(200));
    let Some(Command::Deliver(delivery)) = second.next_command() else { panic!("the frame") };
    assert_eq!(delivery.raw, V1.as_bytes());
    second.handle_stored(delivery.token, now + ms(220));
    let Some(Command::Play(played)) = second.next_command() else { panic!("its acknowledgement") };
    assert_eq!(played, notes("B0", ms(80), ms(80)));
    second.handle_hung_up(now + ms(400));
    let ended = std::iter::from_fn(|| second.next_command()).find_map(|command| match command {
        Command::Ended(ended) => Some(ended),
        _ => None,
    });
    let ended = ended.unwrap();
    assert_eq!((ended.heard.len(), ended.requests), (sounds.len(), 1), "told again, kept once; asked by BS 8521 only");
}

/// Taken up in the middle of a call it asks at once.
#[test]
fn a_call_taken_up_asks_at_once_and_is_given_up_with_its_book() {
    let start = Instant::now();
    let begun = Begun { caller: None, at: start, slack: ms(0), learnt: None };
    let first = bs8521::Call::new(bs8521::Settings::default(), Arc::clone(&CODES), begun);
    let gives_up = Settings { hang_up_without_data: false, ..Settings::default() };
    let mut call = tunstall::Call::with_book(gives_up, Arc::clone(&CODES), first.into_book());
    let mut now = start + ms(1000);
    let mut played = Vec::new();
    while let Some(due) = call.poll_timeout() {
        now = now.max(due);
        call.handle_timeout(now);
        while let Some(command) = call.next_command() {
            let Command::Play(notes) = command else { panic!("{command:?}") };
            played.push((now - start, notes.clone()));
            now += playing_time(&notes);
            call.handle_played(now);
        }
    }
    assert!(call.is_given_up());
    assert_eq!((played[0].0, played.len()), (ms(1000), 4));
    let mut next = bs8521::Call::with_book(bs8521::Settings::default(), Arc::clone(&CODES), call.into_book(), now);
    next.handle_hung_up(now);
    let ended = std::iter::from_fn(|| next.next_command()).filter(|command| matches!(command, Command::Ended(_)));
    assert_eq!(ended.count(), 1);
}

/// A line that never pauses does not hold a call for ever, and the frame before the noise is not lost.
#[test]
fn digits_without_a_pause_have_an_end() {
    for (frame, latest) in [("", 60), (V1, 4000)] {
        let mut rig = Rig::new(call(settings(), ms(0)));
        rig.digits(ms(650), &format!("{frame}{}", "1234567890".repeat(100)), ms(80), ms(80));
        rig.run(ms(4_000_000));
        assert_eq!(rig.ended.len(), 1, "{:?}", rig.log);
        assert!(rig.ended[0].lasted() <= Duration::from_secs(latest), "{:?}", rig.ended[0].lasted());
        assert_eq!(decoded(&rig).len(), usize::from(!frame.is_empty()), "{:?}", rig.log);
    }
}

/// A thousand units with faults of every kind, over good and bad lines: what a call ends in is right, and once.
#[test]
fn a_thousand_calls_each_end_in_one_right_record() {
    let mut random = Random(0x7E1E_CA5E);
    let (mut heard, mut unread) = (0, 0);
    for number in 0..1000 {
        let identity = format!("{:06}", 100_000 + number);
        let kind = random.below(5);
        let unit = unit(kind, &identity, &mut random);
        let is_hasty = unit.faults.hangs_up_after.is_some();
        let is_faulty = unit.faults.sends.is_none_or(|sends| sends >= unit.sends);
        let slack = if random.below(3) == 0 { 140 } else { 0 };
        let probes = match kind {
            4 => vec![Probe::TtOld],
            _ => vec![Probe::Tt92, Probe::TtNew],
        };
        let mut rig = Rig::new(call(Settings { probes, ..settings() }, ms(slack)));
        if slack > 0 {
            rig.tells = Tells::Ends(ms(30));
        }
        rig.delay = ms(u64::from(random.below(150)));
        rig.echo = (random.below(2) == 0).then(|| 2 * rig.delay);
        rig.store.takes = ms(u64::from(random.below(100)));
        let shown = if kind == 4 { identity[2..].to_owned() } else { identity };
        rig.unit = Some(Unit::new(unit, rig.start).into());
        rig.wanted(ms(60_000), Request { id: RequestId(1), wanted: Operator::ClearDown });
        rig.run(ms(120_000));
        let log = &rig.log;
        assert_eq!(rig.ended.len(), 1, "{number}: {log:?}");
        let alarms = decoded(&rig);
        let of_scheme: Vec<_> = alarms.iter().filter(|report| report.local_unit.is_none()).collect();
        assert!(of_scheme.len() <= 1, "{number}: one alarm of one frame {log:?}");
        assert!(alarms.iter().all(|report| report.identity.as_deref() == Some(&shown)), "{number}: {shown} {log:?}");
        assert!(!is_heard(&rig) || of_scheme.len() == 1, "{number}: {log:?}");
        if is_heard(&rig) {
            heard += 1;
            assert!(matches!(rig.ended[0].end, End::ClearedDown), "{number}: {log:?}");
        } else {
            unread += 1;
            assert!(is_hasty || is_faulty, "{number}: it sent a good frame and nobody heard {log:?}");
            assert!(!reports(&rig).is_empty(), "{number}: never silence");
        }
        if kind == 3 && is_heard(&rig) {
            let mut units: Vec<_> = alarms.iter().filter_map(|report| report.local_unit.as_deref()).collect();
            units.sort_unstable();
            assert_eq!(units, ["027", "104"], "{number}: {log:?}");
        }
    }
    assert!(heard > 600 && unread > 100, "{heard} heard, {unread} not");
}

/// One of: TT92, TTNEW, TT92 in STMF, a grouped system in either, TTOLD.
fn unit(kind: u32, identity: &str, random: &mut Random) -> UnitSettings {
    let generic = if kind == 3 { "2" } else { "1" };
    let frame = Frame {
        kind: "1".to_owned(),
        reserved: "0".to_owned(),
        generic: generic.to_owned(),
        call: random.below(10).to_string(),
        identity: format!("{identity:*<12}"),
        extra: "0000".to_owned(),
    };
    let mut unit = match kind {
        0 => UnitSettings::new(frame.encode(Map::Tt92).unwrap()),
        1 => UnitSettings { probe: Probe::TtNew, ..UnitSettings::new(frame.encode(Map::TtNew).unwrap()) },
        2 => UnitSettings::stmf(frame.encode(Map::Tt92).unwrap()),
        3 if random.below(2) == 0 => UnitSettings::new(frame.encode(Map::Tt92).unwrap()),
        3 => UnitSettings::stmf(frame.encode(Map::Tt92).unwrap()),
        _ => UnitSettings::old(format!("{}7", &identity[2..])),
    };
    if kind == 3 {
        unit.waiting = vec!["6D27DD7D".to_owned(), "41041DDD".to_owned()];
    }
    unit.guards = 0;
    let mut sometimes = |one_in: u32| random.below(one_in) == 0;
    let faults = &mut unit.faults;
    faults.wrong_checksum = sometimes(4);
    faults.ignores_first_ack = kind != 3 && sometimes(4);
    faults.dropped = sometimes(4).then_some(9).filter(|_| kind != 4);
    faults.long_gap = sometimes(6).then(|| (5, ms(400))).filter(|_| kind != 4);
    faults.hangs_up_after = sometimes(10).then_some(4);
    // Faults in every attempt, or in the first ones.
    faults.sends = if sometimes(6) { None } else { Some(random.below(3)) };
    unit
}

/// The test's own generator, so that a failure comes again.
struct Random(u32);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % bound
    }
}

proptest! {
    /// Copies of one frame with noise before, between and after; the store answers in time.
    #[test]
    fn one_report_and_an_acknowledgement_for_each_copy(
        (frame, map) in frame("[0-9A-D]0[01][0-9A-D]"),
        (tells, slack) in tells(),
        copies in 1usize..4,
        before in noise(4),
        between in noise(4),
        pace in 40u64..100,
        quiet in 45u64..400,
        takes in 0u64..60,
    ) {
        let mut rig = Rig::new(call(settings(), slack));
        rig.tells = tells;
        rig.store = Store { takes: ms(takes), refuses: (ms(0), ms(0)) };
        let mut at = play_noise(&mut rig, ms(0), &before);
        let mut ends = Vec::new();
        for copy in 0..copies {
            // The unit is silent while it waits; noise of the room comes after the acknowledgement could.
            at = rig.digits(at + ms(quiet), &frame, ms(pace), ms(pace));
            ends.push(rig.start + at);
            at += ms(1100) + slack;
            if copy + 1 < copies {
                at = play_noise(&mut rig, at, &between);
            }
        }
        rig.hangs_up(at + ms(600));
        rig.run(at + ms(1000));
        let said = reports(&rig);
        prop_assert_eq!(said.len(), 1, "{:?}", &rig.log);
        prop_assert_eq!((&said[0].outcome, said[0].protocol), (&Outcome::Decoded, map.protocol()));
        let acknowledged = acknowledgements(&rig, map);
        prop_assert_eq!(acknowledged.len(), copies, "{:?}", &rig.log);
        for (acknowledged, end) in acknowledged.iter().zip(&ends) {
            prop_assert!(*acknowledged >= *end, "into the frame");
            prop_assert!(*acknowledged <= *end + ms(1000) + slack, "later than the unit waits");
        }
        prop_assert_eq!(rig.ended.len(), 1);
        prop_assert_eq!(rig.ended[0].end, End::RemoteHangup);
    }

    #[test]
    fn nothing_is_acknowledged_that_is_not_stored(
        (frame, map) in frame("[0-9A-D]0[01][0-9A-D]"), (tells, slack) in tells(), stmf: bool, until in 0u64..30_000
    ) {
        let stmf = stmf && map == Map::Tt92;
        let mut rig = Rig::new(call(settings(), slack));
        rig.tells = if stmf { Tells::Both } else { tells };
        rig.store = Store { takes: ms(15), refuses: (ms(0), ms(until)) };
        let unit = if stmf { UnitSettings::stmf(frame) } else { UnitSettings::new(frame) };
        let probe = if map == Map::Tt92 { Probe::Tt92 } else { Probe::TtNew };
        rig.unit = Some(Unit::new(UnitSettings { guards: 0, probe, ..unit }, rig.start).into());
        rig.wanted(ms(50_000), Request { id: RequestId(1), wanted: Operator::ClearDown });
        rig.run(ms(90_000));
        if !stmf {
            let acknowledged = acknowledgements(&rig, map);
            prop_assert!(acknowledged.iter().all(|at| *at >= rig.start + ms(until)), "{:?}", &rig.log);
            prop_assert_eq!(is_heard(&rig), acknowledged.len() == 1);
        }
        prop_assert_eq!(is_heard(&rig), !rig.stored.is_empty() && rig.ended[0].end == End::ClearedDown, "{:?}", &rig.log);
        prop_assert_eq!(rig.ended.len(), 1);
        prop_assert!(!rig.reports.is_empty());
    }

    #[test]
    fn a_wrong_checksum_is_never_a_report(
        (frame, _) in frame("[0-9A-D]0[0-9][0-9A-D]"), at in 2usize..24, to in 0usize..16, (tells, slack) in tells()
    ) {
        let mut digits = frame.clone().into_bytes();
        digits[at] = b"0123456789ABCD*#"[to];
        let wrong = String::from_utf8(digits).unwrap();
        prop_assume!(Map::ALL.iter().all(|map| !matches(&wrong, *map)));
        let mut rig = Rig::new(call(settings(), slack));
        rig.tells = tells;
        rig.unit = Some(Unit::new(UnitSettings { guards: 0, ..UnitSettings::new(wrong) }, rig.start).into());
        rig.run(ms(90_000));
        prop_assert!(!is_heard(&rig));
        let said = reports(&rig);
        prop_assert_eq!(said.len(), 1, "the call itself");
        prop_assert!(matches!(said[0].outcome, Outcome::Unreadable(_)));
        prop_assert_eq!(rig.ended.len(), 1);
    }

    /// A unit with faults, over a bad line, and a receiver whose store comes and goes.
    #[test]
    fn a_unit_with_faults_is_heard_or_reported(
        (frame, map) in frame("[0-9A-D]0[01][0-9A-D]"),
        stmf: bool,
        delay in 0u64..150,
        is_echo: bool,
        dropped in prop::option::of(0usize..24),
        gap in prop::option::of((0usize..23, 81u64..500)),
        sends in 0u32..4,
        flags: [bool; 2],
        late in 0u64..800,
        hangs_up_after in prop::option::weighted(0.2, 1usize..24),
    ) {
        let stmf = stmf && map == Map::Tt92;
        // Once in a hundred times what a fault makes of a frame matches another sum: no receiver can tell.
        prop_assume!(Map::ALL.iter().all(|map| !matches(&with_wrong_checksum(&frame), *map)));
        let mut rig = Rig::new(call(settings(), ms(0)));
        rig.delay = ms(delay);
        rig.echo = is_echo.then(|| ms(2 * delay));
        let faults = UnitFaults {
            sends: Some(sends),
            wrong_checksum: flags[0],
            dropped,
            long_gap: gap.map(|(at, gap)| (at, ms(gap))),
            late_start: ms(late),
            ignores_first_ack: flags[1],
            hangs_up_after,
            ..UnitFaults::default()
        };
        let unit = if stmf { UnitSettings::stmf(frame) } else { UnitSettings::new(frame) };
        let probe = if map == Map::Tt92 { Probe::Tt92 } else { Probe::TtNew };
        rig.unit = Some(Unit::new(UnitSettings { guards: 0, faults, probe, ..unit }, rig.start).into());
        rig.wanted(ms(50_000), Request { id: RequestId(1), wanted: Operator::ClearDown });
        rig.run(ms(90_000));
        prop_assert_eq!(rig.ended.len(), 1, "{:?}", &rig.log);
        let said = reports(&rig);
        prop_assert_eq!(said.len(), 1, "one alarm, or the call itself: {:?}", &rig.log);
        prop_assert!(said[0].outcome == Outcome::Decoded || !is_heard(&rig), "{:?}", &rig.log);
        // Whoever sends one attempt without a fault and stays is heard, if only the acknowledgement gets through.
        if hangs_up_after.is_none() && sends < 3 {
            prop_assert!(is_heard(&rig), "{:?}", &rig.log);
        }
    }

    /// Anything at all, told in any way, and every kind of request.
    #[test]
    fn any_sounds_end_in_one_record(
        sounds in noise(120),
        (tells, slack) in tells(),
        opens in prop::option::of((frame("[0-9A-D]0[0-3][0-9A-D]"), 0u64..4000)),
        requests in prop::collection::vec((0u64..60_000, 0u8..9), 0..12),
        hangs_up in prop::option::of(0u64..60_000),
        takes in 0u64..2_000,
    ) {
        let probes = vec![Probe::Tt92, Probe::TtNew, Probe::TtOld];
        let mut rig = Rig::new(call(Settings { probes, allow_control: true, ..settings() }, slack));
        rig.tells = tells;
        rig.store = Store { takes: ms(takes), refuses: (ms(0), ms(0)) };
        let begins = match &opens {
            Some(((frame, _), at)) => rig.digits(ms(*at), frame, ms(80), ms(80)) + ms(2000),
            None => ms(0),
        };
        play_noise(&mut rig, begins, &sounds);
        for (id, (at, wanted)) in (0..).zip(&requests) {
            let wanted = match wanted {
                0 => Operator::Speak,
                1 => Operator::Listen,
                2 => Operator::Clear,
                3 => Operator::ClearDown,
                4 => Operator::Next,
                5 => Operator::Select("27".to_owned()),
                6 => Operator::Duplex,
                7 => Operator::Volume(Volume::Up),
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

    /// What a call reports of frames it also says in which protocol it is.
    #[test]
    fn the_protocol_of_the_record_is_that_of_the_frame((frame, map) in frame("[0-9A-D]0[01][0-9A-D]")) {
        let mut rig = Rig::new(call(settings(), ms(0)));
        rig.digits(ms(600), &frame, ms(80), ms(80));
        rig.hangs_up(ms(8000));
        rig.run(ms(9000));
        prop_assert_eq!(rig.ended[0].protocol, map.protocol());
        prop_assert_ne!(rig.ended[0].protocol, Protocol::TtOld);
    }
}
