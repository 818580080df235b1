//! `call` against a receiver that answers, one that answers late and one that does not.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

use telecare_protocol::osborne_hoffman::{Cipher, Key};
use telecare_protocol::{Mode, sia_dc09, sia_frame};

const ACK: u8 = 0x06;
/// The ends of lines: DC4 with Sur-Gard and Radionics, CR with the others.
const ENDS: [u8; 2] = [0x14, 0x0D];

/// Places calls at a receiver that leaves the first `deaf` lines unanswered; tells every line it got.
fn call(arguments: &[&str], deaf: usize) -> (Output, Vec<String>) {
    connected(&[&["call", "--ack-wait-ms", "200"], arguments].concat(), deaf)
}

/// The same for any command that speaks.
fn connected(arguments: &[&str], deaf: usize) -> (Output, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("tcp:{}", listener.local_addr().unwrap());
    let receiver = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        let mut byte = [0];
        while stream.read(&mut byte).unwrap_or(0) == 1 {
            line.push(byte[0]);
            if ENDS.contains(&byte[0]) {
                let answer = answer(&line);
                lines.push(String::from_utf8(std::mem::take(&mut line)).unwrap());
                if lines.len() > deaf && stream.write_all(&answer).is_err() {
                    break;
                }
            }
        }
        lines
    });
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(arguments)
        .args(["--to", &to])
        .env_remove("TELECARE_TOKEN")
        .output()
        .unwrap();
    (output, receiver.join().unwrap())
}

/// One byte; a frame of DC-07 is answered by a frame.
fn answer(line: &[u8]) -> Vec<u8> {
    sia_frame::read(line, Mode::Strict).map_or(vec![ACK], |read| sia_dc09::ack(&read.frame))
}

