//! Beside another platform: a line that only listens hears what its hardware receiver says to the other host, and
//! nobody on the wire can tell that it is there.

use std::time::Duration;

use anyhow::{Result, ensure};
use telecare_tests::link::{Heard, Link};
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::scratch::Scratch;
use telecare_tests::surgard::{contact_id, frame, heartbeat};

const LINE: &str = "beside";

/// How long the wire may be quiet before silence is believed.
const QUIET: Duration = Duration::from_millis(500);

#[test]
fn what_is_heard_is_a_shadow_and_not_a_byte_is_sent() -> Result<()> {
    let scratch = Scratch::new("beside")?;
    let pty = Pty::new(&scratch.join("ttyTEST"))?;
    let line = Line { more: "listen-only = true\n", ..Line::new(LINE, Transport::Serial(pty.port().clone())) };
    let mut receiver = Receiver::prepare_in(scratch, Setup { lines: vec![line], ..Setup::default() })?;
    receiver.launch()?;
    let mut wire = Link::Port(pty);
    // As a splitter gives it: the other host's answers are in between, and one line it left unanswered comes again.
    for line in [heartbeat("011"), contact_id("011", "1234", "E101", 1)] {
        wire.write(&frame(&line))?;
        wire.write(b"\x06")?;
    }
    for _ in 0..2 {
        wire.write(&frame(&contact_id("011", "5678", "E101", 1)))?;
    }
    let console = receiver.console(0);
    let twice = console.until("both copies", |list| {
        let mut alarms = list["alarms"].as_array()?.iter();
        alarms.find(|alarm| alarm["unit"] == "unit 5678" && alarm["presses"] == 2).cloned()
    })?;
    assert_eq!((&twice["shadow"], &twice["repeats"]), (&true.into(), &0.into()), "{twice}");
    let once = console.until_alarm(LINE, "1234")?;
    ensure!(once["headline"].as_str().is_some_and(|words| words.starts_with("Shadow: ")), "{once}");
    let detail = console.detail(once["id"].as_str().unwrap_or_default())?.body;
    assert_eq!(detail["signals"][0]["shadow"], true, "{detail}");
    assert_eq!(detail["signals"][0]["report"]["warnings"].as_array().map(Vec::len), Some(0), "{detail}");
    assert_eq!(wire.read(QUIET)?, Heard::Nothing);
    ensure!(receiver.terminate()?.success());
    assert_eq!(wire.read(QUIET)?, Heard::Nothing, "nor when it ends");
    Ok(())
}
