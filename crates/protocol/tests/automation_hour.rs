//! An hour of virtual time for every automation output: a simulated hardware receiver against the session over a bad
//! line, with a store that is slow or fails and restarts of either side. Every line is stored, none is acknowledged that
//! is not, and what came twice is known as a repeat wherever its sender's retry time was not over.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

#[path = "rig/timeline.rs"]
mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::automation::{self, Dialect, LineNumber, Sender, SenderCommand, SenderSettings, Timing};
use telecare_protocol::{
    Answered, Codes, Command, Delivery, Message, Outcome, RepeatProof, Session, Token, ademco685, cp220, iti,
    radionics, sia_dc07, surgard,
};

use timeline::{Step, Timeline};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const HOUR: Duration = Duration::from_secs(3600);

/// One make: its session, its simulated receiver, the line of its nth press.
struct Make {
    session: Box<dyn Fn(Instant) -> Session>,
    sender: SenderSettings,
    line: fn(u32) -> Vec<u8>,
    timing: Timing,
    /// 7E1 on a port that reads 8N1: nothing else shows a damaged character where lines have no check.
    parity: bool,
}

impl Make {
    fn new<D>(dialect: D, sender: SenderSettings, line: fn(u32) -> Vec<u8>, parity: bool) -> Make
    where
        D: Dialect + Clone + 'static,
        Session: From<automation::Session<D>>,
    {
        let timing = dialect.timing().clone();
        let begin = move |now| automation::Session::new(dialect.clone(), Arc::clone(&CODES), now).into();
        Make { session: Box::new(begin), sender, line, timing, parity }
    }

    /// The bytes of the nth press as they are on the wire.
    fn press(&self, n: u32) -> Vec<u8> {
        let line = (self.line)(n);
        if self.parity { line.into_iter().map(with_parity).collect() } else { line }
    }
}

/// A line without its header character: one that was damaged is none of the line.
fn core(bytes: &[u8]) -> Vec<u8> {
    let header = bytes.first().is_some_and(|first| first & 0x7F == b' ');
    // Hex digits of a CRC mean the same in either case, and an end with its parity bit is an end.
    bytes.get(usize::from(header)..).unwrap_or_default().iter().map(|byte| (byte & 0x7F).to_ascii_uppercase()).collect()
}

fn with_parity(byte: u8) -> u8 {
    if byte.count_ones().is_multiple_of(2) { byte } else { byte | 0x80 }
}

enum Event {
    ToHost(Vec<u8>),
    ToReceiver(Vec<u8>),
    /// Of the session of this generation.
    Stored(u32, Box<Delivery>),
    Refused(u32, Token),
    Press,
    HostRestarts,
    ReceiverRestarts,
}

/// What is kept: lines that are stored, and when the last byte of each copy came and whether it counts as a press.
#[derive(Default)]
struct Store {
    kept: BTreeSet<Vec<u8>>,
    copies: BTreeMap<Vec<u8>, Vec<Copy>>,
    /// Lines of which a copy was answered. Where an answer names no line, a copy after it is a new press by rule, also
    /// when the answer was lost on the way.
    answered: BTreeSet<Vec<u8>>,
    last: Option<(Vec<u8>, Instant)>,
}

struct Copy {
    last_byte: Instant,
    press: bool,
    after_an_answer: bool,
}

struct World<'a> {
    make: &'a Make,
    time: Timeline<Event>,
    session: Session,
    generation: u32,
    sender: Sender,
    /// Lines the receiver has, by its numbers.
    lines: BTreeMap<LineNumber, Vec<u8>>,
    pressed: BTreeSet<Vec<u8>>,
    acknowledged: BTreeSet<Vec<u8>>,
    /// Deliveries of this generation.
    given: BTreeMap<Token, Vec<u8>>,
    store: Store,
}

