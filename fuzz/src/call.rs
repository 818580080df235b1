//! Calls under sounds, requests, verdicts and clock jumps in any order.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::bs8521;
use telecare_protocol::call::{Begun, Call, Command, Control, Operator, Request, RequestId, Unit, UnitCommand, Volume};
use telecare_protocol::tones::{Digit, Heard, Length, Note, Sound, Tone};
use telecare_protocol::tunstall::{self, Probe, Signalling};
use telecare_protocol::{Answered, Codes, Protocol, Token, contact_id, detect};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

/// What a protocol's calls hear besides single digits, and what an acknowledgement of theirs is.
struct Spoken {
    frames: &'static [&'static str],
    is_acknowledgement: fn(&[Note]) -> bool,
}

const BS8521: Spoken = Spoken {
    frames: &[
        "A01000001234500000190190076#",
        "A12004412007700270101180048#",
        "A002701011800#",
        "A01000001234500000190190077#",
    ],
    // The confirmation of an answer without an alarm needs no store: only a scheme, or a control, gives one.
    is_acknowledgement: |notes| matches!(notes, [note] if note.sound == Sound::Digit(Digit::B) && note.on.as_millis() < 500),
};

const TUNSTALL: Spoken = Spoken {
    frames: &["D#1016123456******000004", "D#2021771234******000078", "6D27DD7D", "D#1017987654******000035"],
    // D B is an enquiry, too.
    is_acknowledgement: |notes| {
        let sounds: Vec<Sound> = notes.iter().map(|note| note.sound).collect();
        sounds == [Sound::Digit(Digit::B), Sound::Digit(Digit::Zero)]
            || matches!(notes, [note] if note.sound == Sound::Tone(Tone(1400)) && note.on.as_millis() < 1000)
    },
};

const CONTACT_ID: Spoken = Spoken {
    // As keys: a message, one that asks for speech, a wrong checksum, Express, Super Fast, a group.
    frames: &[
        "4321181101000012",
        "6006181606000006",
        "1234181131010157",
        "12341739",
        "123456155555557",
        "1234515555517",
    ],
    is_acknowledgement: |notes| matches!(notes, [note] if note.sound == Sound::Tone(Tone(1400))),
};

/// Some of each protocol.
const ALL: Spoken = Spoken {
    frames: &["A01000001234500000190190076#", "D#1016123456******000004", "4321181101000012", "1234515555517"],
    is_acknowledgement: |notes| [BS8521, TUNSTALL, CONTACT_ID].iter().any(|spoken| (spoken.is_acknowledgement)(notes)),
};

/// A BS 8521 call; the first byte chooses the line's slack and settings. Steps are pairs of bytes: what, how much.
pub fn bs8521_call(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let start = Instant::now();
    let settings = bs8521::Settings {
        guard_wait: Duration::from_millis(if first & 1 == 0 { 0 } else { 4600 }),
        allow_control: first & 2 != 0,
        ..bs8521::Settings::default()
    };
    let begun =
        Begun { caller: None, at: start, slack: Duration::from_millis(u64::from(first >> 2) * 4), learnt: None };
    call(&BS8521, bs8521::Call::new(settings, Arc::clone(&CODES), begun).into(), start, data);
}

/// The same in TT92, TTNEW and TTOLD.
pub fn tunstall_call(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let start = Instant::now();
    let probes = [Probe::Tt92, Probe::TtNew, Probe::TtOld];
    let settings = tunstall::Settings {
        guard_wait: Duration::from_millis(if first & 1 == 0 { 0 } else { 4600 }),
        allow_control: first & 2 != 0,
        accept_unverified: first & 4 != 0,
        probes: probes.into_iter().cycle().skip(usize::from(first >> 3) % 3).take(3).collect(),
        ..tunstall::Settings::default()
    };
    let begun =
        Begun { caller: None, at: start, slack: Duration::from_millis(u64::from(first >> 5) * 30), learnt: None };
    call(&TUNSTALL, tunstall::Call::new(settings, Arc::clone(&CODES), begun).into(), start, data);
}

/// The same with the handshake of Contact ID.
pub fn contact_id_call(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let start = Instant::now();
    let settings = contact_id::Settings {
        takes_fast_format: first & 1 == 0,
        prefers_fast_format: first & 2 != 0,
        accepts_key_d: first & 2 != 0,
        ..contact_id::Settings::default()
    };
    let begun =
        Begun { caller: None, at: start, slack: Duration::from_millis(u64::from(first >> 2) * 4), learnt: None };
    call(&CONTACT_ID, contact_id::Call::new(settings, Arc::clone(&CODES), begun).into(), start, data);
}

/// A call whose protocol is found out; the first byte chooses the line's slack and what was learnt of the caller.
pub fn detect_call(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let start = Instant::now();
    let learnt = Protocol::ALL.get(usize::from(first & 0x0f)).copied();
    let slack = Duration::from_millis(u64::from(first >> 4) * 16);
    let begun = Begun { caller: None, at: start, slack, learnt };
    call(&ALL, detect::Call::new(detect::Settings::default(), Arc::clone(&CODES), begun).into(), start, data);
}

