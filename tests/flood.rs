//! A flood on the HTTP API, which must not cost a line one message: idle connections, heads sent byte by byte, huge
//! bodies, answers nobody reads, polls nobody waits for.

use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use telecare_tests::ledger::Ledger;
use telecare_tests::metrics::Reading;
use telecare_tests::receiver::{Setup, token};
use telecare_tests::site::{SERIAL, Site, TCP};
use telecare_tests::surgard::{HardwareReceiver, Told, contact_id};
use telecare_tests::wait;

/// Connections of each kind; 2,000 together.
const IDLE: usize = 800;
const KINDS: [(&str, usize); 4] = [("slow heads", 500), ("unread answers", 300), ("huge bodies", 200), ("polls", 200)];
/// Connections at once that make a flood.
const FLOOD: f64 = 1_500.0;
const CONNECTIONS: &str = "telecare_api_connections";
/// Messages on each line, before the flood and in it, at least and at most.
const MESSAGES: usize = 60;
const MESSAGES_MAX: usize = 4_000;
/// Rounds of each kind that the messages must last.
const ROUNDS: usize = 3;
/// Between two rounds over the connections of a kind.
const ROUND_EVERY: Duration = Duration::from_millis(20);
/// What a huge body promises, and how much of it is sent a round, bytes.
const BODY_BYTES: usize = 1 << 30;
const PIECE_BYTES: usize = 64 * 1024;
/// Files this process needs at least.
const FILES: u64 = 4_096;

#[test]
fn a_flood_on_the_api_costs_the_lines_nothing() -> Result<()> {
    allow_files()?;
    let mut site = Site::start(Setup { ack_wait: Duration::from_secs(4), ..Setup::default() })?;
    let console = site.receiver.console(0);
    let mut ledger = Ledger::default();
    let quiet = send(&mut site, &mut ledger, 0, || false)?;

    let flood = Flood::start(site.receiver.api_port())?;
    // Some are cut and come again at any time; that many at once is a flood.
    Reading::until(&site.receiver, CONNECTIONS, &[], |open| open > FLOOD)?;
    flood.until_rounds(1)?;
    let until = flood.fewest_rounds() + ROUNDS;
    let flooded = send(&mut site, &mut ledger, MESSAGES_MAX, || flood.fewest_rounds() < until)?;
    let open = Reading::of(&site.receiver)?.value(CONNECTIONS, &[]);
    ensure!(open > Some(FLOOD), "the flood had ended: {open:?} connections");

    // Operators still work.
    let alarm = console.until_alarm(SERIAL, "0000")?;
    console.act(alarm["id"].as_str().unwrap_or_default(), "claim", json!({}))?.alarm()?;
    flood.stop();

    ledger.check(&console)?;
    assert_eq!(ledger.messages(), quiet.len() + flooded.len());
    ensure!(site.receiver.is_running()?, "the receiver has ended");
    assert_eq!(Reading::of(&site.receiver)?.value("telecare_api_panics_total", &[]), Some(0.0));
    println!("acknowledged, quiet: {}", figures(&quiet));
    println!("acknowledged, 2,000 connections: {}", figures(&flooded));
    Ok(())
}

/// Sends messages on both lines at once, each of an account of its own, and more of them as long as it is told to.
fn send(site: &mut Site, ledger: &mut Ledger, first: usize, go_on: impl Fn() -> bool + Sync) -> Result<Vec<Told>> {
    let on = |hardware: &mut HardwareReceiver| -> Result<Vec<(String, Told)>> {
        let mut all = Vec::new();
        while all.len() < MESSAGES || (go_on() && all.len() < MESSAGES_MAX) {
            let account = format!("{:04}", first + all.len());
            let told = hardware.tell(&contact_id("011", &account, "E101", 1))?;
            all.push((account, told));
        }
        Ok(all)
    };
    let (serial, tcp) = (&mut site.serial, &mut site.tcp);
    let (serial, tcp) = thread::scope(|scope| {
        let serial = scope.spawn(|| on(serial));
        let tcp = scope.spawn(|| on(tcp));
        (serial.join(), tcp.join())
    });
    let mut all = Vec::new();
    for (line, told) in [(SERIAL, serial), (TCP, tcp)] {
        for (account, told) in told.map_err(|_| anyhow::anyhow!("the sender on {line} panicked"))?? {
            ledger.add(line, &account, &told);
            all.push(told);
        }
    }
    Ok(all)
}