#[test]
fn an_acknowledged_call_is_done() {
    let (output, lines) = call(&["--account", "1234", "--code", "101", "--zone", "005"], 0);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(lines, ["5011 181234E10100005\x14"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("sent 5011 181234E10100005\\x14"), "{text}");
    assert!(text.contains("acknowledged after ") && text.contains("attempts 1"), "{text}");
}

#[test]
fn a_call_without_fields_is_a_test_of_nobody() {
    for (arguments, line) in [
        (&[][..], "5011 189999E60100000\x14"),
        (&["--form", "3"], "3011      9999RX0000\x14"),
        (&["--frame", "5011 181234E12101001\\x14"], "5011 181234E12101001\x14"),
        (&["--frame", "Z99??"], "Z99??\x14"),
        (&["--heartbeat"], "1011           @    \x14"),
    ] {
        let (output, lines) = call(arguments, 0);
        assert_eq!((output.status.code(), &lines[..]), (Some(0), &[line.to_owned()][..]), "{arguments:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.contains("the reserved test identity"), line.contains("9999"), "{said}");
    }
}

#[test]
fn ademco_685_is_spoken_as_well() {
    for (arguments, line) in [
        (&[][..], "\n11 9999 18 E601 00 C000\r"),
        (&["--account", "4321", "--code", "101", "--zone", "001"], "\n11 4321 18 E101 00 C001\r"),
        (&["--form", "4+2", "--account", "0042", "--event", "5", "--zone", "1"], "\n11 0042 5 1\r"),
        (&["--form", "4+1", "--event", "3"], "\n11 9999 3\r"),
        (&["--heartbeat", "--receiver", "0", "--line", "0"], "\n00 OKAY @\r"),
    ] {
        let (output, lines) = call(&[&["--protocol", "ademco-685"], arguments].concat(), 0);
        assert_eq!((output.status.code(), &lines[..]), (Some(0), &[line.to_owned()][..]), "{arguments:?}");
    }
    let encoded = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(["encode", "--protocol", "ademco-685", "--account", "4321", "--code", "101"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(encoded.stdout).unwrap(), "\\x0A11 4321 18 E101 00 C000\\x0D\n");
    let (wrong, lines) = (Command::new(env!("CARGO_BIN_EXE_telecare-ctl")))
        .args(["encode", "--protocol", "ademco-685", "--account", "43", "--code", "101"])
        .output()
        .map(|output| (output.status.code(), output.stdout))
        .unwrap();
    assert_eq!((wrong, lines.is_empty()), (Some(2), true), "an account of two digits");
}

fn dc07(body: &str) -> String {
    String::from_utf8(sia_frame::frame_of(body.as_bytes(), sia_frame::Check::Hex)).unwrap()
}

#[test]
fn the_other_automation_outputs_are_spoken_as_well() {
    let fields: &[&str] = &["--account", "4321", "--code", "101", "--zone", "001"];
    let table: [(&str, &[&str], String); 13] = [
        ("radionics-6500", &[], "a011 999918160100000\x14".to_owned()),
        ("radionics-6500", fields, "a011 432118110100001\x14".to_owned()),
        ("radionics-6500", &["--form", "S", "--data", "NMA003"], "S011[#9999|NMA003]\x14".to_owned()),
        ("radionics-6500", &["--heartbeat"], "1010           @    \x14".to_owned()),
        ("cp-220", &[], "\n11 9999 18 E601 00 C000\r".to_owned()),
        ("cp-220", fields, "\n11 4321 18 E101 00 C001\r".to_owned()),
        ("cp-220", &["--heartbeat"], "\n11 OKAY @\r".to_owned()),
        ("iti", &["--data", "0A 1zQ4 7"], "\n0A 1zQ4 7\r".to_owned()),
        ("iti", &["--heartbeat"], "\n00 OKAY @\r".to_owned()),
        ("sia-dc07", &["--sequence", "1"], dc07("\"ADM-CID\"0001R1L1[#9999|1601 00 000]")),
        (
            "sia-dc07",
            &["--sequence", "1", "--account", "4321", "--code", "101", "--zone", "001"],
            dc07("\"ADM-CID\"0001R1L1[#4321|1101 00 001]"),
        ),
        (
            "sia-dc07",
            &["--form", "S", "--data", "NMA003", "--sequence", "77"],
            dc07("\"SIA-DCS\"0077R1L1[#9999|NMA003]"),
        ),
        ("sia-dc07", &["--heartbeat"], dc07("\"NULL\"0000R1L1[]")),
    ];
    for (protocol, arguments, line) in table {
        let (output, lines) = call(&[&["--protocol", protocol], arguments].concat(), 0);
        assert_eq!((output.status.code(), lines), (Some(0), vec![line]), "{protocol} {arguments:?}: {output:?}");
    }
    for (protocol, attempts) in [("radionics-6500", 4), ("sia-dc07", 4), ("cp-220", 2), ("iti", 2)] {
        let (output, lines) = call(&["--protocol", protocol, "--heartbeat"], usize::MAX);
        assert_eq!((output.status.code(), lines.len()), (Some(1), attempts), "{protocol}");
    }
}

#[test]
fn a_simulated_receiver_of_each_make_calls_until_it_is_answered() {
    for protocol in ["radionics-6500", "sia-dc07", "cp-220", "iti"] {
        let simulate = ["simulate", protocol, "--for", "1", "--calls-per-minute", "600", "--seed", "7"];
        let (output, lines) = connected(&simulate, 0);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{protocol}: {said}");
        assert!(lines.len() > 2 && said.contains("acknowledged, attempts 1"), "{protocol}: {lines:?} {said}");
    }
}

#[test]
fn an_unanswered_line_is_sent_again() {
    let (output, lines) = call(&["--repeat", "2", "--every", "0"], 2);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(lines.len(), 4, "three attempts of the first call, one of the second");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("attempts 3") && text.contains("2 calls, all acknowledged"), "{text}");
}

#[test]
fn four_unanswered_attempts_are_a_failed_call() {
    let (output, lines) = call(&["--repeat", "3"], usize::MAX);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines.len(), 4);
    assert!(String::from_utf8(output.stdout).unwrap().contains("NOT acknowledged"));
}

#[test]
fn a_receiver_that_is_not_there_is_a_failed_call() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let arguments = ["call", "--to", &format!("tcp:{closed}")];
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stderr.is_empty());
}

#[test]
fn an_ademco_685_call_is_placed_as_its_receiver_does() {
    for (arguments, line) in [
        (&[][..], "\n11 9999 18 E601 00 C000\r"),
        (&["--heartbeat"], "\n11 OKAY @\r"),
        (&["--frame", "12 0042 5 1"], "\n12 0042 5 1\r"),
    ] {
        let (output, lines) = call(&[&["--protocol", "ademco-685"], arguments].concat(), 0);
        assert_eq!((output.status.code(), &lines[..]), (Some(0), &[line.to_owned()][..]), "{arguments:?}");
    }
    let (output, lines) = call(&["--protocol", "ademco-685"], usize::MAX);
    assert_eq!((output.status.code(), lines.len()), (Some(1), 2), "two attempts, then computer trouble");
}

