//! An hour of virtual time: a simulated controller against the session over a bad line, with a store that is slow or
//! fails and restarts of either side. Every call is stored, none is acknowledged that is not, and what came twice is
//! known as a repeat wherever its sender's retry time was not over.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

#[path = "rig/timeline.rs"]
mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::automation::LineNumber;
use telecare_protocol::espa::{
    Block, Controller, ControllerCommand, ControllerSettings, Opening, Role, Session, Settings, encode,
};
use telecare_protocol::{Codes, Command, Delivery, Message, Outcome, RepeatProof, Token};

use timeline::{Step, Timeline};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const HOUR: Duration = Duration::from_secs(3600);

enum Event {
    ToReceiver(Vec<u8>),
    ToController(Vec<u8>),
    /// Of the session of this generation.
    Stored(u32, Box<Delivery>),
    Refused(u32, Token),
    Press,
    ReceiverRestarts,
    ControllerRestarts,
}

/// What is kept: blocks that are stored, and when the last byte of each copy came and whether it counts as a press.
#[derive(Default)]
struct Store {
    kept: BTreeSet<Vec<u8>>,
    copies: BTreeMap<Vec<u8>, Vec<(Instant, bool)>>,
    last: Option<(Vec<u8>, Instant)>,
}

struct World {
    time: Timeline<Event>,
    session: Session,
    generation: u32,
    settings: Settings,
    controller: Controller,
    controller_settings: ControllerSettings,
    /// Calls the controller has, by its numbers.
    lines: BTreeMap<LineNumber, Vec<u8>>,
    pressed: BTreeSet<Vec<u8>>,
    acknowledged: BTreeSet<Vec<u8>>,
    store: Store,
}

impl World {
    fn new(seed: u32, settings: Settings, controller_settings: ControllerSettings) -> World {
        let time = Timeline::new(seed);
        let now = time.now;
        World {
            time,
            session: Session::new(settings.clone(), Arc::clone(&CODES), now),
            generation: 0,
            settings,
            controller: Controller::new(controller_settings.clone(), now),
            controller_settings,
            lines: BTreeMap::new(),
            pressed: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            store: Store::default(),
        }
    }

    fn run(&mut self) {
        let end = self.time.now + HOUR;
        self.time.after(1000, Event::Press);
        self.time.after(200_000, Event::ReceiverRestarts);
        self.time.after(500_000, Event::ControllerRestarts);
        // Then the line is good, so that what is left arrives.
        while self.time.now < end + Duration::from_secs(120) {
            self.time.calm = self.time.now >= end;
            self.commands();
            let wakes = [self.session.poll_timeout(), self.controller.poll_timeout()];
            match self.time.step(wakes) {
                Some(Step::Happens(event)) => self.event(event),
                Some(Step::Wakes) => {
                    self.session.handle_timeout(self.time.now);
                    self.controller.handle_timeout(self.time.now);
                }
                None => break,
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::ToReceiver(bytes) => self.session.handle_bytes(&bytes, self.time.now),
            Event::ToController(bytes) => self.controller.handle_bytes(&bytes, self.time.now),
            Event::Stored(generation, delivery) => {
                self.store.kept.insert(delivery.raw);
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
                let text = format!("FLAT {} {}", self.time.random.below(300), self.pressed.len());
                let block = encode(&Block::new('1', &[("1", "12"), ("2", &text), ("4", "3"), ("6", "1")]));
                if let Some(line) = self.controller.send(block.clone(), self.time.now) {
                    self.pressed.insert(block.clone());
                    self.lines.insert(line, block);
                }
                if !self.time.calm {
                    let wait = u64::from(self.time.random.below(20_000));
                    self.time.after(wait, Event::Press);
                }
            }
            Event::ReceiverRestarts => {
                self.generation += 1;
                self.session = Session::new(self.settings.clone(), Arc::clone(&CODES), self.time.now);
                let wait = u64::from(self.time.random.below(600_000));
                self.time.after(wait, Event::ReceiverRestarts);
            }
            Event::ControllerRestarts => {
                // It keeps its calls.
                self.controller = Controller::new(self.controller_settings.clone(), self.time.now);
                for block in std::mem::take(&mut self.lines).into_values() {
                    let line = self.controller.send(block.clone(), self.time.now).unwrap();
                    self.lines.insert(line, block);
                }
                let wait = u64::from(self.time.random.below(900_000));
                self.time.after(wait, Event::ControllerRestarts);
            }
        }
    }

    fn commands(&mut self) {
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    let wait = u64::try_from(bytes.len()).unwrap();
                    if !self.time.one_in(25) {
                        self.time.after(wait, Event::ToController(bytes));
                    }
                }
                Command::Deliver(delivery) => self.delivered(delivery),
                Command::Count(_) | Command::Left(..) | Command::Close => {}
            }
        }
        while let Some(command) = self.controller.next_command() {
            match command {
                ControllerCommand::Send(bytes) => self.transmit(bytes),
                ControllerCommand::Acknowledged { line, .. } => {
                    let block = self.lines.remove(&line).unwrap();
                    assert!(self.store.kept.contains(&block), "acknowledged, and not stored: {block:?}");
                    self.acknowledged.insert(block);
                }
                ControllerCommand::Refused(line) => {
                    panic!("refused for good: {:?}", self.lines.get(&line));
                }
                ControllerCommand::LinkFailed | ControllerCommand::LinkRestored | ControllerCommand::Heard(_) => {}
            }
        }
    }

    fn delivered(&mut self, delivery: Box<Delivery>) {
        let generation = self.generation;
        if let Message::Report(report) = &delivery.message
            && report.outcome == Outcome::Decoded
            && !delivery.raw.is_empty()
        {
            assert!(self.pressed.contains(&delivery.raw), "nobody sent {:?}", delivery.raw);
        }
        let took = u64::from(self.time.random.below(80));
        if self.time.one_in(30) {
            self.time.after(took, Event::Refused(generation, delivery.token));
        } else {
            // Some syncs take longer than the sender waits.
            let took = if self.time.one_in(60) { 3000 } else { took };
            self.store.judge(&delivery);
            self.time.after(took, Event::Stored(generation, delivery));
        }
    }

    /// 9600 bit/s, one millisecond for each byte; damaged, cut, lost, or parted by noise.
    fn transmit(&mut self, mut bytes: Vec<u8>) {
        let took = u64::try_from(bytes.len()).unwrap();
        if self.time.one_in(20) {
            let at = usize::try_from(self.time.random.below(u32::try_from(bytes.len()).unwrap())).unwrap();
            bytes[at] ^= 1 << self.time.random.below(8);
        }
        if self.time.one_in(40) {
            return;
        }
        if self.time.one_in(40) {
            bytes.truncate(bytes.len() / 2);
        }
        if self.time.one_in(40) {
            let noise: Vec<u8> = (0..self.time.random.below(12)).map(|_| self.time.random.byte()).collect();
            self.time.after(0, Event::ToReceiver(noise));
        }
        let at = usize::try_from(self.time.random.below(u32::try_from(bytes.len().max(1)).unwrap())).unwrap();
        let tail = bytes.split_off(at);
        self.time.after(u64::try_from(at).unwrap(), Event::ToReceiver(bytes));
        self.time.after(took, Event::ToReceiver(tail));
    }
}

