//! An hour of virtual time: a simulated panel against the session over a bad network, with a store that is slow or fails
//! and restarts of either side. Every event is stored, none is acknowledged that is not, and each copy is known as a
//! repeat by its number, on whichever connection it comes.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

#[path = "rig/timeline.rs"]
mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::automation::{LineNumber, SenderCommand};
use telecare_protocol::osborne_hoffman::{Key, Panel, PanelSettings, Session, Settings};
use telecare_protocol::{Codes, Command, Delivery, Message, Outcome, RepeatProof, Token};

use timeline::{Random, Step, Timeline};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const HOUR: Duration = Duration::from_secs(3600);

enum Event {
    /// On the connection of this generation.
    ToReceiver(u32, Vec<u8>),
    ToPanel(u32, Vec<u8>),
    Stored(u32, Box<Delivery>),
    Refused(u32, Token),
    Press,
    /// The connection breaks; the panel makes another.
    Breaks,
    /// The same, once.
    Cut,
}

struct World {
    time: Timeline<Event>,
    session: Session,
    generation: u32,
    panel: Panel,
    lines: BTreeMap<LineNumber, Vec<u8>>,
    pressed: BTreeSet<Vec<u8>>,
    acknowledged: BTreeSet<Vec<u8>>,
    kept: BTreeSet<Vec<u8>>,
    /// By key: the text, and when its last copy came.
    keys: BTreeMap<Vec<u8>, (Vec<u8>, Instant)>,
    copies: u32,
    late: u32,
    heartbeats: u32,
}

fn session(random: &mut Random, now: Instant) -> Session {
    let key = loop {
        if let Some(key) = Key::from_random(std::array::from_fn(|_| random.byte())) {
            break key;
        }
    };
    Session::new(Settings::default(), &key, Arc::clone(&CODES), now)
}

impl World {
    fn new(seed: u32, settings: PanelSettings) -> World {
        let mut time = Timeline::new(seed);
        let now = time.now;
        World {
            session: session(&mut time.random, now),
            time,
            generation: 0,
            panel: Panel::new(settings, now),
            lines: BTreeMap::new(),
            pressed: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            kept: BTreeSet::new(),
            keys: BTreeMap::new(),
            copies: 0,
            late: 0,
            heartbeats: 0,
        }
    }