fn figures(told: &[Told]) -> String {
    let mut took: Vec<Duration> = told.iter().map(|told| told.took).collect();
    took.sort();
    let repeats: u32 = told.iter().map(|told| told.copies - 1).sum();
    let at = |part: usize| took.get(took.len() * part / 100).or(took.last()).copied().unwrap_or_default();
    format!("median {:?}, 95 % {:?}, longest {:?}, {repeats} sent again", at(50), at(95), at(100))
}

/// The flood, until it is stopped.
struct Flood {
    stop: Arc<AtomicBool>,
    kinds: Vec<Kind>,
    _idle: Vec<TcpStream>,
}

struct Kind {
    rounds: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Flood {
    fn start(port: u16) -> Result<Flood> {
        let stop = Arc::new(AtomicBool::new(false));
        let idle = (0..IDLE).map(|_| connect(port)).collect::<io::Result<Vec<_>>>().context("idle connections")?;
        let spawn = |(kind, count): (&'static str, usize)| {
            let (stop, rounds) = (stop.clone(), Arc::new(AtomicUsize::new(0)));
            let made = rounds.clone();
            Kind { rounds, thread: thread::spawn(move || keep_at_it(kind, count, port, &stop, &made)) }
        };
        Ok(Flood { kinds: KINDS.map(spawn).into(), stop, _idle: idle })
    }

    /// Rounds of the kind that has made the fewest.
    fn fewest_rounds(&self) -> usize {
        self.kinds.iter().map(|kind| kind.rounds.load(Ordering::Relaxed)).min().unwrap_or_default()
    }

    fn until_rounds(&self, rounds: usize) -> Result<()> {
        wait::until("every kind to be there", || Ok((self.fewest_rounds() >= rounds).then_some(())))
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for kind in self.kinds {
            // One that panicked has shown its panic, and made too few rounds.
            let _ = kind.thread.join();
        }
    }
}

/// Writes a little on each connection, round after round; whoever is cut comes again.
fn keep_at_it(kind: &str, count: usize, port: u16, stop: &AtomicBool, rounds: &AtomicUsize) {
    let body = vec![b'x'; PIECE_BYTES];
    let mut connections: Vec<Option<TcpStream>> = (0..count).map(|_| None).collect();
    while !stop.load(Ordering::Relaxed) {
        for connection in &mut connections {
            let written = match connection {
                None => {
                    *connection = connect(port).ok();
                    connection.as_mut().map_or(Ok(0), |stream| stream.write(opening(kind).as_bytes()))
                }
                Some(stream) => match kind {
                    "slow heads" => stream.write(b"y"),
                    "huge bodies" => stream.write(&body),
                    "unread answers" => stream.write(opening(kind).as_bytes()),
                    _ => Ok(0),
                },
            };
            if written.is_err_and(|error| error.kind() != ErrorKind::WouldBlock) {
                *connection = None;
            }
        }
        rounds.fetch_add(1, Ordering::Relaxed);
        thread::sleep(ROUND_EVERY);
    }
}

/// What a connection begins with.
fn opening(kind: &str) -> String {
    let token = token(1);
    let head = |first: &str| format!("{first} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n");
    match kind {
        "slow heads" => head("GET /v1/alarms") + "x-slow: ",
        "huge bodies" => {
            let path = "POST /v1/alarms/00000000-0000-7000-8000-000000000000/note";
            head(path) + &format!("content-length: {BODY_BYTES}\r\n\r\n{{\"text\": \"")
        }
        "unread answers" => head("GET /v1/alarms") + "\r\n",
        _ => head("GET /v1/alarms?wait=30") + "\r\n",
    }
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// A shell's soft limit is 1,024.
fn allow_files() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX);
    ensure!(most >= FILES, "this needs {FILES} open files, and the system allows {most}; raise ulimit -Hn");
    if limit.current.is_some_and(|current| current < FILES) {
        limit.current = Some(FILES);
        setrlimit(Resource::Nofile, limit)?;
    }
    Ok(())
}