impl World<'_> {
    fn new(seed: u32, make: &Make) -> World<'_> {
        let time = Timeline::new(seed);
        let now = time.now;
        World {
            make,
            time,
            session: (make.session)(now),
            generation: 0,
            sender: Sender::new(make.sender.clone(), now),
            lines: BTreeMap::new(),
            pressed: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            given: BTreeMap::new(),
            store: Store::default(),
        }
    }

    fn run(&mut self) {
        let end = self.time.now + HOUR;
        self.time.after(1000, Event::Press);
        self.time.after(200_000, Event::HostRestarts);
        self.time.after(500_000, Event::ReceiverRestarts);
        // Then the line is good, so that what is left arrives.
        while self.time.now < end + Duration::from_secs(180) {
            self.time.calm = self.time.now >= end;
            self.commands();
            let wakes = [self.session.poll_timeout(), self.sender.poll_timeout()];
            match self.time.step(wakes) {
                Some(Step::Happens(event)) => self.event(event),
                Some(Step::Wakes) => {
                    self.session.handle_timeout(self.time.now);
                    self.sender.handle_timeout(self.time.now);
                }
                None => break,
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::ToHost(bytes) => self.session.handle_bytes(&bytes, self.time.now),
            Event::ToReceiver(bytes) => self.sender.handle_bytes(&bytes, self.time.now),
            Event::Stored(generation, delivery) => {
                self.store.kept.insert(core(&delivery.raw));
                if generation == self.generation {
                    self.session.handle_stored(delivery.token, self.time.now);
                }
            }
            Event::Refused(generation, token) => {
                if generation == self.generation {
                    self.session.handle_refused(token, self.time.now);
                }
            }
            Event::Press => {
                let line = self.make.press(u32::try_from(self.pressed.len()).unwrap());
                if let Some(number) = self.sender.send(line.clone(), self.time.now) {
                    self.pressed.insert(core(&line));
                    self.lines.insert(number, line);
                }
                if !self.time.calm {
                    let wait = u64::from(self.time.random.below(20_000));
                    self.time.after(wait, Event::Press);
                }
            }
            Event::HostRestarts => {
                self.generation += 1;
                self.given.clear();
                self.session = (self.make.session)(self.time.now);
                let wait = u64::from(self.time.random.below(600_000));
                self.time.after(wait, Event::HostRestarts);
            }
            Event::ReceiverRestarts => {
                // It keeps its lines.
                self.sender = Sender::new(self.make.sender.clone(), self.time.now);
                for line in std::mem::take(&mut self.lines).into_values() {
                    let number = self.sender.send(line.clone(), self.time.now).unwrap();
                    self.lines.insert(number, line);
                }
                let wait = u64::from(self.time.random.below(900_000));
                self.time.after(wait, Event::ReceiverRestarts);
            }
        }
    }

    fn commands(&mut self) {
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    if !self.time.one_in(25) {
                        self.time.after(u64::try_from(bytes.len()).unwrap(), Event::ToReceiver(bytes));
                    }
                }
                Command::Deliver(delivery) => self.delivered(delivery),
                Command::Left(token, Answered::Positive) => {
                    self.store.answered.extend(self.given.remove(&token));
                }
                Command::Count(_) | Command::Left(..) | Command::Close => {}
            }
        }
        while let Some(command) = self.sender.next_command() {
            match command {
                SenderCommand::Send(bytes) => self.transmit(bytes),
                SenderCommand::Acknowledged { line, .. } => {
                    let line = self.lines.remove(&line).unwrap();
                    assert!(self.store.kept.contains(&core(&line)), "acknowledged, and not stored: {}", show(&line));
                    self.acknowledged.insert(core(&line));
                }
                SenderCommand::LinkFailed | SenderCommand::LinkRestored => {}
            }
        }
    }

    fn delivered(&mut self, delivery: Box<Delivery>) {
        let generation = self.generation;
        if let Message::Report(report) = &delivery.message
            && report.outcome == Outcome::Decoded
            && report.identity.is_some()
        {
            assert!(self.pressed.contains(&core(&delivery.raw)), "nobody sent {}", show(&delivery.raw));
        }
        self.given.insert(delivery.token, delivery.raw.clone());
        let took = u64::from(self.time.random.below(80));
        if self.time.one_in(30) {
            self.time.after(took, Event::Refused(generation, delivery.token));
        } else {
            // Some syncs take longer than the sender waits.
            let took = if self.time.one_in(60) { 5000 } else { took };
            self.store.judge(&delivery, &self.pressed);
            self.time.after(took, Event::Stored(generation, delivery));
        }
    }

    /// 9600 bit/s, one millisecond for each byte; damaged, cut, lost, or parted by noise.
    fn transmit(&mut self, mut bytes: Vec<u8>) {
        let took = u64::try_from(bytes.len()).unwrap();
        if self.time.one_in(20) {
            let at = usize::try_from(self.time.random.below(u32::try_from(bytes.len()).unwrap())).unwrap();
            let bit = self.time.random.below(8);
            // A character without its parity bit is taken as it is; so damage that parity cannot show is left out.
            let shown = if !self.make.parity || bytes[at] > 0x7F { bit } else { 7 };
            bytes[at] ^= 1 << if self.make.parity && bytes[at] > 0x7F { shown % 7 } else { shown };
        }
        if self.time.one_in(40) {
            return;
        }
        if self.time.one_in(40) {
            bytes.truncate(bytes.len() / 2);
        }
        if self.time.one_in(40) {
            let noise: Vec<u8> = (0..self.time.random.below(12)).map(|_| self.time.random.byte()).collect();
            self.time.after(0, Event::ToHost(noise));
        }
        let at = usize::try_from(self.time.random.below(u32::try_from(bytes.len().max(1)).unwrap())).unwrap();
        let tail = bytes.split_off(at);
        self.time.after(u64::try_from(at).unwrap(), Event::ToHost(bytes));
        self.time.after(took, Event::ToHost(tail));
    }
}

