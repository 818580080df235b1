//! `call`, `encode` and `decode` with documents of digital units, against the session of a listener on loopback that
//! stores everything at once.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use telecare_protocol::digital::{Account, Accounts, Authentication, Command as Done, Session, Settings, Targets};
use telecare_protocol::sia_dc09::Clock;
use telecare_protocol::sip::{Flow, Transport};
use telecare_protocol::{Codes, Message};
use time::OffsetDateTime;

const TICK: Duration = Duration::from_millis(20);

/// Where what is sent goes.
enum Way {
    Datagrams(UdpSocket),
    Connections(HashMap<Flow, TcpStream>),
}

struct Site {
    session: Session,
    way: Way,
    /// Whose reports and signs of life there were.
    stored: Vec<Option<String>>,
    connections: usize,
}

impl Site {
    fn new(authentication: Authentication, way: Way) -> Arc<Mutex<Site>> {
        let account = || Account { password: "secret".to_owned(), identities: Vec::new() };
        let accounts = Accounts([("9999".to_owned(), account())].into_iter().collect());
        let targets = Targets { tel: Some("tel:+441632960001".to_owned()), ..Targets::default() };
        let settings = Settings { authentication, targets, ..Settings::default() };
        let clock = Clock { at: Instant::now(), utc: OffsetDateTime::now_utc() };
        let session = Session::new(settings, Arc::new(accounts), Arc::new(Codes::builtin()), [5; 16], clock);
        Arc::new(Mutex::new(Site { session, way, stored: Vec::new(), connections: 0 }))
    }

    fn settle(&mut self) {
        self.session.handle_timeout(Instant::now());
        while let Some(command) = self.session.next_command() {
            match (command, &mut self.way) {
                (Done::Send(flow, bytes), Way::Datagrams(socket)) => drop(socket.send_to(&bytes, flow.remote)),
                (Done::Send(flow, bytes), Way::Connections(streams)) => {
                    drop(streams.get_mut(&flow).map(|stream| stream.write_all(&bytes)));
                }
                (Done::Deliver(_, delivery), _) => {
                    self.stored.push(match &delivery.message {
                        Message::Report(report) => report.identity.clone(),
                        Message::SignOfLife(sender) => sender.as_ref().map(|sender| sender.identity.clone()),
                    });
                    self.session.handle_stored(delivery.token, Instant::now());
                }
                _ => {}
            }
        }
    }
}

/// A listener for datagrams.
fn datagrams(authentication: Authentication) -> (String, Arc<Mutex<Site>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(TICK)).unwrap();
    let to = format!("udp:{}", socket.local_addr().unwrap());
    let site = Site::new(authentication, Way::Datagrams(socket.try_clone().unwrap()));
    let held = Arc::clone(&site);
    thread::spawn(move || {
        let mut buffer = [0; 65_535];
        loop {
            let heard = socket.recv_from(&mut buffer);
            let mut site = held.lock().unwrap();
            if let Ok((bytes, remote)) = heard {
                let flow = Flow { transport: Transport::Udp, remote, connection: 0 };
                site.session.handle_datagram(flow, &buffer[..bytes], Instant::now());
            }
            site.settle();
        }
    });
    (to, site)
}

/// A listener for connections.
fn connections() -> (String, Arc<Mutex<Site>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("tcp:{}", listener.local_addr().unwrap());
    let site = Site::new(Authentication::None, Way::Connections(HashMap::new()));
    let held = Arc::clone(&site);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (stream, site) = (stream.unwrap(), Arc::clone(&held));
            let remote = stream.peer_addr().unwrap();
            thread::spawn(move || connection(stream, remote, number, &site));
        }
    });
    (to, site)
}

fn connection(mut stream: TcpStream, remote: SocketAddr, number: usize, site: &Mutex<Site>) {
    let flow = Flow { transport: Transport::Tcp, remote, connection: number as u64 + 1 };
    {
        let mut site = site.lock().unwrap();
        site.connections += 1;
        let Way::Connections(streams) = &mut site.way else { unreachable!() };
        streams.insert(flow, stream.try_clone().unwrap());
    }
    let mut buffer = [0; 4_096];
    while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
        let mut site = site.lock().unwrap();
        site.session.handle_bytes(flow, &buffer[..bytes], Instant::now());
        site.settle();
    }
}

