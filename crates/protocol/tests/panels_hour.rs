//! An hour of virtual time: simulated panels against their sessions over bad links, with a store that is slow or fails
//! and restarts of either side. Every event is stored, none is acknowledged that is not, no press is taken for a copy,
//! and what came twice is known as a repeat wherever that is proven. Units press the same button again and again, so
//! that a press and a copy are the same bytes.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

#[path = "rig/timeline.rs"]
mod timeline;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::automation::LineNumber;
use telecare_protocol::dc03::{self, Block};
use telecare_protocol::texecom::{self, Message as Wrapped};
use telecare_protocol::{Codes, Command, Delivery, Message, Outcome, RepeatProof, Session, Token};

use timeline::{Step, Timeline};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

const HOUR: Duration = Duration::from_secs(3600);
/// Units that press; few, so that the same bytes come again soon.
const UNITS: u32 = 6;

enum Panel {
    Serial(dc03::Panel),
    Tcp(texecom::Panel),
}

enum Event {
    ToReceiver(u32, Vec<u8>),
    ToPanel(u32, Vec<u8>),
    /// Of the session of this generation.
    Stored(u32, Box<Delivery>),
    Refused(u32, Token),
    Press,
    /// The receiver, or the connection where there is one.
    SessionEnds,
    PanelRestarts,
}

/// What is kept: how often each was stored, how often as a press of its own.
#[derive(Default)]
struct Store {
    copies: BTreeMap<Vec<u8>, (u32, u32)>,
    last: Option<(Vec<u8>, Instant)>,
}

struct World {
    time: Timeline<Event>,
    session: Session,
    generation: u32,
    panel: Panel,
    /// Reports the panel has, by its numbers.
    lines: BTreeMap<LineNumber, Vec<u8>>,
    /// How often each was said, and acknowledged.
    said: BTreeMap<Vec<u8>, u32>,
    acknowledged: BTreeMap<Vec<u8>, u32>,
    store: Store,
}

fn is_serial(panel: &Panel) -> bool {
    matches!(panel, Panel::Serial(_))
}

fn begin(panel: &Panel, now: Instant) -> Session {
    match panel {
        Panel::Serial(_) => dc03::Session::new(dc03::Settings::default(), Arc::clone(&CODES), now).into(),
        Panel::Tcp(_) => texecom::Session::new(texecom::Settings::default(), Arc::clone(&CODES)).into(),
    }
}

fn fresh(serial: bool, now: Instant) -> Panel {
    if serial {
        return Panel::Serial(dc03::Panel::new(dc03::PanelSettings::default()));
    }
    Panel::Tcp(texecom::Panel::new(texecom::PanelSettings::default(), now))
}

/// A report as it is sent, and what of it is to be stored.
fn report(serial: bool, unit: u32, with_text: bool) -> (Vec<u8>, Vec<Vec<u8>>) {
    let block = |function: char, data: &str| Block { reverse_channel: !serial, ..Block::new(function, data) };
    let account = block('#', &format!("{:04}", 1000 + unit));
    let (event, text) = (block('N', &format!("ri1/QA{unit:03}")), block('A', "BEDROOM PULLCORD"));
    let mut blocks = vec![account.clone(), event.clone()];
    blocks.extend(with_text.then(|| text.clone()));
    blocks.push(Block::new('0', ""));
    if serial {
        let raw = |block: &Block| [dc03::encode(&account), dc03::encode(block)].concat();
        let stored = [raw(&event)].into_iter().chain(with_text.then(|| raw(&text))).collect();
        return (blocks.iter().flat_map(dc03::encode).collect(), stored);
    }
    let bytes = texecom::encode(&Wrapped::Sia(blocks)).unwrap();
    (bytes.clone(), vec![bytes])
}

impl World {
    fn new(seed: u32, serial: bool) -> World {
        let time = Timeline::new(seed);
        let now = time.now;
        let panel = fresh(serial, now);
        World {
            time,
            session: begin(&panel, now),
            generation: 0,
            panel,
            lines: BTreeMap::new(),
            said: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            store: Store::default(),
        }
    }

    fn run(&mut self) {
        let end = self.time.now + HOUR;
        self.time.after(1000, Event::Press);
        self.time.after(100_000, Event::SessionEnds);
        self.time.after(500_000, Event::PanelRestarts);
        // Then the link is good, so that what is left arrives.
        while self.time.now < end + Duration::from_secs(200) {
            self.time.calm = self.time.now >= end;
            self.commands();
            let panel = match &self.panel {
                Panel::Serial(panel) => panel.poll_timeout(),
                Panel::Tcp(panel) => panel.poll_timeout(),
            };
            let wakes = [self.session.poll_timeout(), panel];
            match self.time.step(wakes) {
                Some(Step::Happens(event)) => self.event(event),
                Some(Step::Wakes) => {
                    self.session.handle_timeout(self.time.now);
                    match &mut self.panel {
                        Panel::Serial(panel) => panel.handle_timeout(self.time.now),
                        Panel::Tcp(panel) => panel.handle_timeout(self.time.now),
                    }
                }
                None => break,
            }
        }
    }

