//! Alarm panels through the whole receiver: DC-03 blocks on a serial line, Texecom's wrapper over TCP; and bad lines,
//! pulled plugs and kills of the receiver. Whatever is acknowledged is on a card.
//!
//! `TELECARE_PANELS_S` sets for how long the lines are bad, seconds (10); `TELECARE_SEED` repeats a run.

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use telecare_tests::console::{Console, is_of};
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::link::Link;
use telecare_tests::panel::{ACKNOWLEDGE, Panel, REJECT, block, sia};
use telecare_tests::port;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::scratch::Scratch;
use telecare_tests::wire::Wire;

const SERIAL: &str = "panel";
const TCP: &str = "panels-tcp";
/// The answer to a Texecom message of blocks.
const TAKEN: &[u8] = b"3\x06\r\n";
const SECONDS: u64 = 10;
/// From one kill to the next.
const KILL_EVERY: Duration = Duration::from_secs(3);
/// Reports on a full disk, at most, until the receiver notices.
const REPORTS_MAX: usize = 2000;

/// A receiver with a panel on a pty, and one that connects.
fn start(disk: Option<Arc<Disk>>) -> Result<(Receiver, Panel, Panel)> {
    let scratch = Scratch::new("panels")?;
    let pty = Pty::new(&scratch.join("ttyTEST"))?;
    let address = SocketAddr::from(([127, 0, 0, 1], port::free()?));
    let listen = Transport::Listen { address, connections_max: 4 };
    let lines = vec![
        Line { protocol: "sia-dc03", ..Line::new(SERIAL, Transport::Serial(pty.port().clone())) },
        Line { protocol: "texecom", ..Line::new(TCP, listen) },
    ];
    let setup = Setup { lines, disk, ..Setup::default() };
    let reply_wait = setup.ack_wait;
    let mut receiver = Receiver::prepare_in(scratch, setup)?;
    receiver.launch()?;
    let connecting = Link::Calling(address, None);
    Ok((receiver, Panel::new(Link::Port(pty), reply_wait), Panel::new(connecting, reply_wait)))
}

#[test]
fn an_event_is_a_card_before_it_is_acknowledged_and_its_text_joins_it() -> Result<()> {
    let (receiver, mut serial, mut tcp) = start(None)?;
    let console = receiver.console(0);
    serial.report("4711", &[block('N', "ri1/MA003")])?;
    let card = |line, account| -> Result<serde_json::Value> {
        let alarms = console.alarms()?;
        alarms.into_iter().find(|alarm| is_of(alarm, line, account)).context("acknowledged, so it is there")
    };
    let alarm = card(SERIAL, "4711")?;
    assert_eq!((&alarm["presses"], &alarm["priority"]), (&1.into(), &1.into()), "{alarm}");
    serial.report("4711", &[block('N', "ri1/MA003"), block('A', "HALL PULLCORD"), block('0', "")])?;
    let id = alarm["id"].as_str().unwrap_or_default().to_owned();
    let detail = console.detail(&id)?.body;
    let signals = detail["signals"].as_array().context("signals")?;
    assert_eq!(signals.len(), 3, "a press, another, and its text: {detail}");
    assert_eq!(signals[2]["report"]["fields"]["text"], "HALL PULLCORD", "{detail}");
    assert_eq!(detail["alarm"]["presses"], 2, "{detail}");
    let mut damaged = block('N', "FA001");
    damaged[3] ^= 1;
    assert_eq!(serial.exchange(&damaged, &[ACKNOWLEDGE, REJECT])?, REJECT);

    tcp.message(&sia("1000", "ri1MA003", "HALL PULLCORD"), TAKEN)?;
    let alarm = card(TCP, "1000")?;
    assert!(alarm["headline"].as_str().is_some_and(|headline| headline.contains("HALL PULLCORD")), "{alarm}");
    tcp.message(b"21AAA181100010039\r\n", b"2\x06\r\n")?;
    assert_eq!(card(TCP, "1000")?["presses"], 2);
    tcp.message(b"POLL1000#\0\0\0\0\r\n", b"[P]\0\x02\x06\r\n")?;
    assert_eq!(tcp.exchange(b"21AAA181100010038\r\n", &[])?, b"", "a wrong checksum");
    ensure!(!console.alarms()?.iter().any(|alarm| is_of(alarm, SERIAL, "FA001")));
    Ok(())
}

