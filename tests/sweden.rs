//! Sweden 2020 on the real receiver: tests as fast as a hardware receiver can tell them on one line, people who
//! press on another. Every press is where operators look as soon as it is acknowledged, before every test.
//!
//! `TELECARE_SWEDEN_S` sets for how long, seconds (10).

use std::env;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;
use telecare_tests::receiver::Setup;
use telecare_tests::site::Site;
use telecare_tests::surgard::{HardwareReceiver, contact_id};
use telecare_tests::wait;

const SECONDS: u64 = 10;
/// Tests between two presses: 50,000 over 200.
const TESTS_A_PRESS: usize = 250;

#[test]
fn every_press_is_on_top_whatever_tests_come() -> Result<()> {
    let seconds = env::var("TELECARE_SWEDEN_S").map_or(Ok(SECONDS), |text| text.parse())?;
    let Site { receiver, mut serial, mut tcp, .. } = Site::start(Setup::default())?;
    let console = receiver.console(0);
    let (tested, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    let pressed = thread::scope(|scope| {
        let flood = scope.spawn(|| flood(&mut tcp, &tested, &ended));
        let begun = Instant::now();
        let mut pressed: Vec<String> = Vec::new();
        let mut press = || -> Result<()> {
            while begun.elapsed() < Duration::from_secs(seconds) || pressed.is_empty() {
                let until = (pressed.len() + 1) * TESTS_A_PRESS / 10;
                wait::until("tests", || Ok((tested.load(Ordering::Relaxed) >= until).then_some(())))?;
                let account = format!("{:04}", 1 + pressed.len());
                serial.tell(&contact_id("011", &account, "E101", 1))?;
                pressed.push(account);
                // The acknowledgement may overtake the list by a moment.
                let list = wait::until("the press on the list", || {
                    let list = console.shown()?;
                    Ok((people(&list).count() == pressed.len()).then_some(list))
                })?;
                check(&list, &pressed)?;
            }
            Ok(())
        };
        let outcome = press();
        ended.store(true, Ordering::Relaxed);
        let flooded = flood.join().expect("the flood does not panic");
        outcome.and(flooded).map(|()| pressed)
    })?;
    let list = console.list()?;
    check(&list, &pressed)?;
    let tests = tested.load(Ordering::Relaxed);
    println!("{} presses over {tests} tests in {seconds} s", pressed.len());
    ensure!(tests > pressed.len());
    Ok(())
}

fn people(list: &Value) -> impl Iterator<Item = &Value> {
    list["alarms"].as_array().into_iter().flatten().filter(|alarm| alarm["priority"] == 1)
}

/// Every press is listed, before everything that is none.
fn check(list: &Value, pressed: &[String]) -> Result<()> {
    let first: Vec<&Value> = people(list).collect();
    ensure!(first.len() == pressed.len(), "{} of {} presses are listed", first.len(), pressed.len());
    let alarms = list["alarms"].as_array().into_iter().flatten();
    let on_top = alarms.take(first.len()).all(|alarm| alarm["priority"] == 1);
    ensure!(on_top, "a test stands before a person");
    let levels: Vec<i64> = first.iter().filter_map(|alarm| alarm["level"].as_i64()).collect();
    ensure!(levels.is_sorted_by(|one, other| one >= other), "who has waited longest is first: {levels:?}");
    Ok(())
}

/// Periodic tests of units of their own, every tenth somebody's own test.
fn flood(hardware: &mut HardwareReceiver, tested: &AtomicUsize, ended: &AtomicBool) -> Result<()> {
    for n in 0.. {
        let code = if n % 10 == 0 { "E601" } else { "E602" };
        let line = contact_id("011", &format!("{:04}", 1_000 + n % 9_000), code, 0);
        if hardware.tell_while(&line, || !ended.load(Ordering::Relaxed))?.is_none() {
            break;
        }
        tested.fetch_add(1, Ordering::Relaxed);
        if ended.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(())
}