    fn run(&mut self) {
        let end = self.time.now + HOUR;
        self.time.after(1000, Event::Press);
        self.time.after(30_000, Event::Breaks);
        // Then the network is good, so that what is left arrives.
        while self.time.now < end + Duration::from_secs(300) {
            self.time.calm = self.time.now >= end;
            self.commands();
            let wakes = [self.session.poll_timeout(), self.panel.poll_timeout()];
            match self.time.step(wakes) {
                Some(Step::Happens(event)) => self.event(event),
                Some(Step::Wakes) => {
                    self.session.handle_timeout(self.time.now);
                    self.panel.handle_timeout(self.time.now);
                }
                None => break,
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::ToReceiver(generation, bytes) if generation == self.generation => {
                self.session.handle_bytes(&bytes, self.time.now);
            }
            Event::ToPanel(generation, bytes) if generation == self.generation => {
                self.panel.handle_bytes(&bytes, self.time.now);
            }
            Event::ToReceiver(..) | Event::ToPanel(..) => {}
            Event::Stored(generation, delivery) => {
                self.kept.insert(delivery.raw);
                if generation == self.generation {
                    self.session.handle_stored(delivery.token, self.time.now);
                }
            }
            Event::Refused(generation, token) => {
                if generation == self.generation {
                    self.session.handle_refused(token, self.time.now);
                }
            }
            Event::Press => self.press(),
            Event::Cut => self.breaks(),
            Event::Breaks => {
                self.breaks();
                let wait = u64::from(self.time.random.below(120_000));
                self.time.after(wait, Event::Breaks);
            }
        }
    }

    fn press(&mut self) {
        // The numbers go on; the zones come again.
        let (number, zone) = (self.pressed.len() + 1, self.time.random.below(3));
        let text = format!("\n01010034\"SIA-DCS\"{number:04X}R0001L0001[#009999|Nri01/PA10{zone}]\r\0").into_bytes();
        if let Some(line) = self.panel.send(text.clone(), self.time.now) {
            self.pressed.insert(text.clone());
            self.lines.insert(line, text);
        }
        if !self.time.calm {
            let wait = u64::from(self.time.random.below(25_000));
            self.time.after(wait, Event::Press);
        }
    }

    fn breaks(&mut self) {
        self.generation += 1;
        self.session = session(&mut self.time.random, self.time.now);
        self.panel.connected();
    }

    fn commands(&mut self) {
        let generation = self.generation;
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    // TCP loses nothing but the whole connection, with what is under way.
                    if self.time.one_in(40) {
                        self.time.after(0, Event::Cut);
                    }
                    let wait = u64::from(self.time.random.below(180)) + 1;
                    let (head, tail) = bytes.split_at(bytes.len() / 2);
                    self.time.after(wait, Event::ToPanel(generation, head.to_vec()));
                    self.time.after(wait, Event::ToPanel(generation, tail.to_vec()));
                }
                Command::Deliver(delivery) => self.delivered(delivery),
                Command::Close => {
                    self.breaks();
                    return self.commands();
                }
                Command::Count(_) | Command::Left(..) => {}
            }
        }
        while let Some(command) = self.panel.next_command() {
            match command {
                SenderCommand::Send(bytes) => self.transmit(bytes),
                SenderCommand::Acknowledged { line, .. } => {
                    let text = self.lines.remove(&line).unwrap();
                    let is_kept = self.kept.iter().any(|kept| text.starts_with(kept));
                    assert!(is_kept, "acknowledged, and not stored: {}", String::from_utf8_lossy(&text));
                    self.acknowledged.insert(text);
                }
                SenderCommand::LinkFailed | SenderCommand::LinkRestored => {}
            }
        }
    }

    fn delivered(&mut self, delivery: Box<Delivery>) {
        let generation = self.generation;
        match &delivery.message {
            Message::SignOfLife(sender) => {
                assert_eq!(sender.as_ref().map(|sender| sender.identity.as_str()), Some("009999"));
                self.heartbeats += 1;
            }
            Message::Report(report) if report.outcome == Outcome::Decoded && !delivery.raw.is_empty() => {
                let sent = self.pressed.iter().any(|text| text.starts_with(&delivery.raw));
                assert!(sent, "nobody sent {:?}", String::from_utf8_lossy(&delivery.raw));
            }
            Message::Report(_) => {}
        }
        let took = u64::from(self.time.random.below(80));
        if self.time.one_in(30) {
            self.time.after(took, Event::Refused(generation, delivery.token));
        } else {
            // Some syncs take longer than the panel waits.
            let took = if self.time.one_in(40) { 7000 } else { took };
            self.judge(&delivery);
            self.time.after(took, Event::Stored(generation, delivery));
        }
    }

    /// As the queue does when it takes something in.
    fn judge(&mut self, delivery: &Delivery) {
        let Message::Report(report) = &delivery.message else { return };
        if report.outcome != Outcome::Decoded || delivery.raw.is_empty() {
            return;
        }
        let RepeatProof::Key { key, window } = &delivery.repeat else { panic!("an event without a key") };
        if let Some((text, at)) = self.keys.get(key) {
            assert_eq!(*text, delivery.raw, "taken for a repeat of another");
            self.copies += 1;
            self.late += u32::from(delivery.last_byte.saturating_duration_since(*at) > *window);
        } else {
            let known = self.keys.values().any(|(text, _)| *text == delivery.raw);
            assert!(!known, "a copy that is not known by its key");
        }
        self.keys.insert(key.clone(), (delivery.raw.clone(), delivery.last_byte));
    }

    /// In two reads; sometimes the connection breaks in the middle, or somebody else's bytes come before it.
    fn transmit(&mut self, mut bytes: Vec<u8>) {
        let generation = self.generation;
        let tail =
            bytes.split_off(usize::try_from(self.time.random.below(u32::try_from(bytes.len()).unwrap())).unwrap());
        if self.time.one_in(50) {
            let noise: Vec<u8> = (0..self.time.random.below(40)).map(|_| self.time.random.byte()).collect();
            self.time.after(0, Event::ToReceiver(generation, noise));
        }
        let took = u64::from(self.time.random.below(200));
        self.time.after(took / 2, Event::ToReceiver(generation, bytes));
        if self.time.one_in(20) {
            return self.breaks();
        }
        self.time.after(took, Event::ToReceiver(generation, tail));
    }
}

fn hour(settings: &PanelSettings) {
    let (mut events, mut copies, mut late, mut heartbeats) = (0, 0, 0, 0);
    for seed in 1..9 {
        let mut world = World::new(seed, settings.clone());
        world.run();
        assert!(world.pressed.len() > 150, "seed {seed}: {} events", world.pressed.len());
        let left: Vec<_> = world.pressed.difference(&world.acknowledged).collect();
        assert!(left.is_empty(), "seed {seed}: not acknowledged {left:?}");
        events += world.pressed.len();
        (copies, late, heartbeats) = (copies + world.copies, late + world.late, heartbeats + world.heartbeats);
    }
    println!("{events} events, {copies} copies, {late} of them after their window, {heartbeats} heartbeats");
    assert!(copies > 50, "the network was too good: {copies} copies");
    assert!(heartbeats > 50, "{heartbeats} heartbeats");
}

fn panel(is_plain: bool) -> PanelSettings {
    PanelSettings { is_plain, heartbeat: Duration::from_secs(5), ..PanelSettings::default() }
}

#[test]
fn a_panel_that_is_given_a_key() {
    hour(&panel(false));
}

#[test]
fn a_panel_that_speaks_in_plain_text() {
    hour(&panel(true));
}