    fn event(&mut self, event: Event) {
        // A connection takes with it what is on its way.
        let is_lost = |of: u32| !is_serial(&self.panel) && of != self.generation;
        match event {
            Event::ToReceiver(of, bytes) => {
                if !is_lost(of) {
                    self.session.handle_bytes(&bytes, self.time.now);
                }
            }
            Event::ToPanel(of, bytes) => {
                if is_lost(of) {
                    return;
                }
                match &mut self.panel {
                    Panel::Serial(panel) => panel.handle_bytes(&bytes, self.time.now),
                    Panel::Tcp(panel) => panel.handle_bytes(&bytes, self.time.now),
                }
            }
            Event::Stored(generation, delivery) => {
                self.store.stored(&delivery);
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
                let (unit, with_text) = (self.time.random.below(UNITS), self.time.random.below(2) == 0);
                let (bytes, stored) = report(is_serial(&self.panel), unit, with_text);
                if self.send(bytes) {
                    stored.into_iter().for_each(|raw| *self.said.entry(raw).or_default() += 1);
                }
                if !self.time.calm {
                    let wait = u64::from(self.time.random.below(20_000));
                    self.time.after(wait, Event::Press);
                }
            }
            Event::SessionEnds => {
                self.generation += 1;
                self.session = begin(&self.panel, self.time.now);
                let wait = u64::from(self.time.random.below(200_000));
                self.time.after(wait, Event::SessionEnds);
            }
            Event::PanelRestarts => {
                // It keeps its reports.
                self.panel = fresh(is_serial(&self.panel), self.time.now);
                for bytes in std::mem::take(&mut self.lines).into_values() {
                    assert!(self.send(bytes));
                }
                let wait = u64::from(self.time.random.below(900_000));
                self.time.after(wait, Event::PanelRestarts);
            }
        }
    }

    fn send(&mut self, bytes: Vec<u8>) -> bool {
        let line = match &mut self.panel {
            Panel::Serial(panel) => panel.send(&bytes, self.time.now),
            Panel::Tcp(panel) => panel.send(bytes.clone(), self.time.now),
        };
        line.map(|line| self.lines.insert(line, bytes)).is_some()
    }