/// A pager system that acknowledges every selection and block, but for the first `deaf` blocks; tells the blocks.
fn pager(arguments: &[&str], deaf: usize) -> (Output, Vec<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("tcp:{}", listener.local_addr().unwrap());
    let receiver = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut blocks, mut bytes) = (Vec::new(), Vec::new());
        let mut byte = [0];
        while stream.read(&mut byte).unwrap_or(0) == 1 {
            bytes.push(byte[0]);
            let is_block = bytes.contains(&0x01);
            if is_block && bytes.len() > 2 && bytes[bytes.len() - 2] == 0x03 {
                blocks.push(std::mem::take(&mut bytes));
                if blocks.len() > deaf && stream.write_all(&[ACK]).is_err() {
                    break;
                }
            } else if !is_block && bytes.ends_with(b"1\x052\x05") {
                bytes.clear();
                if stream.write_all(&[ACK]).is_err() {
                    break;
                }
            }
        }
        blocks
    });
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(arguments)
        .args(["--to", &to])
        .env_remove("TELECARE_TOKEN")
        .output()
        .unwrap();
    (output, receiver.join().unwrap())
}

#[test]
fn espa_444_is_spoken_as_well() {
    let call = ["call", "--protocol", "espa-444", "--ack-wait-ms", "200"];
    let test = b"\x011\x021\x1f9999\x1e2\x1fTEST CALL\x1e4\x1f3\x1e6\x1f3\x03".to_vec();
    for (arguments, block) in [
        (&[][..], test),
        (
            &["--address", "12", "--message", "FLAT 18"],
            b"\x011\x021\x1f12\x1e2\x1fFLAT 18\x1e4\x1f3\x1e6\x1f3\x03".to_vec(),
        ),
    ] {
        let (output, blocks) = pager(&[&call, arguments].concat(), 1);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(blocks.len(), 2, "the first one was not answered");
        assert!(blocks.iter().all(|sent| sent.starts_with(&block)), "{blocks:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("attempts 2"), "{said}");
    }
    let (output, _) = pager(&call, usize::MAX);
    assert_eq!(output.status.code(), Some(1));
    let encoded = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(["encode", "--protocol", "espa-444", "--header", "2", "--address", "0815", "--call-status", "6"])
        .output()
        .unwrap();
    let expected = "\\x012\\x021\\x1F0815\\x1E7\\x1F6\\x03\\x11\n";
    assert_eq!(String::from_utf8(encoded.stdout).unwrap(), expected);
}

#[test]
fn a_controller_that_is_not_there_calls_again_and_again() {
    let simulate = ["simulate", "espa-444", "--for", "2", "--calls-per-minute", "300", "--seed", "7"];
    let (output, blocks) = pager(&simulate, 0);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(blocks.len() > 3, "{blocks:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&format!("{0} calls, {0} acknowledged", blocks.len())), "{said}");
}

/// A receiver of panels: a key for each connection, ACK to all but the first message; every text it got.
fn panels_receiver(arguments: &[&str], connections: usize) -> (Output, Vec<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("tcp:{}", listener.local_addr().unwrap());
    let receiver = thread::spawn(move || {
        let mut texts = Vec::new();
        for number in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            let key = Key::new([u8::try_from(number + 1).unwrap(); 24]);
            stream.write_all(&key.masked()).unwrap();
            let (cipher, mut closed, mut block) = (Cipher::new(&key), Vec::new(), [0; 8]);
            while stream.read_exact(&mut block).is_ok() {
                closed.extend(block);
                if !cipher.open(&block).ends_with(&[0]) {
                    continue;
                }
                texts.push(cipher.open(&std::mem::take(&mut closed)));
                // The first goes unanswered, and with it its connection where there is another.
                if texts.len() == 1 && connections > 1 {
                    break;
                }
                if texts.len() > 1 {
                    stream.write_all(&cipher.close(b"ACK\r")).unwrap();
                }
            }
        }
        texts
    });
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(arguments)
        .args(["--to", &to])
        .env_remove("TELECARE_TOKEN")
        .output()
        .unwrap();
    (output, receiver.join().unwrap())
}

#[test]
fn a_panel_takes_its_key_and_calls() {
    let call = ["call", "--protocol", "osborne-hoffman", "--ack-wait-ms", "200", "--sequence", "00A7"];
    let (output, texts) = panels_receiver(&call, 1);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = b"\n01010034\"ADM-CID\"00A7R0001L0001[#009999|1601 00 000]\r\0";
    assert!(texts.len() == 2 && texts.iter().all(|sent| sent.starts_with(text)), "{texts:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("attempts 2") && said.contains("account 009999: the reserved test identity"), "{said}");
}

#[test]
fn a_panel_that_is_not_there_calls_again_on_another_connection() {
    let simulate = ["simulate", "osborne-hoffman", "--for", "2", "--calls-per-minute", "300", "--seed", "7"];
    let (output, texts) = panels_receiver(&simulate, 2);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(texts.len() > 3 && said.contains("2 connections"), "{said}");
    let distinct: std::collections::BTreeSet<_> = texts.iter().collect();
    assert!(said.contains(&format!("{0} calls, {0} acknowledged", distinct.len())), "{said}\n{texts:?}");
}

/// A receiver that answers each message that ends so, but for the first `deaf` ones; tells everything it got.
fn answers(arguments: &[&str], ends: &'static [u8], answer: &'static [u8], deaf: usize) -> (Output, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("tcp:{}", listener.local_addr().unwrap());
    let receiver = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut heard, mut messages) = (Vec::new(), 0);
        let mut byte = [0];
        while stream.read(&mut byte).unwrap_or(0) == 1 {
            heard.push(byte[0]);
            if ends.is_empty() || heard.ends_with(ends) {
                messages += 1;
                if messages > deaf && stream.write_all(answer).is_err() {
                    break;
                }
            }
        }
        heard
    });
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(arguments)
        .args(["--to", &to])
        .env_remove("TELECARE_TOKEN")
        .output()
        .unwrap();
    (output, receiver.join().unwrap())
}