/// A simulated unit under the same: no panic, nothing after it has hung up.
pub fn bs8521_unit(data: &[u8]) {
    let now = Instant::now();
    unit(bs8521::Unit::new(bs8521::UnitSettings::new(BS8521.frames[0].to_owned()), now).into(), now, data);
}

/// The same of a Tunstall unit; the first byte chooses which.
pub fn tunstall_unit(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let now = Instant::now();
    let frame = TUNSTALL.frames[1].to_owned();
    let settings = match first % 4 {
        0 => tunstall::UnitSettings::new(frame),
        1 => tunstall::UnitSettings { probe: Probe::TtNew, ..tunstall::UnitSettings::new(frame) },
        2 => tunstall::UnitSettings { signalling: Signalling::Stmf, ..tunstall::UnitSettings::stmf(frame) },
        _ => tunstall::UnitSettings::old("12341".to_owned()),
    };
    let waiting = vec![TUNSTALL.frames[2].to_owned()];
    let settings = tunstall::UnitSettings { waiting, tells_again: first & 4 != 0, ..settings };
    unit(tunstall::Unit::new(settings, now).into(), now, data);
}

/// The same of a panel; the first byte chooses what is wrong with it.
pub fn contact_id_unit(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let now = Instant::now();
    let place = |bit: u8| (first & bit != 0).then_some(usize::from(first >> 4));
    let faults = contact_id::UnitFaults {
        wrong_checksum: first & 1 != 0,
        dropped: place(2),
        doubled: place(4),
        hangs_up_after: place(8),
        ..contact_id::UnitFaults::default()
    };
    let messages = CONTACT_ID.frames[..2].iter().map(|message| (*message).to_owned()).collect();
    let settings = contact_id::UnitSettings { faults, ..contact_id::UnitSettings::new(messages) };
    unit(contact_id::Unit::new(settings, now).into(), now, data);
}

fn unit(mut unit: Unit, mut now: Instant, data: &[u8]) {
    let (mut is_over, mut playing) = (false, false);
    for pair in data.chunks_exact(2) {
        let amount = u64::from(pair[1]);
        match pair[0] % 4 {
            0 => unit.handle_sound(heard(pair[0] >> 2, amount, now), now),
            1 => {
                playing = false;
                unit.handle_played(now);
            }
            2 => now += Duration::from_millis(amount * 40),
            _ => now += Duration::from_secs(amount),
        }
        unit.handle_timeout(now);
        while let Some(command) = unit.next_command() {
            assert!(!is_over, "{command:?} after it hung up");
            match command {
                UnitCommand::Play(_) => assert!(!std::mem::replace(&mut playing, true), "two things played at once"),
                UnitCommand::HangUp => is_over = true,
                UnitCommand::Happened(_) => {}
            }
        }
    }
}

fn call(spoken: &'static Spoken, call: Call, start: Instant, data: &[u8]) {
    let mut rig = Rig::new(spoken, call, start);
    let mut rest = data;
    while let [step, size, tail @ ..] = rest {
        rest = tail;
        let amount = u64::from(*size);
        match step % 9 {
            0 => rig.call.handle_sound(heard(step / 9, amount, rig.now), rig.now),
            1 => rig.frame(spoken.frames[usize::from(*size) % spoken.frames.len()]),
            2 => rig.call.handle_played(rig.now),
            3 => rig.now += Duration::from_millis(amount * 10),
            4 => rig.now += Duration::from_secs(amount),
            5 => rig.verdict(usize::from(*size), step & 0x80 == 0),
            6 => rig.ask(*size),
            7 => rig.now = rig.now.checked_sub(Duration::from_millis(amount)).unwrap_or(rig.now),
            _ => {
                let bytes = rest.get(..usize::from(*size % 64)).unwrap_or(rest);
                for byte in bytes {
                    rig.digit(
                        Digit::all().nth(usize::from(byte % 16)).expect("sixteen"),
                        20 + u64::from(byte / 16) * 20,
                    );
                }
                rest = rest.get(bytes.len()..).unwrap_or_default();
            }
        }
        rig.settle();
    }
    rig.now += Duration::from_secs(1);
    rig.call.handle_hung_up(rig.now);
    rig.settle();
    assert!(rig.is_ended, "a call without a record");
    assert!(rig.delivered > 0, "a call without anything to look at");
    assert!(rig.asked.is_empty(), "requests nobody answered: {:?}", rig.asked);
}