#[test]
fn what_nothing_can_store_is_met_with_silence_and_arrives_when_it_can() -> Result<()> {
    let disk = Arc::new(Disk::new()?);
    let (receiver, mut serial, mut tcp) = start(Some(Arc::clone(&disk)))?;
    disk.set(Fault::Full)?;
    // A full disk still has room in the file as it is.
    let mut refused = None;
    for n in 1..REPORTS_MAX {
        let account = format!("{n:04}");
        let answer = tcp.exchange(&sia(&account, "MA003", "ROOM"), &[TAKEN])?;
        if answer != TAKEN {
            refused = Some(account);
            break;
        }
    }
    let refused = refused.context("a journal that stores nothing acknowledged everything")?;
    assert_eq!(serial.exchange(&block('#', "4711"), &[ACKNOWLEDGE])?, b"", "not even an account");
    assert_eq!(tcp.exchange(b"POLL1000#\0\0\0\0\r\n", &[b"\r\n"])?, b"", "nor a poll");
    disk.set(Fault::None)?;
    tcp.message(&sia(&refused, "MA003", "ROOM"), TAKEN)?;
    let alarm = receiver.console(0).until_alarm(TCP, &refused)?;
    assert_eq!(alarm["presses"], 1, "{alarm}");
    serial.report("4711", &[block('N', "MA003")])?;
    receiver.console(0).until_alarm(SERIAL, "4711")?;
    Ok(())
}

#[test]
fn everything_acknowledged_is_there_over_bad_lines_and_through_kills() -> Result<()> {
    let seconds = env::var("TELECARE_PANELS_S").map_or(Ok(SECONDS), |text| text.parse())?;
    let seed = match env::var("TELECARE_SEED") {
        Ok(text) => text.parse()?,
        Err(_) => u64::from(SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos()),
    };
    println!("{seconds} s, TELECARE_SEED={seed}");
    let (mut receiver, serial, tcp) = start(None)?;
    let ended = AtomicBool::new(false);
    let told = thread::scope(|scope| {
        let lines = [(SERIAL, serial, 1), (TCP, tcp, 2)].map(|(name, panel, salt)| {
            // A connection loses bytes only by ending.
            let serial = Wire { damage: 12, cut: 25, noise: 25, deaf: 12, unplug: 10 };
            let wire = if name == SERIAL { serial } else { Wire { deaf: 8, unplug: 4, ..Wire::default() } };
            let panel = panel.over(wire, seed.wrapping_add(salt));
            let ended = &ended;
            scope.spawn(move || speak(name, panel, ended, seconds))
        });
        let killed = kill(&mut receiver, seconds);
        ended.store(true, Ordering::Relaxed);
        let mut told = Vec::new();
        for line in lines {
            told.extend(line.join().expect("a line does not panic")?);
        }
        killed.map(|()| told)
    })?;
    println!("{} reports acknowledged", told.len());
    ensure!(told.len() > 4, "the lines were too bad to show anything");
    let console: Console = receiver.console(0);
    for (line, account) in told {
        console.until_alarm(line, &account).with_context(|| format!("seed {seed}: {line} {account}"))?;
    }
    Ok(())
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

/// Reports, each from an account of its own, no more than a queue can show after an hour.
fn speak(
    name: &'static str,
    mut panel: Panel,
    ended: &AtomicBool,
    seconds: u64,
) -> Result<Vec<(&'static str, String)>> {
    let mut told = Vec::new();
    let pace = Duration::from_millis(seconds.clamp(1, 1000));
    for n in 1.. {
        // What has begun is handed over, whatever has ended.
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let account = format!("{n:05}");
        if name == SERIAL {
            panel.report(&account, &[block('N', "MA003"), block('A', "ROOM"), block('0', "")])?;
        } else {
            panel.message(&sia(&account, "MA003", "ROOM"), TAKEN)?;
        }
        told.push((name, account));
        thread::sleep(pace);
    }
    Ok(told)
}
