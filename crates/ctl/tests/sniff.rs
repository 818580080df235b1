//! `sniff` on a pseudo-terminal, which has no speed but shows the way of the bytes, and that none is written.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::termios::{LocalModes, tcgetattr};
use telecare_tests::link::{Heard, Link};
use telecare_tests::pty::Pty;
use telecare_tests::scratch::Scratch;
use telecare_tests::surgard::{contact_id, frame, heartbeat};

const EVEN_PARITY: u8 = 0x80;

/// A hardware receiver's port with a `sniff` on it.
struct Rig {
    scratch: Scratch,
    link: Link,
}

impl Rig {
    fn new() -> Rig {
        let scratch = Scratch::new("sniff").unwrap();
        let link = Link::Port(Pty::new(&scratch.join("ttyTEST")).unwrap());
        Rig { scratch, link }
    }

    /// Starts listening, and waits until it listens.
    fn sniff(&self, arguments: &[&str]) -> (Child, BufReader<std::process::ChildStderr>) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
            .arg("sniff")
            .arg(format!("serial:{}", self.scratch.join("ttyTEST").display()))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        until(&mut told, "listening at 1200 8N1");
        (child, told)
    }
}

/// Reads what a person is told until a line has these words.
fn until(told: &mut impl BufRead, words: &str) {
    let mut line = String::new();
    while told.read_line(&mut line).unwrap() > 0 {
        if line.contains(words) {
            return;
        }
        line.clear();
    }
    panic!("never told: {words}");
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A line as a port without parity shows it when it is sent with even parity.
fn with_parity(line: &str) -> Vec<u8> {
    let bytes = frame(line);
    bytes.into_iter().map(|byte| if byte.count_ones() % 2 == 1 { byte | EVEN_PARITY } else { byte }).collect()
}

#[test]
fn a_receiver_is_recognised_and_nothing_is_written_to_it() {
    let mut rig = Rig::new();
    let (child, mut told) = rig.sniff(&["--beside", "--for", "60"]);
    // What makes no sense moves it on to the next speed.
    rig.link.write(&[0x81, 0x93, 0xFF, 0xE1, 0x80, 0xC3, 0xF0, 0x95]).unwrap();
    until(&mut told, "listening at 9600 8N1");
    rig.link.write(&with_parity(&heartbeat("02003"))).unwrap();
    until(&mut told, "surgard at 9600 7E1");
    rig.link.write(&with_parity(&contact_id("02003", "0042", "E100", 0))).unwrap();
    rig.link.write(&with_parity(&heartbeat("02003"))).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let path = rig.scratch.join("ttyTEST");
    for words in [
        "5 digits of receiver and line",
        &format!("serial = {{ path = {path:?}, speed = 9600, data-bits = 7, parity = \"even\", stop-bits = 1 }}"),
        "surgard = { header-digits = 5, link-watch-s = ",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(matches!(rig.link.read(Duration::ZERO).unwrap(), Heard::Nothing), "a byte was written");
    // The pasted section is one that the receiver takes.
    let section = said.split_once("[[line]]").unwrap().1;
    let config = format!("[receiver]\nname = \"s-1\"\n[journal]\ndirectory = \"j\"\n[[line]]{section}");
    fs::write(rig.scratch.join("receiver.toml"), config).unwrap();
    let receiver = telecare_tests::receiver::binary("telecare-receiver").unwrap();
    let checked = Command::new(receiver).arg("--check").arg("--config").arg(rig.scratch.join("receiver.toml")).output();
    assert!(checked.as_ref().unwrap().status.success(), "{checked:?}");
}

#[test]
fn a_port_is_given_back_as_it_was_and_one_in_use_is_left_alone() {
    let rig = Rig::new();
    let port = fs::File::open(rig.scratch.join("ttyTEST")).unwrap();
    let before = tcgetattr(&port).unwrap();
    assert!(before.local_modes.contains(LocalModes::ECHO), "a fresh terminal echoes");
    let (child, mut told) = rig.sniff(&["--beside", "--for", "1"]);
    let mut rest = String::new();
    told.read_line(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("nothing was heard in 1 s"), "{output:?}");
    let after = tcgetattr(&port).unwrap();
    assert_eq!((after.local_modes, after.input_modes), (before.local_modes, before.input_modes));

    let refused = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .arg("sniff")
        .arg(format!("serial:{}", rig.scratch.join("ttyTEST").display()))
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is in use by"), "{refused:?}");
}

#[test]
fn a_capture_is_judged_like_a_port() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("capture");
    let judge = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        Command::new(env!("CARGO_BIN_EXE_telecare-ctl")).args(["sniff", "--replay"]).arg(&file).output().unwrap()
    };
    let event = contact_id("011", "1234", "E101", 5);
    let table: [(Vec<u8>, i32, &str); 9] = [
        (frame(&event), 0, "surgard at 8N1"),
        (with_parity(&event), 0, "surgard at 7E1"),
        (frame("a011 432118110100001"), 0, "radionics-6500 at 8N1"),
        (b"\n338D001F\"SIA-DCS\"0001R1L1[#1234|NMA003]\r".to_vec(), 0, "sia-dc07 at 8N1"),
        (b"\n1Z1234A3\r".to_vec(), 0, "cp-220 at 8N1"),
        (b"\nIT IRCV 234A\r".to_vec(), 0, "iti at 8N1"),
        (b"login: root\r\nwelcome\r\n".to_vec(), 1, "no protocol we know"),
        ((0..60).map(|n: u8| n.wrapping_mul(67) | 0x81).collect(), 1, "make no sense"),
        (Vec::new(), 1, "empty"),
    ];
    for (bytes, code, words) in table {
        let output = judge(&bytes);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(text(&output).contains(words), "{words}: {output:?}");
    }
}