    fn commands(&mut self) {
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    let wait = u64::try_from(bytes.len()).unwrap();
                    if !is_serial(&self.panel) || !self.time.one_in(25) {
                        self.time.after(wait, Event::ToPanel(self.generation, bytes));
                    }
                }
                Command::Deliver(delivery) => self.delivered(delivery),
                Command::Count(_) | Command::Left(..) | Command::Close => {}
            }
        }
        loop {
            let (send, acknowledged, done) = match &mut self.panel {
                Panel::Serial(panel) => match panel.next_command() {
                    Some(dc03::PanelCommand::Send(bytes)) => (Some(bytes), None, None),
                    Some(dc03::PanelCommand::BlockAcknowledged { line, block }) => (None, Some((line, block)), None),
                    Some(dc03::PanelCommand::Acknowledged { line, .. }) => (None, None, Some(line)),
                    Some(dc03::PanelCommand::LinkFailed | dc03::PanelCommand::LinkRestored) => continue,
                    None => return,
                },
                Panel::Tcp(panel) => match panel.next_command() {
                    Some(texecom::PanelCommand::Send(bytes)) => (Some(bytes), None, None),
                    Some(texecom::PanelCommand::Acknowledged { line, .. }) => {
                        (None, Some((line, self.lines[&line].clone())), Some(line))
                    }
                    Some(texecom::PanelCommand::LinkFailed | texecom::PanelCommand::LinkRestored) => continue,
                    None => return,
                },
            };
            send.into_iter().for_each(|bytes| self.transmit(bytes));
            acknowledged.iter().for_each(|(line, block)| self.acknowledged(*line, block));
            done.iter().for_each(|line| drop(self.lines.remove(line)));
        }
    }

    fn acknowledged(&mut self, line: LineNumber, block: &[u8]) {
        let raw = match (&self.panel, block.get(1)) {
            (Panel::Serial(_), Some(b'#' | b'0')) => return,
            (Panel::Serial(_), _) => [dc03::split(&self.lines[&line]).unwrap().0, block].concat(),
            (Panel::Tcp(_), _) => block.to_vec(),
        };
        let acknowledged = self.acknowledged.entry(raw.clone()).or_default();
        *acknowledged += 1;
        let stored = self.store.copies.get(&raw).map_or(0, |(copies, _)| *copies);
        assert!(stored >= *acknowledged, "acknowledged {acknowledged} times, stored {stored} times: {raw:X?}");
    }

    fn delivered(&mut self, delivery: Box<Delivery>) {
        let generation = self.generation;
        if let Message::Report(report) = &delivery.message
            && report.outcome == Outcome::Decoded
            && report.warnings.is_empty()
            && !delivery.raw.is_empty()
        {
            assert!(self.said.contains_key(&delivery.raw), "nobody said {:X?}", delivery.raw);
        }
        let took = u64::from(self.time.random.below(80));
        if self.time.one_in(30) {
            self.time.after(took, Event::Refused(generation, delivery.token));
        } else {
            // Some syncs take longer than the sender waits.
            let took = if self.time.one_in(60) { 6000 } else { took };
            self.store.judge(&delivery);
            self.time.after(took, Event::Stored(generation, delivery));
        }
    }

    /// 9600 bit/s, one millisecond for each byte; on a serial line damaged, cut, lost, or parted by noise.
    fn transmit(&mut self, mut bytes: Vec<u8>) {
        let (took, serial) = (u64::try_from(bytes.len()).unwrap(), is_serial(&self.panel));
        if self.time.one_in(if serial { 20 } else { 200 }) {
            let at = usize::try_from(self.time.random.below(u32::try_from(bytes.len()).unwrap())).unwrap();
            bytes[at] ^= 1 << self.time.random.below(8);
        }
        if self.time.one_in(40) {
            return;
        }
        if self.time.one_in(40) {
            bytes.truncate(bytes.len() / 2);
        }
        if serial && self.time.one_in(40) {
            let noise: Vec<u8> = (0..self.time.random.below(12)).map(|_| self.time.random.byte()).collect();
            self.time.after(0, Event::ToReceiver(self.generation, noise));
        }
        let at = usize::try_from(self.time.random.below(u32::try_from(bytes.len().max(1)).unwrap())).unwrap();
        let tail = bytes.split_off(at);
        self.time.after(u64::try_from(at).unwrap(), Event::ToReceiver(self.generation, bytes));
        self.time.after(took, Event::ToReceiver(self.generation, tail));
        if !serial && self.time.one_in(30) {
            let when = u64::from(self.time.random.below(200));
            self.time.after(when, Event::SessionEnds);
        }
    }
}

impl Store {
    /// As the queue does when it takes something in.
    fn judge(&mut self, delivery: &Delivery) {
        let Message::Report(_) = &delivery.message else { return };
        if delivery.raw.is_empty() {
            return;
        }
        let repeats = match (&self.last, &delivery.repeat) {
            (Some((raw, at)), RepeatProof::PreviousOnLine(window)) => {
                *raw == delivery.raw && delivery.last_byte.saturating_duration_since(*at) <= *window
            }
            _ => false,
        };
        self.copies.entry(delivery.raw.clone()).or_default().1 += u32::from(!repeats);
        self.last = Some((delivery.raw.clone(), delivery.last_byte));
    }

    fn stored(&mut self, delivery: &Delivery) {
        self.copies.entry(delivery.raw.clone()).or_default().0 += 1;
    }
}

/// Presses, further copies, and those of them that count as presses.
fn hours(serial: bool) -> (u32, u32, u32) {
    let (mut said, mut copies, mut presses) = (0, 0, 0);
    for seed in 1..=40 {
        let mut world = World::new(seed, serial);
        world.run();
        assert!(world.lines.is_empty(), "seed {seed}: {} reports are left", world.lines.len());
        for (raw, times) in &world.said {
            // More often where a panel that restarted said it again.
            assert!(world.acknowledged.get(raw) >= Some(times), "seed {seed}: {raw:X?}");
            let (stored, told) = world.store.copies[raw];
            assert!(told >= *times, "seed {seed}: {times} presses, {told} told as such: {raw:X?}");
            said += times;
            copies += stored - times;
            presses += told - times;
        }
    }
    println!("{said} said, {copies} copies, {presses} of them told as presses");
    (said, copies, presses)
}

#[test]
fn a_panel_on_a_serial_line() {
    let (said, copies, presses) = hours(true);
    assert!(said > 10_000 && copies > 500, "the line was too good");
    // In doubt it is a press: a group that had to begin anew, a copy that damage came before.
    assert!(presses * 4 < copies, "{presses} of {copies} copies not known as repeats");
}

#[test]
fn a_panel_that_connects() {
    let (said, copies, presses) = hours(false);
    assert!(said > 10_000 && copies > 300, "the link was too good");
    // A copy in a new connection counts as a press.
    assert!(presses < copies, "{presses} of {copies} copies not known as repeats");
}
