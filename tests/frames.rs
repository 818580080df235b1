//! Bytes as lines really carry them: frames split anywhere, joined, after noise, and an hour at the wrong
//! speed, through a real terminal and a real connection.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use telecare_tests::console::Console;
use telecare_tests::receiver::{ACK_WAIT, Setup};
use telecare_tests::site::{SERIAL, Site, TCP};
use telecare_tests::surgard::{contact_id, frame, heartbeat};

/// Between two writes, so that the receiver mostly reads them apart: nothing tells when it has read. The
/// test holds when it reads them together, too.
const APART: Duration = Duration::from_millis(3);

#[test]
fn a_frame_split_at_every_byte_is_one_press() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let length = frame(&press(1)).len();
    for split in 1..length {
        let bytes = frame(&press(split));
        for hardware in [&mut site.serial, &mut site.tcp] {
            hardware.link().connect()?;
            hardware.link().write(&bytes[..split])?;
            thread::sleep(APART);
            ensure!(hardware.tell_bytes(&bytes[split..])?, "split after {split} bytes: not acknowledged");
        }
    }
    let console = site.receiver.console(0);
    for split in 1..length {
        check_pressed(&console, SERIAL, split)?;
        check_pressed(&console, TCP, split)?;
    }
    ensure!(console.alarms()?.len() == 2 * (length - 1), "an alarm nobody raised");
    Ok(())
}

#[test]
fn a_frame_byte_by_byte_is_one_press() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let bytes = frame(&press(1));
    for byte in &bytes[..bytes.len() - 1] {
        site.serial.link().write(&[*byte])?;
        thread::sleep(APART);
    }
    ensure!(site.serial.tell_bytes(&bytes[bytes.len() - 1..])?, "not acknowledged");
    check_pressed(&site.receiver.console(0), SERIAL, 1)
}

#[test]
fn frames_joined_are_two_presses_and_two_answers() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let joined = [frame(&press(1)), frame(&press(2))].concat();
    site.serial.link().write(&joined)?;
    site.tcp.link().connect()?;
    site.tcp.link().write(&joined)?;
    let console = site.receiver.console(0);
    for (line, hardware) in [(SERIAL, &mut site.serial), (TCP, &mut site.tcp)] {
        check_pressed(&console, line, 1)?;
        check_pressed(&console, line, 2)?;
        assert_eq!(hardware.acknowledgements_until_quiet(ACK_WAIT)?, 2);
    }
    Ok(())
}

#[test]
fn a_frame_after_noise_is_one_press() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let noises: [&[u8]; 4] = [b"\xff", b"\0\0\0", b"\x06\x15\x06", b"\r\nUUUU\xaa\xaa"];
    for (n, noise) in (1..).zip(noises) {
        for hardware in [&mut site.serial, &mut site.tcp] {
            hardware.link().connect()?;
            ensure!(hardware.tell_bytes(&[noise, &frame(&press(n))].concat())?, "after {noise:02x?}: not acknowledged");
        }
    }
    let console = site.receiver.console(0);
    for n in 1..=noises.len() {
        check_pressed(&console, SERIAL, n)?;
        check_pressed(&console, TCP, n)?;
    }
    Ok(())
}

/// A line set to the wrong speed: 120 heartbeats and a call a minute, none of which can be read.
#[test]
fn an_hour_at_the_wrong_speed_is_one_card() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let console = site.receiver.console(0);
    for n in 0..180 {
        let line = if n % 3 == 2 { press(1) } else { heartbeat("011") };
        site.serial.link().write(&at_the_wrong_speed(&frame(&line)))?;
    }
    console.until("the line's card", |list| {
        list["alarms"].as_array()?.iter().find(|alarm| alarm["unit_basis"] == "line").map(|_| ())
    })?;
    // The other line is not touched, and the first is heard again once its speed is right.
    site.tcp.tell(&press(2))?;
    site.serial.tell(&press(3))?;
    check_pressed(&console, SERIAL, 3)?;
    let alarms = console.alarms()?;
    let of_line = alarms.iter().filter(|alarm| alarm["line"] == SERIAL && alarm["unit_basis"] == "line").count();
    assert_eq!((of_line, alarms.len()), (1, 3), "{alarms:#?}");
    Ok(())
}

#[test]
fn a_port_unplugged_and_plugged_in_again_is_heard_again() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    site.serial.tell(&press(1))?;
    site.tcp.tell(&press(1))?;
    for n in 2..5 {
        site.serial.link().unplug()?;
        site.tcp.link().unplug()?;
        site.serial.tell(&press(n))?;
        site.tcp.tell(&press(n))?;
    }
    let console = site.receiver.console(0);
    for n in 1..5 {
        check_pressed(&console, SERIAL, n)?;
        check_pressed(&console, TCP, n)?;
    }
    Ok(())
}

fn press(n: usize) -> String {
    contact_id("011", &format!("{n:04}"), "E101", 1)
}

fn check_pressed(console: &Console, line: &str, n: usize) -> Result<()> {
    let alarm = console.until_alarm(line, &format!("{n:04}"))?;
    ensure!(alarm["presses"] == 1, "{n} on {line}: {alarm}");
    Ok(())
}

/// What a port at 9600 baud, 8N1, reads of a sender at 1200 baud, 7E1.
fn at_the_wrong_speed(bytes: &[u8]) -> Vec<u8> {
    const SAMPLES_PER_BIT: usize = 8;
    let mut wire = vec![true];
    for byte in bytes {
        let data = (0..7).map(|bit| byte >> bit & 1 == 1);
        let parity = (byte & 0x7f).count_ones() % 2 == 1;
        for level in [false].into_iter().chain(data).chain([parity, true]) {
            wire.extend([level; SAMPLES_PER_BIT]);
        }
    }
    wire.extend([true; 10]);
    let mut read = Vec::new();
    let mut at = 1;
    while at + 9 <= wire.len() {
        if wire[at - 1] && !wire[at] {
            read.push((0..8).fold(0, |byte, bit| byte | u8::from(wire[at + 1 + bit]) << bit));
            at += 9;
        } else {
            at += 1;
        }
    }
    read
}
