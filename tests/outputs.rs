//! Every automation output but Sur-Gard's and Ademco 685's, which have their own tests, through the whole receiver: a
//! message is a card before it is acknowledged, a link test is answered and is none, damage is met with silence.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use telecare_tests::console::Console;
use telecare_tests::link::{Heard, Link};
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport};
use telecare_tests::scratch::Scratch;

/// How long it may be quiet before silence is believed.
const QUIET: Duration = Duration::from_millis(500);
const ANSWER_WAIT: Duration = Duration::from_secs(4);

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

#[test]
fn a_message_is_a_card_before_it_is_acknowledged() -> Result<()> {
    let scratch = Scratch::new("outputs")?;
    let ptys: Vec<Pty> =
        MAKES.iter().map(|make| Pty::new(&scratch.join(&format!("tty-{}", make.protocol)))).collect::<Result<_>>()?;
    let line = |(make, pty): (&Make, &Pty)| Line {
        protocol: make.protocol,
        ..Line::new(make.protocol, Transport::Serial(pty.port().clone()))
    };
    let lines = MAKES.iter().zip(&ptys).map(line).collect();
    let mut receiver = Receiver::prepare_in(scratch, Setup { lines, ..Setup::default() })?;
    receiver.launch()?;
    let console = receiver.console(0);
    for (make, pty) in MAKES.iter().zip(ptys) {
        let name = make.protocol;
        let mut link = Link::Port(pty);
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