fn ctl(arguments: &[&str]) -> Output {
    let ctl = env!("CARGO_BIN_EXE_telecare-ctl");
    Command::new(ctl).args(arguments).env_remove("TELECARE_TOKEN").env_remove("TELECARE_PASSWORD").output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn call(protocol: &str, to: &str, more: &[&str]) -> (Option<i32>, String) {
    let output = ctl(&[&["call", "--protocol", protocol, "--to", to, "--ack-wait-ms", "300"], more].concat());
    (output.status.code(), text(&output))
}

#[test]
fn a_test_call_of_the_reserved_identity_is_acknowledged() {
    let (udp, of_udp) = datagrams(Authentication::None);
    let (tcp, of_tcp) = connections();
    for protocol in ["scaip", "nowip"] {
        for (to, site) in [(&udp, &of_udp), (&tcp, &of_tcp)] {
            let (code, said) = call(protocol, to, &[]);
            assert_eq!(code, Some(0), "{said}");
            for step in ["connected after", "9999: the reserved test identity", "SIP 200 after", " acknowledged after"]
            {
                assert!(said.contains(step), "{step}: {said}");
            }
            let (code, said) = call(protocol, to, &["--heartbeat"]);
            assert_eq!(code, Some(0), "{said}");
            let stored = std::mem::take(&mut site.lock().unwrap().stored);
            assert_eq!(stored, [Some("9999".to_owned()), Some("9999".to_owned())], "{protocol}");
        }
    }
}

#[test]
fn voice_that_is_wanted_is_told_and_repeats_are_calls_of_their_own() {
    let (to, site) = datagrams(Authentication::None);
    let fields = ["--account", "90000001", "--code", "0003/0010", "--crd", "tel:", "--text", "HALL", "--repeat", "2"];
    let (code, said) = call("scaip", &to, &[&fields[..], &["--every", "10"]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("voice is wanted, both ways: call tel:+441632960001"), "{said}");
    let references: Vec<&str> = said.split("<ref>").skip(1).filter_map(|behind| behind.get(..16)).collect();
    assert!(references.len() == 2 && references[0] != references[1], "{said}");
    assert_eq!(site.lock().unwrap().stored.len(), 2);
}

#[test]
fn a_password_is_proven_and_a_fault_is_told() {
    let (to, site) = datagrams(Authentication::Digest);
    let (code, said) = call("scaip", &to, &["--password", "secret"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("secret"));
    let (code, said) = call("scaip", &to, &[]);
    assert!(code == Some(1) && said.contains("refused by SIP: 401") && said.contains("NOT acknowledged"), "{said}");
    let (code, said) = call("nowip", &to, &["--password", "secret", "--fault", "wrong-password"]);
    assert!(code == Some(1) && said.contains("refused by SIP: 40"), "{said}");
    assert_eq!(site.lock().unwrap().stored.len(), 1);
    let (code, said) = call("scaip", &to, &["--password", "secret", "--fault", "missing-element"]);
    assert!(code == Some(1) && said.contains("refused: snu 7"), "{said}");
    let (code, said) = call("scaip", &to, &["--password", "secret", "--fault", "deaf"]);
    assert!(code == Some(1) && said.contains("NOT acknowledged, attempts 4"), "{said}");
}

#[test]
fn what_makes_no_call_is_said_before_one_is_made() {
    let table: [(&[&str], &str); 8] = [
        (&["--protocol", "scaip", "--to", "serial:/dev/null"], "udp:HOST:PORT"),
        (&["--protocol", "sip", "--to", "udp:127.0.0.1:9"], "scaip or nowip"),
        (&["--protocol", "surgard", "--to", "udp:127.0.0.1:9"], "in datagrams"),
        (&["--protocol", "scaip", "--to", "udp:127.0.0.1:9", "--fault", "wrong-password"], "--password"),
        (&["--protocol", "scaip", "--to", "udp:127.0.0.1:9", "--fault", "late-start"], "no fault late-start"),
        (&["--protocol", "scaip", "--to", "udp:127.0.0.1:9", "--code", "3/x"], "--code"),
        (&["--protocol", "nowip", "--to", "udp:127.0.0.1:9", "--controller", "1"], "controller"),
        (&["--protocol", "nowip", "--to", "tls:127.0.0.1:9", "--ca", "/dev/null"], "no certificate"),
    ];
    for (arguments, words) in table {
        let output = ctl(&[&["call"], arguments].concat());
        assert_ne!(output.status.code(), Some(0), "{arguments:?}");
        assert!(text(&output).contains(words), "{arguments:?}: {}", text(&output));
    }
}

#[test]
fn documents_are_encoded_and_decoded() {
    let run = |arguments: &[&str]| {
        let output = ctl(arguments);
        (output.status.code(), text(&output).trim_end().to_owned())
    };
    let (code, document) = run(&["encode", "--protocol", "scaip", "--account", "90000001", "--code", "3/10"]);
    let expected = "<mrq><ref>1</ref><mty>ME</mty><cid>90000001</cid><dty>0003</dty><stc>0010</stc></mrq>";
    assert_eq!((code, document.as_str()), (Some(0), expected));
    for protocol in ["scaip", "sip"] {
        let (code, said) = run(&["decode", "--protocol", protocol, &document]);
        assert!(code == Some(0) && said.contains("from 90000001"), "{said}");
    }
    let message = format!("MESSAGE sip:a@b SIP/2.0\\x0D\\x0AFrom: <sip:1@h>\\x0D\\x0A\\x0D\\x0A{document}");
    let (code, said) = run(&["decode", "--protocol", "sip", &message]);
    assert!(code == Some(0) && said.contains("from 90000001"), "{said}");
    let (code, document) = run(&["encode", "--protocol", "nowip", "--controller", "00012345", "--event", "019"]);
    assert!(code == Some(0) && document.contains("<data>000000012345000001900000</data>"), "{document}");
    let (code, said) = run(&["decode", "--protocol", "nowip", &document]);
    assert!(code == Some(0) && said.contains("from 12345"), "{said}");
    let (code, said) = run(&["decode", "--protocol", "nowip", &document.replace("0190", "019")]);
    assert!(code == Some(1) && said.contains("cannot be read"), "{said}");
    let beat = ["encode", "--protocol", "nowip", "--heartbeat", "--controller", "00012345"];
    assert!(run(&beat).1.contains("<type>0</type><data>000123450000</data>"));
    assert_eq!(run(&beat[..4]).0, Some(2), "a heartbeat of nobody");
    assert_eq!(run(&["encode", "--protocol", "scaip", "--account", "a b", "--code", "3/10"]).0, Some(2));
}

#[test]
fn many_units_at_once_keep_their_connections_or_do_not() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = directory.path().join("ledger");
    let rate = ["--units", "20", "--poll-every", "1", "--alarms-per-s", "20", "--for", "3", "--ledger"];
    let load = [&rate[..], &[ledger.to_str().unwrap()]].concat();
    for protocol in ["scaip", "nowip"] {
        for (keeps, (to, site)) in
            [(true, connections()), (false, connections()), (false, datagrams(Authentication::None))]
        {
            let keep_open: &[&str] = if keeps { &["--keep-open"] } else { &[] };
            let (code, said) = call(protocol, &to, &[&load[..], keep_open].concat());
            assert_eq!(code, Some(0), "{protocol} {to}: {said}");
            let acknowledged: usize = std::fs::read_to_string(&ledger)
                .unwrap()
                .lines()
                .filter_map(|line| line.split_once(' ')?.1.parse::<usize>().ok())
                .sum();
            assert!(acknowledged >= 40, "{said}");
            let site = site.lock().unwrap();
            assert!(site.stored.len() >= acknowledged + 40, "alarms and signs of life: {said}");
            match (keeps, to.starts_with("tcp")) {
                (true, _) => assert_eq!(site.connections, 20),
                (false, true) => assert!(site.connections >= acknowledged),
                (false, false) => {}
            }
        }
    }
}