impl Store {
    /// As the queue does when it takes something in.
    fn judge(&mut self, delivery: &Delivery) {
        let Message::Report(report) = &delivery.message else { return };
        if delivery.raw.is_empty() || report.outcome != Outcome::Decoded {
            return;
        }
        let repeats = match (&self.last, &delivery.repeat) {
            (Some((raw, at)), RepeatProof::PreviousOnLine(window)) => {
                *raw == delivery.raw && delivery.last_byte.saturating_duration_since(*at) <= *window
            }
            _ => false,
        };
        self.copies.entry(delivery.raw.clone()).or_default().push((delivery.last_byte, !repeats));
        self.last = Some((delivery.raw.clone(), delivery.last_byte));
    }
}

fn hour(settings: &Settings, controller: &ControllerSettings) {
    let (mut calls, mut copies, mut presses) = (0, 0, 0);
    for seed in 1..9 {
        let mut world = World::new(seed, settings.clone(), controller.clone());
        world.run();
        assert!(world.pressed.len() > 200, "seed {seed}: {} calls", world.pressed.len());
        let left: Vec<_> = world.pressed.difference(&world.acknowledged).collect();
        assert!(left.is_empty(), "seed {seed}: not acknowledged {left:?}");
        for (raw, stored) in &world.store.copies {
            assert!(stored[0].1, "seed {seed}: the first copy of {raw:?} is taken for a repeat");
            for pair in stored.windows(2) {
                let late = pair[1].0 - pair[0].0 > Duration::from_secs(15);
                // In doubt it is a press: when the retry time was over, or another call came between.
                presses += u32::from(pair[1].1 && !late);
            }
            copies += stored.len() - 1;
        }
        calls += world.pressed.len();
    }
    println!("{calls} calls, {copies} copies, {presses} of them presses although they came in the retry time");
    assert!(copies > 50, "the line was too good: {copies} copies");
    assert!(usize::try_from(presses).unwrap() * 20 < copies, "{presses} of {copies} copies not known as repeats");
}

#[test]
fn a_controller_that_selects_this_station() {
    for opening in [Opening::SelfPoll, Opening::Select] {
        let check_every = Duration::from_secs(5);
        hour(&Settings::default(), &ControllerSettings { opening, check_every, ..ControllerSettings::default() });
    }
}

#[test]
fn a_station_that_this_receiver_polls() {
    let settings = Settings { role: Role::Control { stations: vec![b'3'] }, address: b'1', ..Settings::default() };
    let controller =
        ControllerSettings { opening: Opening::Polled, address: b'3', receiver: b'1', ..ControllerSettings::default() };
    hour(&settings, &controller);
}
