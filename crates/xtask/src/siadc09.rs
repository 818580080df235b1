//! siadc09: another decoder of SIA DC-09, written by others. It must read every kind of frame that our encoder makes, in
//! clear and encrypted, and make of it what our encoder was told.
//!
//! It is a Python package, in an environment of its own in `target/`, at a pinned version.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use telecare_protocol::sia_dc09::{
    Content, Extended, Key, Padding, Pads, ack, clear, duh, encrypted, encrypted_ack, stamp,
};
use telecare_protocol::sia_frame::{Address, Check, Frame, Head, Read, read};
use telecare_protocol::{Mode, Protocol};
use telecare_tests::python::Package;
use time::OffsetDateTime;

use crate::step::root;

/// What is installed.
const SIADC09: Package = Package { name: "siadc09", version: "1.0.1" };

/// Hands it the frames.
pub fn prove() -> Result<()> {
    let python = SIADC09.programs()?.join("python");
    let frames = frames();
    println!("{} frames of {} for siadc09 {}", frames.len(), Protocol::SiaDc09, SIADC09.version);
    let mut command = Command::new(python);
    command.arg(root().join("tests/clients/siadc09_frames.py")).stdin(Stdio::piped());
    let mut child = command.spawn().context("run python")?;
    let mut input = child.stdin.take().context("its input")?;
    for frame in &frames {
        writeln!(input, "{frame}")?;
    }
    drop(input);
    ensure!(child.wait()?.success(), "siadc09 reads frames otherwise than they were meant");
    Ok(())
}

/// Token, data and extended data.
type Said = (&'static str, &'static str, &'static [(char, &'static str)]);

/// What is said.
const SAID: [Said; 9] = [
    ("SIA-DCS", "Nri1/QA001", &[]),
    ("SIA-DCS", "NMA0003", &[]),
    ("SIA-DCS", "NYT", &[]),
    ("SIA-DCS", "Nri1/id007/RX007", &[]),
    ("SIA-DCS", "Nri1/QA001", &[('X', "001W07.2500"), ('Y', "53N47.9200"), ('T', "M")]),
    ("SIA-DCS", "Nri1/QA001", &[('V', "http://example.test/clip/1"), ('I', "HALL PULLCORD"), ('S', "Mill Lane")]),
    ("ADM-CID", "1101 00 001", &[]),
    ("ADM-CID", "3401 01 057", &[('L', "hall")]),
    ("NULL", "", &[]),
];

/// Every kind of frame: each thing said, by each kind of address, in clear with and without a stamp, with each length of
/// key and of padding; and the answers to each.
fn frames() -> Vec<Value> {
    let utc = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(1_741_947_630);
    let keys = [
        None,
        Some("00112233445566778899AABBCCDDEEFF".to_owned()),
        Some("0123456789ABCDEF".repeat(3)),
        Some("0123456789ABCDEF".repeat(4)),
    ];
    let addresses = [(None, "0", "1234"), (Some("1"), "1", "00421A"), (Some("0F3"), "77", "ABCDEF0123456789")];
    let mut pads = Pads::new([7; 16]);
    let mut frames = Vec::new();
    let mut sequence = 0_u16;
    for key in keys {
        for (receiver, prefix, account) in addresses {
            let address = Address {
                receiver: receiver.map(str::to_owned),
                line: Some(prefix.to_owned()),
                account: Some(account.to_owned()),
                bare: false,
            };
            for (token, text, extended) in SAID {
                for variant in [false, true] {
                    sequence = if token == "NULL" { 0 } else { sequence % 9999 + 1 };
                    let head = Head { enciphered: false, token: token.to_owned(), sequence, address: address.clone() };
                    let data = if text.is_empty() { String::new() } else { format!("#{account}|{text}") };
                    let extended: Vec<Extended> = extended
                        .iter()
                        .map(|(kind, text)| Extended { kind: *kind, text: (*text).to_owned() })
                        .collect();
                    let mut one =
                        One { key: key.clone(), data: data.clone(), extended: extended.clone(), stamp: stamp(utc) };
                    match key.as_deref().and_then(|key| Key::from_hex(key).ok()) {
                        None => {
                            one.stamp = if variant { stamp(utc) } else { String::new() };
                            let bytes = clear(head, Check::Hex, &data, &extended, &one.stamp);
                            frames.push(one.of(&bytes));
                            let Ok(Read { frame, .. }) = read(&bytes, Mode::Strict) else { continue };
                            frames.extend(answers(&frame));
                        }
                        Some(key) => {
                            let padding = Padding { bar: !data.is_empty(), long: variant };
                            let content = Content::encode(&data, &extended, &one.stamp);
                            let bytes = encrypted(head.clone(), Check::Hex, &content, padding, &key, &mut pads);
                            frames.extend(bytes.map(|bytes| one.of(&bytes)));
                            let (data, extended) = (String::new(), Vec::new());
                            let answer = One { data, extended, ..one };
                            let frame = Frame { check: Check::Hex, head, content: Vec::new() };
                            let ack = encrypted_ack(&frame, &key, variant, &mut pads, utc);
                            frames.extend(ack.map(|ack| answer.of(&ack)));
                        }
                    }
                }
            }
        }
    }
    frames
}

/// Those of a receiver. A NAK names nobody, which that decoder does not read; it is compared byte for byte in the vectors.
fn answers(of: &Frame) -> [Value; 2] {
    let nothing = One { key: None, data: String::new(), extended: Vec::new(), stamp: String::new() };
    [nothing.of(&ack(of)), nothing.of(&duh(of))]
}

/// What a frame was told.
struct One {
    key: Option<String>,
    data: String,
    extended: Vec<Extended>,
    stamp: String,
}

impl One {
    /// The frame and what is to be read in it.
    fn of(&self, bytes: &[u8]) -> Value {
        // Of the head the frame's own reader is asked: it was proven by the vectors.
        let head = read(bytes, Mode::Strict).map(|read| read.frame.head).ok();
        let number = |text: &Option<String>| text.as_deref().and_then(|text| u64::from_str_radix(text, 16).ok());
        let address = head.as_ref().map(|head| &head.address);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({
            "frame": hex,
            "key": self.key,
            "expect": {
                "token": head.as_ref().map(|head| &head.token),
                "sequence": head.as_ref().map(|head| head.sequence),
                "account": address.and_then(|address| number(&address.account)),
                // It knows no difference between a prefix of 0 and none.
                "prefix": address.and_then(|address| number(&address.line)).filter(|prefix| *prefix != 0),
                "receiver": address.and_then(|address| number(&address.receiver)),
                "encrypted": self.key.is_some(),
                "data": self.data,
                "extended": self.extended.iter().map(|one| one.kind).collect::<Vec<char>>(),
                "stamp": self.stamp,
            },
        })
    }
}
