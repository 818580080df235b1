//! Every automation output but Sur-Gard's and Ademco 685's, which have their own tests, through the whole receiver: a
//! message is a card before it is acknowledged, a link test is answered and is none, damage is met with silence; a full
//! disk is, too; and over bad lines and kills of the receiver whatever is acknowledged is on a card.
//!
//! `TELECARE_OUTPUTS_S` sets for how long the lines are bad, seconds (10); `TELECARE_SEED` repeats a run.

use std::collections::BTreeSet;
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use telecare_tests::console::{Console, account_of};
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::link::{Heard, Link};
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::scratch::Scratch;
use telecare_tests::wait;
use telecare_tests::wire::{BadWire, Wire};

/// How long it may be quiet before silence is believed.
const QUIET: Duration = Duration::from_millis(500);
const ANSWER_WAIT: Duration = Duration::from_secs(4);
/// How long a receiver of a bad line or before a full disk waits before it sends its message again.
const SHORT_WAIT: Duration = Duration::from_secs(1);
/// For how long the lines are bad.
const SECONDS: u64 = 10;
/// From one kill to the next.
const KILL_EVERY: Duration = Duration::from_secs(3);
/// Presses on a full disk, at most, until the receiver notices.
const PRESSES_MAX: usize = 2000;

/// One make: its bytes, written from the published layouts, not with the product's protocol crate.
struct Make {
    protocol: &'static str,
    link_test: &'static [u8],
    link_test_answer: &'static [u8],
    press: &'static [u8],
    press_answer: &'static [u8],
    /// Whose card it becomes; none where nobody knows.
    account: Option<&'static str>,
    damaged: &'static [u8],
}

const MAKES: [Make; 4] = [
    Make {
        protocol: "radionics-6500",
        link_test: b"1010           @    \x14",
        link_test_answer: b"\x06",
        press: b"a011 432118110101001\x14",
        press_answer: b"\x06",
        account: Some("4321"),
        damaged: b"a011 43211811010100\x14",
    },
    Make {
        protocol: "sia-dc07",
        // Computed below, like its answers.
        link_test: b"",
        link_test_answer: b"",
        press: b"\n338D001F\"SIA-DCS\"0001R1L1[#1234|NMA003]\r",
        press_answer: b"",
        account: Some("1234"),
        damaged: b"\n338D001F\"SIA-DCS\"0001R1L1[#1234|NMA002]\r",
    },
    Make {
        protocol: "cp-220",
        link_test: b"\n11 OKAY @\r",
        link_test_answer: b"\x06",
        press: b"\n1Z 4321 18 E101 00 C001\r",
        press_answer: b"\x06",
        account: Some("4321"),
        damaged: b"\n1Z 432 18 E101 00 C001\r",
    },
    Make {
        protocol: "iti",
        link_test: b"\n00 OKAY @\r",
        link_test_answer: b"\x06",
        press: b"\n0A 1zQ4 7\r",
        press_answer: b"\x06",
        account: None,
        damaged: b"\n0A 1z\x01 7\r",
    },
];

/// Everything that comes until the answer is whole, or for so long.
fn answer(link: &mut Link, bytes: &[u8], within: Duration) -> Result<Vec<u8>> {
    ensure!(link.write(bytes)?, "the line is gone");
    let (mut heard, give_up) = (Vec::new(), Instant::now() + within);
    while !matches!(heard.last(), Some(0x06 | b'\r')) {
        let left = give_up.saturating_duration_since(Instant::now());
        match link.read(left)? {
            Heard::Bytes(more) => heard.extend(more),
            Heard::Nothing | Heard::Gone => break,
        }
    }
    Ok(heard)
}

fn crc(body: &[u8]) -> u16 {
    body.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 })
    })
}

fn dc07(body: &str) -> Vec<u8> {
    format!("\n{:04X}{:04X}{body}\r", crc(body.as_bytes()), body.len()).into_bytes()
}

fn cards(console: &Console, line: &str, make: &Make) -> Result<Vec<serde_json::Value>> {
    let of = |alarm: &serde_json::Value| -> Result<bool> {
        let id = alarm["id"].as_str().context("an id")?;
        let detail = console.detail(id)?.body;
        let signal = &detail["signals"][0];
        let whose = make.account.is_none_or(|account| signal["report"]["identity"] == account);
        Ok(signal["line"] == line && signal["report"]["protocol"] == make.protocol && whose)
    };
    let mut found = Vec::new();
    for alarm in console.alarms()? {
        if of(&alarm)? {
            found.push(alarm);
        }
    }
    Ok(found)
}

