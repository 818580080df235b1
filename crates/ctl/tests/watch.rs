//! `watch` on a real terminal against a real receiver: what is on the screen, what keys do, and how it ends.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs::File;
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};
use serde_json::Value;
use telecare_tests::link::{Heard, Link};
use telecare_tests::postgres::Postgres;
use telecare_tests::pty::Pty;
use telecare_tests::receiver::{Setup, token};
use telecare_tests::scratch::Scratch;
use telecare_tests::site::{SERIAL, Site};
use telecare_tests::surgard::contact_id;
use telecare_tests::wait;

const BELL: char = '\x07';
const LEAVE_SCREEN: &str = "\x1b[?1049l";

/// A person's terminal with `watch` on it.
struct Terminal {
    _scratch: Scratch,
    port: File,
    before: Termios,
    link: Link,
    child: Child,
    written: String,
}

impl Terminal {
    fn start(apis: &[u16]) -> Terminal {
        let scratch = Scratch::new("watch").unwrap();
        let pty = Pty::new(&scratch.join("tty")).unwrap();
        tcsetwinsize(pty.master().as_fd(), Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let port = File::options().read(true).write(true).open(scratch.join("tty")).unwrap();
        let before = tcgetattr(&port).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"));
        command.args(["watch", "--desk", "desk 9"]).env("TELECARE_TOKEN", token(0)).env("TERM", "xterm");
        for api in apis {
            command.arg("--api").arg(format!("http://127.0.0.1:{api}"));
        }
        let end = || Stdio::from(port.try_clone().unwrap());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        Terminal { _scratch: scratch, port, before, link: Link::Port(pty), child, written: String::new() }
    }

    /// Waits until the program has written a text since the last call, and gives what it wrote up to there.
    fn until(&mut self, text: &str) -> String {
        let link = &mut self.link;
        let written = &mut self.written;
        let found = wait::until(&format!("{text:?} on the screen"), || {
            if let Heard::Bytes(bytes) = link.read(Duration::from_millis(10))? {
                written.push_str(&String::from_utf8_lossy(&bytes));
            }
            Ok(written.find(text))
        });
        let at = found.unwrap_or_else(|error| panic!("{error}; written: {:?}", self.written)) + text.len();
        let rest = self.written.split_off(at);
        std::mem::replace(&mut self.written, rest)
    }

    fn keys(&mut self, keys: &str) {
        assert!(self.link.write(keys.as_bytes()).unwrap());
    }

    /// Waits for its end; the terminal must be as it was.
    fn ended(mut self) {
        self.until(LEAVE_SCREEN);
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        let after = tcgetattr(&self.port).unwrap();
        assert!(after.local_modes.contains(LocalModes::ECHO | LocalModes::ICANON));
        assert_eq!((after.local_modes, after.input_modes), (self.before.local_modes, self.before.input_modes));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn press(site: &mut Site, account: &str) -> String {
    site.serial.tell(&contact_id("011", account, "E101", 5)).unwrap();
    let alarm = site.receiver.console(1).until_alarm(SERIAL, account).unwrap();
    alarm["id"].as_str().unwrap().to_owned()
}

/// Waits until the API tells something of an alarm.
fn until(site: &Site, alarm: &str, what: &str, holds: impl Fn(&Value) -> bool) {
    let console = site.receiver.console(1);
    let found = wait::until(what, || {
        let detail = console.detail(alarm)?.body;
        Ok(holds(&detail).then_some(()))
    });
    found.unwrap();
}

#[test]
fn an_alarm_is_seen_claimed_noted_held_and_closed_with_keys() {
    let mut site = Site::start(Setup::default()).unwrap();
    let mut terminal = Terminal::start(&[site.receiver.api_port()]);
    terminal.until("no open alarms");
    let alarm = press(&mut site, "1234");
    let drawn = terminal.until("unit 1234");
    assert!(drawn.contains(BELL) && drawn.contains("waiting") && !drawn.contains("claimed"), "{drawn:?}");

    terminal.keys("c");
    until(&site, &alarm, "the claim in the API", |detail| {
        detail["alarm"]["claim"]["person"] == "person-0" && detail["alarm"]["claim"]["desk"] == "desk 9"
    });
    terminal.until("[person-0 at desk 9]");
    terminal.keys("n");
    terminal.until("note: ");
    // The kinds of notes are chosen from; the first is a plain note.
    terminal.keys("\r");
    terminal.keys("rang back\r\r");
    until(&site, &alarm, "the note in the log", |detail| {
        detail["log"].as_array().unwrap().iter().any(|entry| entry["act"] == "note" && entry["text"] == "rang back")
    });
    terminal.keys("h5\rvisit\r");
    until(&site, &alarm, "the hold", |detail| detail["alarm"]["hold"]["reason"] == "visit");
    terminal.until("[held by person-0");
    terminal.keys("u");
    until(&site, &alarm, "the resume", |detail| detail["alarm"]["hold"].is_null());
    terminal.keys("\r");
    terminal.until("signals");
    terminal.keys("\x1b");
    terminal.until("PRI STANDING");
    let outcome = outcome_without_text(&site);
    terminal.keys("x");
    terminal.until("how did it end");
    terminal.keys(&"\x1b[B".repeat(outcome));
    terminal.keys("\r");
    terminal.until("close: ");
    terminal.keys("\r");
    until(&site, &alarm, "the close", |detail| !detail["alarm"]["closed"].is_null());
    terminal.until("no open alarms");
    terminal.until("ago by person-0 (");
    terminal.keys("z");
    until(&site, &alarm, "the reopening", |detail| detail["alarm"]["closed"].is_null());
    terminal.until("1 waiting, 1 open");
    terminal.keys("q");
    terminal.ended();
}

/// Where the first outcome that needs no text stands.
fn outcome_without_text(site: &Site) -> usize {
    let url = format!("http://127.0.0.1:{}/v1/choices", site.receiver.api_port());
    let request = ureq::get(&url).header("authorization", format!("Bearer {}", token(0)));
    let text = request.call().unwrap().body_mut().read_to_string().unwrap();
    let choices: Value = serde_json::from_str(&text).unwrap();
    let outcomes = choices["outcomes"].as_array().unwrap();
    outcomes.iter().position(|outcome| outcome["text"] != "required").unwrap()
}

#[test]
fn who_was_quicker_is_named_and_a_receiver_that_dies_is_said_to_be_silent() {
    let mut site = Site::start(Setup::default()).unwrap();
    let mut terminal = Terminal::start(&[site.receiver.api_port()]);
    let alarm = press(&mut site, "0042");
    terminal.until("unit 0042");
    site.receiver.console(2).act(&alarm, "claim", Value::Null).unwrap().alarm().unwrap();
    terminal.until("[person-2 at desk-2]");
    terminal.keys("c");
    terminal.until("person-2 at desk-2 has this alarm");
    site.receiver.kill_9().unwrap();
    terminal.until("NO ANSWER from test-1 for");
    terminal.until("claimed?");
    site.receiver.launch().unwrap();
    terminal.until("test-1 standalone");
    kill_process(Pid::from_child(&terminal.child), Signal::TERM).unwrap();
    terminal.ended();
}

#[test]
fn a_lost_database_is_told_and_work_goes_on() {
    let postgres = Postgres::start().unwrap();
    let database = postgres.create_database().unwrap();
    let mut site = Site::start(Setup { database: vec![postgres.url(&database)], ..Setup::default() }).unwrap();
    site.receiver.console(0).until_connected().unwrap();
    let mut terminal = Terminal::start(&[site.receiver.api_port()]);
    terminal.until("test-1 connected");
    postgres.stop().unwrap();
    terminal.until("test-1 is CUT OFF from the database");
    let alarm = press(&mut site, "0007");
    terminal.until("unit 0007");
    terminal.keys("c");
    terminal.until("done (this receiver's own answer)");
    until(&site, &alarm, "the claim", |detail| detail["alarm"]["claim"]["person"] == "person-0");
    postgres.start_again().unwrap();
    terminal.until("test-1 connected");
    terminal.keys("q");
    terminal.ended();
}

#[test]
fn two_receivers_are_one_list_by_priority() {
    let mut first = Site::start(Setup { name: "west".to_owned(), ..Setup::default() }).unwrap();
    let mut second = Site::start(Setup { name: "east".to_owned(), ..Setup::default() }).unwrap();
    let mut terminal = Terminal::start(&[first.receiver.api_port(), second.receiver.api_port()]);
    press(&mut first, "0001");
    press(&mut second, "0002");
    terminal.until("2 waiting, 2 open");
    let alarm = press(&mut second, "0003");
    terminal.until("3 waiting, 3 open");
    // The last of them stands last; its claim goes to its own receiver.
    terminal.keys("\x1b[F");
    terminal.keys("c");
    until(&second, &alarm, "the claim at its receiver", |detail| detail["alarm"]["claim"]["person"] == "person-0");
    terminal.keys("\x03");
    terminal.ended();
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let output = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .arg("watch")
        .env("TELECARE_TOKEN", "t")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("alarms --follow"));
}
