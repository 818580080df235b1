//! `call` and `calls` against a real receiver: what became of the call is told with every time.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::net::SocketAddr;
use std::process::{Command, Output};

use serde_json::Value;
use telecare_tests::port;
use telecare_tests::receiver::{Line, Receiver, Setup, Transport, token};

fn ctl(receiver: &Receiver, arguments: &[&str]) -> (Output, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(arguments)
        .env("TELECARE_API", format!("http://127.0.0.1:{}", receiver.api_port()))
        .env("TELECARE_TOKEN", token(0))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    (output, said)
}

fn listening() -> (Receiver, String) {
    let address: SocketAddr = ([127, 0, 0, 1], port::free().unwrap()).into();
    let lines = vec![Line::new("north", Transport::Listen { address, connections_max: 8 })];
    (Receiver::start(Setup { lines, ..Setup::default() }).unwrap(), format!("tcp:{address}"))
}

#[test]
fn a_test_call_is_followed_into_the_list() {
    let (receiver, to) = listening();
    let (output, said) = ctl(&receiver, &["call", "--to", &to]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let order = [
        " connected after ",
        " sent 5011 189999E60100000",
        "the reserved test identity",
        " acknowledged after ",
        " journalled ",
        " visible within ",
        "9999",
    ];
    let mut from = 0;
    for words in order {
        let at = said[from..].find(words).unwrap_or_else(|| panic!("{words} after {from} in {said}"));
        from += at + words.len();
    }
    assert!(said.contains("served to an operator's console") || said.contains("not served"), "{said}");
    let (again, _) = ctl(&receiver, &["call", "--to", &to, "--account", "0042", "--code", "101"]);
    assert_eq!(again.status.code(), Some(0));

    let (listed, table) = ctl(&receiver, &["calls", "--line", "north"]);
    assert_eq!(listed.status.code(), Some(0), "{listed:?}");
    assert!(table.contains("stored") && table.contains("positive") && table.contains("0042"), "{table}");
    let (_, json) = ctl(&receiver, &["calls", "--account", "0042", "--json"]);
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["calls"].as_array().unwrap().len(), 1, "{told}");
    let (none, words) = ctl(&receiver, &["calls", "--number", "01527 123456"]);
    assert_eq!((none.status.code(), words.contains("no such call")), (Some(1), true), "{words}");
}

#[test]
fn a_call_that_another_receiver_took_is_not_in_this_ones_list() {
    let (_first, to) = listening();
    let (second, _) = listening();
    let (output, said) = ctl(&second, &["call", "--to", &to]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(" acknowledged after ") && said.contains("NOT in the receiver's list"), "{said}");
}
