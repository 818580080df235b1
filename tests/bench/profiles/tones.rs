//! Calls by tones on voice modems: from the last digit to the first byte of the command that plays the acknowledgement.
//!
//! A scripted modem on a pty: it answers every command at once, rings, tells a frame digit by digit, and hangs up when
//! it is acknowledged. Digits are shorter than any unit's, so that there are many calls.

use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use telecare_tests::figures::Samples;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Receiver, Setup};
use telecare_tests::scratch::Scratch;

use super::super::finding::{Bound, Finding};
use super::super::floor::Sync;
use super::super::{Bench, Found};

/// Telephone lines, all in calls at once.
const LINES: usize = 4;
/// Calls of each.
const CALLS: usize = 250;
const QUICK_CALLS: usize = 25;
const FRAME: &[u8] = b"A01000001234500000190190076#";
/// Length of a digit, and of the silence after it.
const PACE: Duration = Duration::from_millis(2);
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);
const DLE: u8 = 0x10;

pub fn run(bench: &mut Bench) -> Found {
    let calls = if bench.quick { QUICK_CALLS } else { CALLS };
    let scratch = Scratch::new("tones")?;
    let mut modems = Vec::new();
    let mut more = String::new();
    for n in 0..LINES {
        let pty = Pty::new(&scratch.join(&format!("modem-{n}")))?;
        let path = pty.port().path();
        more.push_str(&format!(
            "\n[[line]]\nname = \"telephone-{n}\"\nprotocol = \"bs8521\"\nvoice-modem = {{ path = {path:?}, rings = 1 }}\n"
        ));
        modems.push(pty);
    }
    let receiver = Receiver::start(Setup { more, prints_log: false, ..Setup::default() })?;
    let floor = Sync::new(receiver.directory().path())?.open_loop(20.0, 3.0)?;
    let taken: Vec<Result<Vec<Duration>>> = thread::scope(|scope| {
        let calls = |pty| scope.spawn(move || Modem { pty, line: Vec::new() }.calls(calls));
        let threads: Vec<_> = modems.iter().map(calls).collect();
        threads.into_iter().map(|thread| thread.join().expect("no modem panics")).collect()
    });
    let mut all = Vec::new();
    for one in taken {
        all.extend(one?);
    }
    let samples = Samples::of(all);
    bench.stages.push(("last digit to acknowledgement".to_owned(), samples.clone()));
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|share| samples.quantile(share));
    let said = format!("p50 {p50:.1}, p99 {p99:.1}, p99.9 {p999:.1} ms of {}", samples.count());
    let what = "last digit to the command that plays the acknowledgement, standing alone: p99, ms";
    let floor = format!("a bare sync: {}", floor.words());
    Ok(vec![Finding::of_number("", what, [said, floor], Bound::AtMost(120.0, 20.0), p99)])
}

/// The modem's side of a port.
struct Modem<'a> {
    pty: &'a Pty,
    line: Vec<u8>,
}

impl Modem<'_> {
    fn calls(mut self, calls: usize) -> Result<Vec<Duration>> {
        self.answer_until("AT+VIT=0")?;
        let mut took = Vec::with_capacity(calls);
        for _ in 0..calls {
            self.write(b"\r\nRING\r\n")?;
            self.answer_until("AT+VLS=1")?;
            for digit in FRAME {
                self.write(&[DLE, b'/', DLE, *digit])?;
                thread::sleep(PACE);
                self.write(&[DLE, b'~'])?;
                if *digit != b'#' {
                    thread::sleep(PACE);
                }
            }
            let sent = Instant::now();
            // Its first byte; the rest, and the answer to it, do not count.
            self.wait()?;
            took.push(sent.elapsed());
            let command = self.command()?;
            ensure!(command == "AT+VTS=[770,1633,8]", "{command} is no acknowledgement");
            self.write(b"\r\nOK\r\n")?;
            self.write(&[DLE, b'l'])?;
            self.answer_until("AT+VIT=0")?;
        }
        Ok(took)
    }

    /// Says OK to every command up to this one.
    fn answer_until(&mut self, last: &str) -> Result<()> {
        loop {
            let command = self.command()?;
            self.write(b"\r\nOK\r\n")?;
            if command == last {
                return Ok(());
            }
        }
    }

    fn command(&mut self) -> Result<String> {
        loop {
            if let Some(end) = self.line.iter().position(|byte| *byte == b'\r') {
                let rest = self.line.split_off(end + 1);
                let line = std::mem::replace(&mut self.line, rest);
                return Ok(String::from_utf8_lossy(&line).trim().to_owned());
            }
            self.wait()?;
        }
    }

    /// Waits for more bytes.
    fn wait(&mut self) -> Result<()> {
        let give_up = Instant::now() + PATIENCE;
        let mut buffer = [0; 256];
        while Instant::now() < give_up {
            match rustix::io::read(self.pty.master(), &mut buffer) {
                Ok(0) => bail!("the receiver closed the port"),
                Ok(count) => {
                    self.line.extend(buffer.get(..count).unwrap_or_default());
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_micros(100)),
                Err(error) => return Err(error).context("read the port"),
            }
        }
        bail!("the receiver says nothing")
    }

    fn write(&self, bytes: &[u8]) -> Result<()> {
        let written = rustix::io::write(self.pty.master(), bytes).context("write to the port")?;
        ensure!(written == bytes.len(), "the port is full");
        Ok(())
    }
}