impl Store {
    /// As the queue does when it takes something in.
    fn judge(&mut self, delivery: &Delivery, pressed: &BTreeSet<Vec<u8>>) {
        let is_report = matches!(delivery.message, Message::Report(_)) && !delivery.raw.is_empty();
        if !is_report {
            return;
        }
        let repeats = match (&self.last, &delivery.repeat) {
            (Some((raw, at)), RepeatProof::PreviousOnLine(window)) => {
                *raw == delivery.raw && delivery.last_byte.saturating_duration_since(*at) <= *window
            }
            (_, RepeatProof::Key { key, window }) => self
                .copies
                .get(key)
                .and_then(|copies| copies.last())
                .is_some_and(|copy| delivery.last_byte.saturating_duration_since(copy.last_byte) <= *window),
            _ => false,
        };
        let named = matches!(delivery.repeat, RepeatProof::Key { .. });
        let after_an_answer = self.answered.contains(&delivery.raw) && !named;
        if pressed.contains(&core(&delivery.raw)) {
            let copy = Copy { last_byte: delivery.last_byte, press: !repeats, after_an_answer };
            self.copies.entry(core(&delivery.raw)).or_default().push(copy);
        }
        self.last = Some((delivery.raw.clone(), delivery.last_byte));
    }
}

fn show(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(byte & 0x7F)).filter(|c| !c.is_control()).collect()
}

fn hour(name: &str, make: &Make) {
    let (mut calls, mut copies, mut presses) = (0, 0, 0);
    for seed in 1..9 {
        let mut world = World::new(seed, make);
        world.run();
        assert!(world.pressed.len() > 200, "{name} seed {seed}: {} calls", world.pressed.len());
        let left: Vec<String> = world.pressed.difference(&world.acknowledged).map(|line| show(line)).collect();
        assert!(left.is_empty(), "{name} seed {seed}: not acknowledged {left:?}");
        for (raw, stored) in &world.store.copies {
            assert!(stored[0].press, "{name} seed {seed}: the first copy of {} is taken for a repeat", show(raw));
            for pair in stored.windows(2) {
                let late = pair[1].last_byte - pair[0].last_byte > make.timing.retry_window();
                // In doubt it is a press: when the retry time was over, or another line came between.
                presses += u32::from(pair[1].press && !late && !pair[1].after_an_answer);
            }
            copies += stored.len() - 1;
        }
        calls += world.pressed.len();
    }
    println!("{name}: {calls} calls, {copies} copies, {presses} of them presses although they came in the retry time");
    assert!(copies > 50, "{name}: the line was too good: {copies} copies");
    assert!(
        usize::try_from(presses).unwrap() * 10 < copies,
        "{name}: {presses} of {copies} copies not known as repeats"
    );
}

#[test]
fn every_make() {
    let surgard = surgard::sender_settings(&surgard::Header { receiver: "01".into(), line: "1".into() });
    let ademco = ademco685::Header { receiver: "1".into(), line: "1".into() };
    let caps = cp220::Settings { first: None, last: b'|', ..cp220::Settings::default() };
    let spaced = radionics::Settings { header: Some(b' '), trailer: b'\r', ..radionics::Settings::default() };
    let makes = [
        (
            "surgard",
            Make::new(
                surgard::Settings::default(),
                surgard,
                |n| format!("5011 18{n:04}E10101001\x14").into_bytes(),
                true,
            ),
        ),
        (
            "ademco-685",
            Make::new(
                ademco685::Settings::default(),
                ademco685::sender_settings(&ademco),
                |n| format!("\n11 {n:04} 18 E101 01 C001\r").into_bytes(),
                true,
            ),
        ),
        (
            "radionics-6500",
            Make::new(
                radionics::Settings::default(),
                radionics::sender_settings("01", &radionics::Settings::default()),
                |n| format!("a011 {n:04}18110101001\x14").into_bytes(),
                true,
            ),
        ),
        (
            "radionics-6500 with other ends",
            Make::new(
                spaced.clone(),
                radionics::sender_settings("01", &spaced),
                |n| format!(" a011 {n:04}18110101001\r").into_bytes(),
                true,
            ),
        ),
        (
            "cp-220",
            Make::new(
                cp220::Settings::default(),
                cp220::sender_settings(&ademco, &cp220::Settings::default()),
                |n| format!("\n11{n:04}31\r").into_bytes(),
                true,
            ),
        ),
        (
            "cp-220 with other ends",
            Make::new(
                caps.clone(),
                cp220::sender_settings(&ademco, &caps),
                |n| format!("11 {n:04} 18 E101 01 C001|").into_bytes(),
                true,
            ),
        ),
        (
            "iti",
            Make::new(
                iti::Settings::default(),
                iti::sender_settings(&iti::Settings::default()),
                |n| iti::encode(&format!("0A unit {n}")),
                true,
            ),
        ),
        (
            "sia-dc07",
            Make::new(
                sia_dc07::Settings::default(),
                sia_dc07::sender_settings(&sia_dc07::Settings::default()),
                |n| {
                    let sequence = u16::try_from(n % 9999 + 1).unwrap();
                    sia_dc07::encode("SIA-DCS", sequence, "1", "1", &format!("#{n:04}|NMA001"))
                },
                false,
            ),
        ),
    ];
    for (name, make) in &makes {
        hour(name, make);
    }
}
