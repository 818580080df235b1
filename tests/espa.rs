//! ESPA 4.4.4 through the whole receiver, and a bad line: noise, cuts, pulled plugs and kills of the receiver. Every
//! call is on a card once it is acknowledged, and what came twice is known as a repeat.
//!
//! `TELECARE_ESPA_S` sets for how long the line is bad, seconds (10); `TELECARE_SEED` repeats a run.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use telecare_tests::console::is_of;
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::espa::{Answer, Controller, block, call};
use telecare_tests::ledger::Ledger;
use telecare_tests::link::Link;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::scratch::Scratch;
use telecare_tests::wire::Wire;

const SERIAL: &str = "warden";
const TCP: &str = "warden-tcp";
const SECONDS: u64 = 10;
/// From one kill to the next.
const KILL_EVERY: Duration = Duration::from_secs(3);
/// Calls on a full disk, at most, until the receiver notices.
const CALLS_MAX: usize = 2000;

/// A receiver with a controller on a pty, and one to which it connects.
fn start(disk: Option<Arc<Disk>>) -> Result<(Receiver, Controller, Controller)> {
    let scratch = Scratch::new("espa")?;
    let pty = Pty::new(&scratch.join("ttyTEST"))?;
    let (listening, address) = Link::listen()?;
    let line = |name, transport| Line { protocol: "espa-444", ..Line::new(name, transport) };
    let lines = vec![line(SERIAL, Transport::Serial(pty.port().clone())), line(TCP, Transport::Connect(address))];
    let setup = Setup { lines, disk, ..Setup::default() };
    let reply_wait = setup.ack_wait;
    let mut receiver = Receiver::prepare_in(scratch, setup)?;
    receiver.launch()?;
    Ok((receiver, Controller::new(Link::Port(pty), reply_wait), Controller::new(listening, reply_wait)))
}

#[test]
fn a_call_is_a_card_before_it_is_acknowledged_and_its_reset_clears_it() -> Result<()> {
    let (receiver, mut controller, _) = start(None)?;
    let told = controller.tell(&call("4711", "FLAT 18"))?;
    assert_eq!((told.copies, told.acknowledged), (1, 1));
    let console = receiver.console(0);
    let alarms = console.alarms()?;
    let alarm = alarms.iter().find(|alarm| is_of(alarm, SERIAL, "4711")).context("acknowledged, so it is there")?;
    assert_eq!((&alarm["presses"], &alarm["priority"]), (&1.into(), &1.into()), "{alarm}");
    assert_eq!(alarm["unit"], "unit FLAT 18 at scheme 4711");
    let id = alarm["id"].as_str().unwrap_or_default().to_owned();
    let detail = console.detail(&id)?.body;
    assert_eq!(detail["signals"][0]["report"]["protocol"], "espa-444", "{detail}");
    assert_eq!(detail["signals"][0]["report"]["fields"]["message"], "FLAT 18", "{detail}");
    controller.tell(&block('1', &[('1', "4711"), ('4', "1")]))?;
    let detail = console.detail(&id)?.body;
    assert_eq!(detail["signals"].as_array().map(Vec::len), Some(2), "the reset is on the card of its call: {detail}");
    assert_eq!(controller.select()?, Answer::Acknowledged);
    let mut damaged = call("4712", "FLAT 19");
    *damaged.last_mut().context("a block")? ^= 1;
    assert_eq!(controller.send(&damaged)?, Answer::Refused(b'1'));
    assert_eq!(controller.send(&block('8', &[('1', "12")]))?, Answer::Refused(b'3'));
    ensure!(!console.alarms()?.iter().any(|alarm| is_of(alarm, SERIAL, "4712")));
    Ok(())
}

#[test]
fn what_nothing_can_store_is_busy_and_arrives_when_it_can() -> Result<()> {
    let disk = Arc::new(Disk::new()?);
    let (receiver, mut controller, _) = start(Some(Arc::clone(&disk)))?;
    disk.set(Fault::Full)?;
    // A full disk still has room in the file as it is, and again once the file is opened anew.
    let (mut refused, mut not_ready) = (None, false);
    for n in 1..CALLS_MAX {
        let address = format!("{n:04}");
        match controller.select()? {
            Answer::Acknowledged if controller.send(&call(&address, "FLAT 18"))? == Answer::Acknowledged => {}
            Answer::Acknowledged => refused = Some(address),
            answer => not_ready |= answer == Answer::Refused(b'2'),
        }
        controller.end()?;
        if refused.is_some() && not_ready {
            break;
        }
    }
    let refused = refused.context("a journal that stores nothing acknowledged everything")?;
    ensure!(not_ready, "it was ready while nothing could be stored");
    disk.set(Fault::None)?;
    controller.tell(&call(&refused, "FLAT 18"))?;
    let alarm = receiver.console(0).until_alarm(SERIAL, &refused)?;
    assert_eq!(alarm["presses"], 1, "{alarm}");
    Ok(())
}

#[test]
fn every_call_arrives_once_over_a_bad_line_and_through_kills() -> Result<()> {
    let seconds = env::var("TELECARE_ESPA_S").map_or(Ok(SECONDS), |text| text.parse())?;
    let seed = match env::var("TELECARE_SEED") {
        Ok(text) => text.parse()?,
        Err(_) => u64::from(SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos()),
    };
    println!("{seconds} s, TELECARE_SEED={seed}");
    let (mut receiver, serial, tcp) = start(None)?;
    let ended = AtomicBool::new(false);
    let ledger = thread::scope(|scope| {
        let lines = [(SERIAL, serial, 1), (TCP, tcp, 2)].map(|(name, controller, salt)| {
            let wire = Wire { damage: 12, cut: 25, noise: 25, deaf: 12, unplug: 10 };
            let controller = controller.over(wire, seed.wrapping_add(salt));
            let ended = &ended;
            scope.spawn(move || speak(name, controller, ended, seconds))
        });
        let killed = kill(&mut receiver, seconds);
        ended.store(true, Ordering::Relaxed);
        let mut ledger = Ledger::default();
        for line in lines {
            ledger.extend(line.join().expect("a line does not panic")?);
        }
        killed.map(|()| ledger)
    })?;
    println!("{} calls acknowledged", ledger.messages());
    ensure!(ledger.messages() > 4, "the line was too bad to show anything");
    ledger.check(&receiver.console(0)).with_context(|| format!("seed {seed}"))
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

/// Hands over calls, each from an address of its own, no more than a queue can show after an hour.
fn speak(name: &str, mut controller: Controller, ended: &AtomicBool, seconds: u64) -> Result<Ledger> {
    let mut ledger = Ledger::default();
    let pace = Duration::from_millis(seconds.clamp(1, 1000));
    for n in 1.. {
        let address = format!("{n:05}");
        let block = call(&address, &format!("FLAT {n}"));
        // What has begun is handed over, whatever has ended.
        if ended.load(Ordering::Relaxed) {
            break;
        }
        if let Some(told) = controller.tell_while(&block, || true)? {
            ledger.add(name, &address, &told);
        }
        thread::sleep(pace);
    }
    Ok(ledger)
}
