//! The second protocol through the whole receiver: a message is a card before it is acknowledged, and what nothing
//! can store is met with silence.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use telecare_tests::ademco685::{contact_id, frame, link_check};
use telecare_tests::console::is_of;
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::link::Link;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::scratch::Scratch;
use telecare_tests::surgard::HardwareReceiver;

const LINE: &str = "ademco";

/// Messages on a full disk, at most, until the receiver notices.
const MESSAGES_MAX: usize = 2000;

/// How long it may be quiet before silence is believed.
const QUIET: Duration = Duration::from_millis(500);

fn start(disk: Option<Arc<Disk>>) -> Result<(Receiver, HardwareReceiver)> {
    let scratch = Scratch::new("ademco")?;
    let pty = Pty::new(&scratch.join("ttyTEST"))?;
    let line = Line { protocol: "ademco-685", ..Line::new(LINE, Transport::Serial(pty.port().clone())) };
    let setup = Setup { lines: vec![line], disk, ..Setup::default() };
    let ack_wait = setup.ack_wait;
    let mut receiver = Receiver::prepare_in(scratch, setup)?;
    receiver.launch()?;
    Ok((receiver, HardwareReceiver::new(Link::Port(pty), ack_wait).writing(frame)))
}

#[test]
fn a_message_is_a_card_before_it_is_acknowledged() -> Result<()> {
    let (receiver, mut hardware) = start(None)?;
    ensure!(hardware.tell_once(&link_check("00"))?, "a link check is not answered");
    let told = hardware.tell(&contact_id("11", "4321", "E101", 1))?;
    assert_eq!((told.copies, told.acknowledged), (1, 1));
    let console = receiver.console(0);
    let alarms = console.alarms()?;
    let alarm = alarms.iter().find(|alarm| is_of(alarm, LINE, "4321")).expect("acknowledged, so it is there");
    assert_eq!((&alarm["presses"], &alarm["priority"]), (&1.into(), &1.into()), "{alarm}");
    let detail = console.detail(alarm["id"].as_str().unwrap_or_default())?.body;
    assert_eq!(detail["signals"][0]["report"]["protocol"], "ademco-685", "{detail}");
    assert_eq!(detail["signals"][0]["raw"], "\\x0A11 4321 18 E101 01 C001\\x0D", "{detail}");
    // The receiver's own trouble is a technical card, never a resident's.
    hardware.tell("10 RCVB 5555 5155 7")?;
    console.until("the receiver's own card", |list| {
        list["alarms"]
            .as_array()?
            .iter()
            .find(|alarm| alarm["unit_basis"] == "line" && alarm["class"] == "technical")
            .map(|_| ())
    })?;
    Ok(())
}

#[test]
fn what_nothing_can_store_is_met_with_silence_and_arrives_when_it_can() -> Result<()> {
    let disk = Arc::new(Disk::new()?);
    let (receiver, mut hardware) = start(Some(Arc::clone(&disk)))?;
    disk.set(Fault::Full)?;
    // A full disk still has room in the file as it is.
    let press = |n: usize| contact_id("11", &format!("{n:04}"), "E101", 1);
    let mut refused = None;
    for n in 1..MESSAGES_MAX {
        if !hardware.tell_once(&press(n))? {
            refused = Some(n);
            break;
        }
    }
    let refused = refused.context("a journal that stores nothing acknowledged everything")?;
    ensure!(!hardware.tell_once(&press(refused))?, "its copy is acknowledged although nothing can store");
    ensure!(!hardware.tell_once(&link_check("00"))?, "a link check is answered while nothing can store");
    assert_eq!(hardware.acknowledgements_until_quiet(QUIET)?, 0);
    disk.set(Fault::None)?;
    hardware.tell(&press(refused))?;
    let alarm = receiver.console(0).until_alarm(LINE, &format!("{refused:04}"))?;
    assert_eq!(alarm["presses"], 1, "{alarm}");
    Ok(())
}
