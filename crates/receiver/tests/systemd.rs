//! What the daemon tells systemd, heard on a socket of our own in its place.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::port;
use telecare_tests::postgres::Postgres;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::site::Site;
use telecare_tests::surgard::{contact_id, frame};
use telecare_tests::wait;

/// What systemd would say of the watchdog. The daemon feeds it twice in this time.
const WATCHDOG: Duration = Duration::from_secs(1);
/// Longer than the daemon may be silent while it is well, whatever else this machine does.
const SILENCE: Duration = Duration::from_secs(4);

/// Waits for a message with this line in it, and says what came before it.
fn heard(receiver: &Receiver, line: &str) -> Result<Vec<String>> {
    let mut before = Vec::new();
    wait::until(line, || {
        let Some(message) = receiver.notified()? else { return Ok(None) };
        let found = message.lines().any(|said| said == line);
        before.push(message);
        Ok(found.then_some(()))
    })?;
    Ok(before)
}

#[test]
fn ready_comes_when_every_line_can_be_reached() -> Result<()> {
    let addresses: Vec<SocketAddr> =
        (0..40).map(|_| Ok(([127, 0, 0, 1], port::free()?).into())).collect::<Result<_>>()?;
    let line = |(n, address): (usize, &SocketAddr)| {
        Line::new(&format!("line-{n}"), Transport::Listen { address: *address, connections_max: 8 })
    };
    let setup = Setup { lines: addresses.iter().enumerate().map(line).collect(), ..Setup::default() };
    let receiver = Receiver::start(setup)?;
    for address in addresses {
        TcpStream::connect(address)?;
    }
    drop(receiver);
    Ok(())
}

#[test]
fn a_reload_begins_and_ends_and_a_stop_is_told() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    site.receiver.reload()?;
    let reloading = heard(&site.receiver, "RELOADING=1")?.pop().unwrap_or_default();
    ensure!(reloading.lines().any(|line| line.starts_with("MONOTONIC_USEC=")), "{reloading}");
    let ready = heard(&site.receiver, "READY=1")?.pop().unwrap_or_default();
    ensure!(ready.lines().any(|line| line == "STATUS=2 lines, database standalone"), "{ready}");
    site.receiver.ask_to_end()?;
    heard(&site.receiver, "STOPPING=1")?;
    ensure!(site.receiver.wait_ended()?.success());
    Ok(())
}

#[test]
fn the_status_says_how_the_database_is() -> Result<()> {
    let postgres = Postgres::start()?;
    let database = postgres.create_database()?;
    let site = Site::start(Setup { database: vec![postgres.url(&database)], ..Setup::default() })?;
    heard(&site.receiver, "STATUS=2 lines, database connected")?;
    postgres.stop()?;
    heard(&site.receiver, "STATUS=2 lines, database cut-off")?;
    Ok(())
}

#[test]
fn the_watchdog_is_fed_in_time_and_not_when_a_line_hangs() -> Result<()> {
    let disk = Disk::new()?;
    let mut wrapper = vec!["env".to_owned(), format!("WATCHDOG_USEC={}", WATCHDOG.as_micros())];
    // The terminal is the faulty device: a driver whose write does not come back.
    wrapper.extend(disk.environment(Path::new("/dev/pts"))?.iter().map(|(name, value)| format!("{name}={value}")));
    wrapper.extend(["sh", "-c", "\"$@\"; exit $?", "sh"].map(str::to_owned));
    let mut site = Site::start(Setup { wrapper, ..Setup::default() })?;
    let began = Instant::now();
    let mut fed = 0_u32;
    while began.elapsed() < SILENCE {
        fed += u32::from(is_fed(&site.receiver)?);
    }
    // Twice in each WATCHDOG; at the least once, or systemd would have ended the process.
    let at_least = u32::try_from(SILENCE.as_millis() / WATCHDOG.as_millis())?;
    ensure!(fed >= at_least && fed <= 3 * at_least, "fed {fed} times in {SILENCE:?}");
    disk.set(Fault::Stuck)?;
    site.serial.link().write(&frame(&contact_id("011", "1234", "E101", 1)))?;
    let (hung, mut last) = (Instant::now(), Instant::now());
    while last.elapsed() < SILENCE {
        if is_fed(&site.receiver)? {
            last = Instant::now();
        }
        if hung.elapsed() > wait::BOUND {
            bail!("a line hangs and the watchdog is still fed");
        }
    }
    Ok(())
}

fn is_fed(receiver: &Receiver) -> Result<bool> {
    Ok(receiver.notified()?.is_some_and(|message| message.lines().any(|line| line == "WATCHDOG=1")))
}