#[test]
fn a_panels_call_goes_block_by_block() {
    // Only the account block is answered: the call is not acknowledged.
    let call = ["call", "--protocol", "sia-dc03", "--ack-wait-ms", "100", "--data", "Nri1/QA001"];
    let (output, heard) = answers(&call, b"D#9999\x98", b"\x40\x38\x87", 0);
    assert_eq!(output.status.code(), Some(1));
    let event = b"INri1/QA001\xDC";
    assert!(heard.starts_with(&[&b"D#9999\x98"[..], event].concat()), "{heard:X?}");
    assert_eq!(heard.windows(event.len()).filter(|part| part == event).count(), 4, "four attempts");
    let (output, _) = answers(&call[..5], b"", b"", usize::MAX);
    assert_eq!(output.status.code(), Some(1), "nobody answers");
}

#[test]
fn a_texecom_panel_takes_the_answer_to_its_message() {
    let call = ["call", "--protocol", "texecom", "--ack-wait-ms", "200"];
    let (output, heard) = answers(&call, b"\r\n", b"2\x06\r\n", 1);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(heard, b"29999181601000007\r\n".repeat(2)[..].to_vec(), "{}", String::from_utf8_lossy(&heard));
    let (output, heard) = answers(&[&call[..], &["--heartbeat"]].concat(), b"\r\n", b"[P]\0\x02\x06\r\n", 0);
    assert_eq!((output.status.code(), &heard[..]), (Some(0), &b"POLL9999#\0\0\0\0\r\n"[..]));
    let sia = [&call[..], &["--form", "sia", "--account", "1000", "--data", "Nri1MA003", "--message", "HALL"]].concat();
    let (output, heard) = answers(&sia, b"\r\n", b"3\x06\r\n", 0);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(heard.starts_with(b"3\xC4#1000\x19\xC8Nri1MA003\x6C"), "{heard:X?}");
    let simulate = ["simulate", "texecom", "--for", "2", "--calls-per-minute", "300", "--seed", "7"];
    let (output, _) = answers(&simulate, b"\r\n", b"2\x06\r\n", 0);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn panels_messages_are_encoded_and_decoded() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let encode = ["encode", "--protocol", "sia-dc03", "--account", "1234", "--data", "NMA003", "--message", "HALL"];
    let blocks = "D#1234\\x9CENMA003\\xCBDAHALL\\xFE@0\\x8F\n";
    let (code, said) = run(&encode);
    assert_eq!((code, said.len()), (Some(0), blocks.len()), "{said}");
    let (code, said) = run(&["decode", "--protocol", "sia-dc03", said.trim_end()]);
    assert!(code == Some(0) && said.contains("medical") && said.contains("HALL"), "{said}");
    let (code, said) = run(&["decode", "--protocol", "texecom", "21AAA181100010039"]);
    assert!(code == Some(0) && said.contains("1000"), "{said}");
    assert_eq!(run(&["encode", "--protocol", "sia-dc03", "--account", "1", "--data", "Nhelp"]).0, Some(2));
}
