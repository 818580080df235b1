//! `call` by tones, against a real receiver with a telephone line.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use telecare_tests::disk::{Disk, Fault};
use telecare_tests::receiver::{Line, Receiver, Setup, Transport, token};
use tempfile::TempDir;

struct Bench {
    receiver: Receiver,
    modem: PathBuf,
    _ports: TempDir,
}

impl Bench {
    fn new(disk: Option<Arc<Disk>>) -> Bench {
        Bench::speaking("bs8521", disk)
    }

    fn speaking(protocol: &'static str, disk: Option<Arc<Disk>>) -> Bench {
        let ports = tempfile::tempdir().unwrap();
        let modem = ports.path().join("modem");
        let lines = vec![Line { protocol, ..Line::new("phone", Transport::VoiceModem(modem.clone())) }];
        let receiver = Receiver::start(Setup { lines, disk, ..Setup::default() }).unwrap();
        Bench { receiver, modem, _ports: ports }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_of("bs8521", arguments)
    }

    fn command_of(&self, protocol: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"));
        command
            .args(["call", "--protocol", protocol, "--to", &format!("voice-modem:{}", self.modem.display())])
            .args(arguments)
            .env("TELECARE_API", format!("http://127.0.0.1:{}", self.receiver.api_port()))
            .env("TELECARE_TOKEN", token(0));
        command
    }

    fn call(&self, arguments: &[&str]) -> (Output, String) {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8(output.stdout.clone()).unwrap();
        (output, said)
    }
}

fn in_order(said: &str, words: &[&str]) {
    let mut from = 0;
    for words in words {
        let at = said[from..].find(words).unwrap_or_else(|| panic!("{words} after {from} in {said}"));
        from += at + words.len();
    }
}