/// A receiver with a port of each make.
fn start(disk: Option<Arc<Disk>>) -> Result<(Receiver, Vec<Link>)> {
    let scratch = Scratch::new("outputs")?;
    let ptys: Vec<Pty> =
        MAKES.iter().map(|make| Pty::new(&scratch.join(&format!("tty-{}", make.protocol)))).collect::<Result<_>>()?;
    let line = |(make, pty): (&Make, &Pty)| Line {
        protocol: make.protocol,
        ..Line::new(make.protocol, Transport::Serial(pty.port().clone()))
    };
    let lines = MAKES.iter().zip(&ptys).map(line).collect();
    let mut receiver = Receiver::prepare_in(scratch, Setup { lines, disk, ..Setup::default() })?;
    receiver.launch()?;
    Ok((receiver, ptys.into_iter().map(Link::Port).collect()))
}

/// The nth press, of an account of its own, and its answer.
fn press(protocol: &str, n: usize) -> (Vec<u8>, Vec<u8>) {
    let line = match protocol {
        "radionics-6500" => format!("a011 {n:04}18110101001\x14"),
        "cp-220" => format!("\n1Z {n:04} 18 E101 00 C001\r"),
        "iti" => format!("\n0A unit {n:04}\r"),
        _ => {
            let (body, answer) = (format!("\"SIA-DCS\"{n:04}R1L1[#{n:04}|NMA003]"), format!("\"ACK\"{n:04}R1L1[]"));
            return (dc07(&body), dc07(&answer));
        }
    };
    (line.into_bytes(), vec![0x06])
}

/// Sends a press until it is answered. Answers to earlier copies would pass for one to the next press, so they are
/// waited for.
fn tell(link: &mut Link, wire: &mut BadWire, (bytes, expected): &(Vec<u8>, Vec<u8>)) -> Result<()> {
    let give_up = Instant::now() + wait::BOUND;
    let mut copies = 0;
    loop {
        ensure!(Instant::now() < give_up, "no answer to {:?}", String::from_utf8_lossy(bytes));
        copies += 1;
        let heard = answer(link, &wire.on_the_way(bytes), SHORT_WAIT)?;
        if heard.ends_with(expected) && !wire.happens(wire.wire.deaf) {
            break;
        }
        if wire.happens(wire.wire.unplug) {
            link.unplug()?;
        }
    }
    while copies > 1 && matches!(link.read(SHORT_WAIT)?, Heard::Bytes(_)) {}
    Ok(())
}

/// Whose cards there are on a line: accounts, or texts where nobody knows whose a report is.
fn seen(console: &Console, line: &str) -> Result<BTreeSet<String>> {
    let mut seen = BTreeSet::new();
    for alarm in console.alarms()?.into_iter().filter(|alarm| alarm["line"] == line) {
        let id = alarm["id"].as_str().context("an id")?;
        if line == "iti" {
            let detail = console.detail(id)?.body;
            let text = detail["signals"][0]["report"]["fields"]["text"].as_str().unwrap_or_default();
            seen.insert(text.trim_start_matches("0A unit ").to_owned());
        } else {
            seen.insert(account_of(&alarm).to_owned());
        }
    }
    Ok(seen)
}

#[test]
fn what_nothing_can_store_is_met_with_silence_and_arrives_when_it_can() -> Result<()> {
    let disk = Arc::new(Disk::new()?);
    let (receiver, mut links) = start(Some(Arc::clone(&disk)))?;
    disk.set(Fault::Full)?;
    let mut refused = Vec::new();
    for (make, link) in MAKES.iter().zip(&mut links) {
        // A full disk still has room in the file as it is.
        for n in 1..PRESSES_MAX {
            let (bytes, expected) = press(make.protocol, n);
            if answer(link, &bytes, SHORT_WAIT)? != expected {
                refused.push(n);
                break;
            }
        }
        let link_test = if make.link_test.is_empty() { dc07("\"NULL\"0000R1L1[]") } else { make.link_test.to_vec() };
        assert_eq!(answer(link, &link_test, SHORT_WAIT)?, b"", "{}: not even a link test", make.protocol);
    }
    assert_eq!(refused.len(), MAKES.len(), "a journal that stores nothing acknowledged everything");
    disk.set(Fault::None)?;
    for ((make, link), n) in MAKES.iter().zip(&mut links).zip(refused) {
        tell(link, &mut BadWire::new(Wire::default(), 1), &press(make.protocol, n))?;
        let cards = seen(&receiver.console(0), make.protocol)?;
        for before in 1..=n {
            assert!(cards.contains(&format!("{before:04}")), "{}: {before} was acknowledged", make.protocol);
        }
    }
    Ok(())
}