fn heard(which: u8, amount: u64, now: Instant) -> Heard {
    let sound = match Digit::all().nth(usize::from(which)) {
        Some(digit) => Sound::Digit(digit),
        None => {
            let tones = [1850, 1645, 1000, 1400, 2300, 697, 770, 852, 941, 1209, 1336, 1477, 1633];
            Sound::Tone(Tone(tones[usize::from(which) % tones.len()]))
        }
    };
    let lasts = Duration::from_millis(amount * 12);
    let began = now.checked_sub(lasts).unwrap_or(now);
    match amount % 3 {
        0 => Heard::new(sound, now, Length::StillOn),
        1 => Heard::new(sound, began, Length::Measured(lasts)),
        _ => Heard { doubtful: amount.is_multiple_of(2), ..Heard::new(sound, now, Length::Unknown) },
    }
}

struct Rig {
    spoken: &'static Spoken,
    call: Call,
    now: Instant,
    waiting: Vec<Token>,
    stored: BTreeSet<Token>,
    asked: BTreeSet<u64>,
    next_request: u64,
    delivered: u32,
    positive: BTreeSet<Token>,
    is_ended: bool,
}

impl Rig {
    fn new(spoken: &'static Spoken, call: Call, start: Instant) -> Rig {
        Rig {
            spoken,
            call,
            now: start,
            waiting: Vec::new(),
            stored: BTreeSet::new(),
            asked: BTreeSet::new(),
            next_request: 0,
            delivered: 0,
            positive: BTreeSet::new(),
            is_ended: false,
        }
    }

    fn frame(&mut self, digits: &str) {
        for digit in digits.chars().filter_map(Digit::from_char) {
            self.digit(digit, 80);
        }
    }

    fn digit(&mut self, digit: Digit, ms: u64) {
        let (sound, lasts) = (Sound::Digit(digit), Duration::from_millis(ms));
        let began = self.now;
        self.call.handle_sound(Heard::new(sound, began, Length::StillOn), began);
        self.settle();
        self.now += lasts;
        self.call.handle_sound(Heard::new(sound, began, Length::Measured(lasts)), self.now);
        self.settle();
        self.now += Duration::from_millis(80);
    }

    fn verdict(&mut self, at: usize, is_stored: bool) {
        if self.waiting.is_empty() {
            self.call.handle_stored(Token(u64::MAX), self.now);
            return;
        }
        let token = self.waiting.remove(at % self.waiting.len());
        if is_stored {
            self.stored.insert(token);
            self.call.handle_stored(token, self.now);
        } else {
            self.call.handle_refused(token, self.now);
        }
        self.settle();
        self.call.handle_stored(token, self.now);
    }

    fn ask(&mut self, which: u8) {
        let wanted = match which % 12 {
            0 => Operator::Speak,
            1 => Operator::Listen,
            2 => Operator::Duplex,
            3 => Operator::Simplex,
            4 => Operator::Volume(Volume::Loud),
            5 => Operator::Clear,
            6 => Operator::ClearDown,
            7 => Operator::HangUp,
            8 => Operator::Next,
            9 => Operator::Select("104".to_owned()),
            10 => Operator::Select("none".to_owned()),
            _ => Operator::Control(Control::Code(which)),
        };
        let id = self.next_request;
        self.next_request += 1;
        if !self.is_ended {
            self.asked.insert(id);
        }
        self.call.handle_operator(Request { id: RequestId(id), wanted }, self.now);
    }

    /// Lets what is due happen, then takes the commands.
    fn settle(&mut self) {
        self.drain();
        // A line whose "played" is lost has said it after the grace.
        self.call.handle_timeout(self.now);
        self.drain();
        let due = self.call.poll_timeout().is_some_and(|due| due <= self.now);
        assert!(!due, "a timeout that handle_timeout did not clear");
    }

    fn drain(&mut self) {
        while let Some(command) = self.call.next_command() {
            assert!(!self.is_ended, "{command:?} after the end");
            match command {
                Command::Play(notes) => self.played(&notes),
                Command::Deliver(delivery) => {
                    assert!(delivery.first_byte <= delivery.last_byte);
                    self.delivered += 1;
                    if delivery.owed {
                        self.waiting.push(delivery.token);
                    }
                }
                Command::Left(token, Answered::Positive) => {
                    assert!(self.stored.contains(&token), "an acknowledgement of what is not stored");
                    assert!(self.positive.insert(token), "told twice");
                }
                Command::Operated(id, _) => assert!(self.asked.remove(&id.0), "a request answered twice"),
                Command::Ended(ended) => {
                    self.is_ended = true;
                    let answered = |(token, answered): &(Token, Answered)| {
                        (*answered == Answered::Positive) == self.positive.contains(token)
                    };
                    assert!(ended.deliveries.iter().all(answered));
                }
                Command::Left(..) | Command::Speech(_) | Command::Count(_) | Command::HangUp => {}
            }
        }
    }

    fn played(&self, notes: &[Note]) {
        assert!(!notes.is_empty());
        let is_acknowledgement = (self.spoken.is_acknowledgement)(notes);
        assert!(!is_acknowledgement || !self.stored.is_empty(), "an acknowledgement, and nothing is stored");
    }
}