#[test]
fn a_test_call_is_heard_acknowledged_cleared_and_followed_into_the_list() {
    let bench = Bench::new(None);
    let (output, said) = bench.call(&["--caller", "01527960042"]);
    assert_eq!(output.status.code(), Some(0), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let order = [
        " waiting for the receiver",
        "will send A010000009999000005800000",
        "the reserved test identity",
        " rings",
        " answered",
        " hears B, 600 ms",
        " plays A0100",
        " hears B, 80 ms",
        " acknowledged after ",
        // A routine report: the receiver clears the call by itself.
        " the unit was told [A]D",
        " journalled ",
        " visible within ",
    ];
    in_order(&said, &order);
    assert!(!bench.modem.is_symlink(), "it leaves nothing behind");
}

#[test]
fn what_is_wrong_with_a_unit_can_be_chosen() {
    let bench = Bench::new(None);
    let unit = ["--controller", "00012345", "--event", "019", "--stay-s", "1"];
    for (fault, code, words) in [
        (&["--fault", "wrong-checksum", "--faulty-sends", "1"][..], 0, "attempts 2"),
        (&["--fault", "ignored-ack", "--digits-once"], 0, "attempts 2"),
        (&["--fault", "hang-up-mid-frame"], 1, "NOT acknowledged"),
    ] {
        let (output, said) = bench.call(&[&unit[..], fault].concat());
        assert_eq!(output.status.code(), Some(code), "{fault:?} {said}");
        assert!(said.contains(words), "{fault:?} {said}");
    }
    let (output, said) = bench.call(&["--controller", "1"]);
    assert_eq!((output.status.code(), said.as_str()), (Some(2), ""), "a frame that is none");
    let wrong = bench.command(&[]).args(["--to", "tcp:127.0.0.1:1"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2), "given twice, or no telephone");
}

/// From the console through the modem to the unit and back.
#[test]
fn an_operator_clears_a_call_down() {
    let bench = Bench::new(None);
    let unit = ["--controller", "00012345", "--event", "019", "--stay-s", "60"];
    let calling = bench.command(&unit).stdout(Stdio::piped()).spawn().unwrap();
    let console = bench.receiver.console(0);
    let speaks = |list: &Value| {
        let mut alarms = list["alarms"].as_array()?.iter();
        alarms.find(|alarm| alarm["calls"][0]["speech"] == "duplex").cloned()
    };
    let alarm = console.until("a call that speaks", speaks).unwrap();
    let id = alarm["id"].as_str().unwrap();
    console.act(id, "claim", json!({})).unwrap().alarm().unwrap();
    let command = json!({"call": alarm["calls"][0]["id"], "command": "clear-down"});
    console.act(id, "call", command).unwrap().alarm().unwrap();
    let output = calling.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    in_order(&said, &["was acknowledged", "the unit was told [A]D", "the unit hangs up"]);
}

/// The unit is not acknowledged while nothing can be stored; its alarm is there all the same once something can.
#[test]
fn a_store_that_refuses_withholds_the_acknowledgement_and_the_alarm_comes_at_the_end() {
    let disk = Arc::new(Disk::new().unwrap());
    let bench = Bench::new(Some(Arc::clone(&disk)));
    disk.set(Fault::Full).unwrap();
    let unit = ["--controller", "00012345", "--event", "019", "--caller", "01527960042"];
    let mut calling = bench.command(&unit).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = std::io::BufReader::new(calling.stdout.take().unwrap());
    let mut lines = String::new();
    // In the unit's last attempt the disk works again; its acknowledgement may come or not.
    while !lines.contains("attempt 3") {
        use std::io::BufRead;
        assert_ne!(said.read_line(&mut lines).unwrap(), 0, "{lines}");
    }
    assert!(!lines.contains("hears B, 80 ms"), "{lines}");
    disk.set(Fault::None).unwrap();
    calling.wait().unwrap();
    let its = |list: &Value| {
        let mut alarms = list["alarms"].as_array()?.iter();
        alarms.find(|alarm| alarm["class"] == "person" && alarm["line"] == "phone").cloned()
    };
    let alarm = bench.receiver.console(0).until("the alarm", its).unwrap();
    assert_eq!(alarm["presses"], 1, "{alarm}");
}

/// Nobody told the line what its callers speak. A second call is asked in the right protocol at once; another protocol
/// from the same number is said on the card.
#[test]
fn what_a_unit_speaks_is_found_out_and_remembered() {
    let kinds = [
        ("tt92", &["--account", "1234", "--code", "6"][..], " hears 0, 80 ms"),
        ("ttnew", &["--account", "1235", "--code", "7"], " hears D, 80 ms"),
        ("contact-id", &["--account", "1236", "--code", "101"], " hears 1400 Hz, 100 ms"),
        ("fast-format", &["--account", "1237", "--channels", "51555555", "--status", "7"], " hears 1400 Hz, 100 ms"),
    ];
    // Each on a receiver of its own, side by side: asking for one protocol after the other takes its time.
    std::thread::scope(|scope| {
        for (place, (protocol, fields, asked)) in kinds.into_iter().enumerate() {
            scope.spawn(move || {
                let bench = Bench::speaking("detect", None);
                let number = format!("0163296000{place}");
                let call = |protocol: &str, fields: &[&str]| {
                    let more = ["--caller", &number, "--stay-s", "1"];
                    let output = bench.command_of(protocol, &[fields, &more].concat()).output().unwrap();
                    let said = String::from_utf8(output.stdout).unwrap();
                    assert_eq!(output.status.code(), Some(0), "{protocol}: {said}");
                    said
                };
                let first = call(protocol, fields);
                in_order(&first, &[" hears B, 600 ms", asked, " acknowledged after ", " visible within "]);
                let second = call(protocol, fields);
                assert!(second.contains(asked) && !second.contains(" hears B, 600 ms"), "{protocol}: {second}");
                call("bs8521", &["--controller", "00012345", "--event", "019"]);
                let changed = |list: &Value| {
                    let mut alarms = list["alarms"].as_array()?.iter();
                    let is_changed = |trigger: &Value| trigger["trigger"] == "communication";
                    alarms
                        .find(|alarm| alarm["triggers"].as_array().is_some_and(|all| all.iter().any(is_changed)))
                        .cloned()
                };
                let alarm = bench.receiver.console(0).until("the change", changed).unwrap();
                assert_eq!(alarm["unit"], "unit 123450000", "{alarm}");
            });
        }
    });
}