#[test]
fn everything_acknowledged_is_there_over_bad_lines_and_through_kills() -> Result<()> {
    let seconds = env::var("TELECARE_OUTPUTS_S").map_or(Ok(SECONDS), |text| text.parse())?;
    let seed = match env::var("TELECARE_SEED") {
        Ok(text) => text.parse()?,
        Err(_) => u64::from(SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos()),
    };
    println!("{seconds} s, TELECARE_SEED={seed}");
    let (mut receiver, links) = start(None)?;
    let ended = AtomicBool::new(false);
    let told = thread::scope(|scope| {
        let speaking: Vec<_> = (MAKES.iter().zip(links).zip(1..))
            .map(|((make, link), salt)| {
                let ended = &ended;
                scope.spawn(move || speak(make.protocol, link, seed.wrapping_add(salt), ended, seconds))
            })
            .collect();
        let killed = kill(&mut receiver, seconds);
        ended.store(true, Ordering::Relaxed);
        let told: Result<Vec<_>> = speaking.into_iter().map(|one| one.join().expect("a line does not panic")).collect();
        killed.and(told)
    })?;
    let console = receiver.console(0);
    for (make, told) in MAKES.iter().zip(told) {
        println!("{}: {told} presses acknowledged", make.protocol);
        ensure!(told > 4, "{}: the line was too bad to show anything", make.protocol);
        let cards = seen(&console, make.protocol)?;
        for n in 1..=told {
            ensure!(cards.contains(&format!("{n:04}")), "seed {seed}: {} {n} was acknowledged", make.protocol);
        }
    }
    Ok(())
}

/// Presses one after another; tells how many were acknowledged.
fn speak(protocol: &str, mut link: Link, seed: u64, ended: &AtomicBool, seconds: u64) -> Result<usize> {
    // Lines without a check do not show what damage does to a digit.
    let damage = if protocol == "sia-dc07" { 12 } else { 0 };
    let mut wire = BadWire::new(Wire { damage, cut: 12, noise: 12, deaf: 12, unplug: 10 }, seed);
    // No more than a queue can show after an hour.
    let pace = Duration::from_millis(seconds.clamp(100, 20_000));
    let mut told = 0;
    while !ended.load(Ordering::Relaxed) && told < 9999 {
        tell(&mut link, &mut wire, &press(protocol, told + 1)).with_context(|| format!("{protocol}, seed {seed}"))?;
        told += 1;
        thread::sleep(pace);
    }
    Ok(told)
}

fn kill(receiver: &mut Receiver, seconds: u64) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) {
        // No event marks a moment to be killed at.
        thread::sleep(KILL_EVERY);
        receiver.kill_9()?;
        receiver.launch()?;
    }
    Ok(())
}

#[test]
fn a_message_is_a_card_before_it_is_acknowledged() -> Result<()> {
    let (receiver, links) = start(None)?;
    let console = receiver.console(0);
    for (make, mut link) in MAKES.iter().zip(links) {
        let name = make.protocol;
        let of_dc07 = name == "sia-dc07";
        let link_test = if of_dc07 { dc07("\"NULL\"0000R1L1[]") } else { make.link_test.to_vec() };
        let expected = if of_dc07 { dc07("\"ACK\"0000R1L1[]") } else { make.link_test_answer.to_vec() };
        assert_eq!(answer(&mut link, &link_test, ANSWER_WAIT)?, expected, "{name}: a link test");
        assert!(cards(&console, name, make)?.is_empty(), "{name}: a link test is no signal");
        assert_eq!(answer(&mut link, make.damaged, QUIET)?, b"", "{name}: damage is met with silence");
        let expected = if of_dc07 { dc07("\"ACK\"0001R1L1[]") } else { make.press_answer.to_vec() };
        assert_eq!(answer(&mut link, make.press, ANSWER_WAIT)?, expected, "{name}: a press");
        let cards = cards(&console, name, make)?;
        assert_eq!(cards.len(), 1, "{name}: acknowledged, so it is there, once");
        assert_eq!(cards[0]["priority"], 1, "{name}: {}", cards[0]);
        assert_eq!(answer(&mut link, make.press, ANSWER_WAIT)?, expected, "{name}: its copy, or another press");
    }
    Ok(())
}
