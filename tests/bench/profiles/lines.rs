//! Hardware receivers at full rate: two serial lines at 19,200 bit/s and four TCP lines in a burst, each sending its next
//! message once the last one is acknowledged.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use telecare_tests::figures::Samples;
use telecare_tests::link::Link;
use telecare_tests::port;
use telecare_tests::postgres::Postgres;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::scratch::Scratch;
use telecare_tests::surgard::{HardwareReceiver, frame, sia};

use super::super::finding::{Bound, Finding};
use super::super::floor::Sync;
use super::super::site::SETTINGS;
use super::super::{Bench, Found};

const SERIAL: usize = 2;
const TCP: usize = 4;
/// How long they send.
const LASTS: Duration = Duration::from_secs(20);
const QUICK: Duration = Duration::from_secs(3);
/// A character at 19,200 bit/s with start, parity and stop bit.
const CHARACTER: Duration = Duration::from_nanos(520_833);
/// As the manuals have it.
const ACK_WAIT: Duration = Duration::from_secs(4);

pub fn run(bench: &mut Bench) -> Found {
    let lasts = if bench.quick { QUICK } else { LASTS };
    let postgres = Postgres::start_tuned(SETTINGS, |_| Ok(Vec::new()))?;
    let scratch = Scratch::new("lines")?;
    let database = postgres.create_database()?;
    let mut setup = Setup { database: vec![postgres.url(&database)], prints_log: false, ..Setup::default() };
    let mut links = Vec::new();
    for n in 0..SERIAL {
        let pty = Pty::new(&scratch.join(&format!("serial-{n}")))?;
        setup.lines.push(Line::new(&format!("serial-{n}"), Transport::Serial(pty.port().clone())));
        links.push((Link::Port(pty), true));
    }
    for n in 0..TCP {
        let address = SocketAddr::from(([127, 0, 0, 1], port::free()?));
        let listen = Transport::Listen { address, connections_max: 4 };
        setup.lines.push(Line::new(&format!("tcp-{n}"), listen));
        links.push((Link::Calling(address, None), false));
    }
    let mut receiver = Receiver::prepare_in(scratch, setup)?;
    receiver.launch()?;
    receiver.console(0).until_connected()?;
    let floor = Sync::new(receiver.directory().path())?.open_loop(20.0, 3.0)?;
    let taken: Vec<Result<Vec<Duration>>> = thread::scope(|scope| {
        let sends = |(n, (link, paced))| scope.spawn(move || send(link, paced, n, lasts));
        let threads: Vec<_> = links.into_iter().enumerate().map(sends).collect();
        threads.into_iter().map(|thread| thread.join().expect("no sender panics")).collect()
    });
    let mut all = Vec::new();
    for one in taken {
        all.extend(one?);
    }
    let samples = Samples::of(all);
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|share| samples.quantile(share));
    let said = format!("p50 {p50:.1}, p99 {p99:.1}, p99.9 {p999:.1} ms of {}", samples.count());
    let what =
        "two serial lines at 19,200 bit/s and four TCP lines in a burst, last byte to acknowledgement: p99.9, ms";
    let floor = format!("a bare sync: {}", floor.words());
    Ok(vec![Finding::of_number("", what, [said, floor], Bound::AtMost(250.0, 50.0), p999)])
}

/// Sends one message after the other, each of a unit of its own, as fast as its line carries them.
fn send(link: Link, paced: bool, number: usize, lasts: Duration) -> Result<Vec<Duration>> {
    let mut sender = HardwareReceiver::new(link, ACK_WAIT);
    let begun = Instant::now();
    let mut took = Vec::new();
    while begun.elapsed() < lasts {
        let account = format!("{:06X}", 0x10_0000 * (number + 1) + took.len());
        let line = sia("011", &account, if took.len().is_multiple_of(5) { "QA01" } else { "RP00" });
        if paced {
            // Time runs from the last character: the ones before it are on the wire meanwhile.
            thread::sleep(CHARACTER * u32::try_from(frame(&line).len())?);
        }
        took.push(sender.tell(&line)?.took);
    }
    Ok(took)
}
