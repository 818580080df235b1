//! Alarms of digital units over real sockets: a SCAIP `mrq` in a SIP MESSAGE, its 200, and the `mrs` that acknowledges it.

use std::net::SocketAddr;

use telecare_api::calls::{CallAnswer, CallOutcome};
use telecare_protocol::digital::{Account, Accounts, Authentication, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::sip_listen::sip;
use super::tcp::{connect, free_address};
use super::*;
use crate::rig::until;

/// One unit's way to the line, and what it has heard and not looked at.
enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream, Vec<u8>),
}

/// A SIP message as text, with its body.
#[derive(Debug)]
struct Sip {
    head: String,
    body: String,
}

impl Sip {
    fn of(text: &str) -> Sip {
        let (head, body) = text.split_once("\r\n\r\n").expect("a SIP message has an end of its head");
        Sip { head: head.to_owned(), body: body.to_owned() }
    }

    fn first(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// A header's value; names are compared without case.
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.trim().eq_ignore_ascii_case(name).then_some(value.trim())
        });
        line.unwrap_or_default()
    }

    /// The text of an element of the body.
    fn element(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    }
}

impl Wire {
    async fn udp(address: SocketAddr) -> Wire {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(address).await.unwrap();
        Wire::Udp(socket)
    }

    async fn tcp(address: SocketAddr) -> Wire {
        Wire::Tcp(connect(address).await, Vec::new())
    }

    fn carrier(&self) -> &'static str {
        match self {
            Wire::Udp(_) => "UDP",
            Wire::Tcp(..) => "TCP",
        }
    }

    fn local(&self) -> SocketAddr {
        match self {
            Wire::Udp(socket) => socket.local_addr().unwrap(),
            Wire::Tcp(stream, _) => stream.local_addr().unwrap(),
        }
    }

    async fn send(&mut self, text: &str) {
        match self {
            Wire::Udp(socket) => drop(socket.send(text.as_bytes()).await.unwrap()),
            Wire::Tcp(stream, _) => stream.write_all(text.as_bytes()).await.unwrap(),
        }
    }

    /// The next message; on a connection as long as its Content-Length says.
    async fn hear(&mut self) -> Sip {
        match self {
            Wire::Udp(socket) => {
                let mut buffer = vec![0; 65_536];
                let count = bounded(socket.recv(&mut buffer)).await.unwrap();
                Sip::of(std::str::from_utf8(&buffer[..count]).unwrap())
            }
            Wire::Tcp(stream, kept) => loop {
                let text = String::from_utf8(kept.clone()).unwrap();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length: usize = Sip::of(&text).header("Content-Length").parse().unwrap();
                    if body.len() >= length {
                        let whole = head.len() + 4 + length;
                        let message = Sip::of(&text[..whole]);
                        kept.drain(..whole);
                        return message;
                    }
                }
                let mut buffer = [0; 4096];
                let count = bounded(stream.read(&mut buffer)).await.unwrap();
                assert!(count > 0, "the connection ended");
                kept.extend_from_slice(&buffer[..count]);
            },
        }
    }

    /// Says a press, once, with more headers if need be.
    async fn press(&mut self, unit: &str, reference: &str, more: &str) {
        let body = format!("<mrq><ref>{reference}</ref><cid>{unit}</cid><dty>0003</dty><stc>0010</stc></mrq>");
        let (local, carrier) = (self.local(), self.carrier());
        let text = format!(
            "MESSAGE sip:arc@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{carrier} {local};branch=z9hG4bK{reference}{};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{unit}@{local}>;tag=t{reference}\r\nTo: <sip:arc@127.0.0.1>\r\n\
             Call-ID: c{reference}@{local}\r\nCSeq: {} MESSAGE\r\n{more}Content-Type: application/scaip+xml\r\n\
             Content-Length: {}\r\n\r\n{body}",
            more.len(),
            1 + usize::from(!more.is_empty()),
            body.len()
        );
        self.send(&text).await;
    }

    /// Hears the 200 and the `mrs` of a message, in whichever order, and answers the `mrs`.
    async fn acknowledged(&mut self, reference: &str) -> Sip {
        let (mut accepted, mut answer) = (false, None);
        while !accepted || answer.is_none() {
            let heard = self.hear().await;
            if heard.first().starts_with("MESSAGE ") {
                let echoed: Vec<String> = ["Via", "From", "To", "Call-ID", "CSeq"]
                    .into_iter()
                    .map(|name| format!("{name}: {}\r\n", heard.header(name)))
                    .collect();
                self.send(&format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", echoed.concat())).await;
                assert_eq!(heard.element("ref"), Some(reference));
                answer = Some(heard);
            } else {
                assert!(heard.first().starts_with("SIP/2.0 2"), "{heard:?}");
                assert!(heard.body.is_empty(), "a 2xx to MESSAGE has no body");
                accepted = true;
            }
        }
        answer.unwrap()
    }
}

/// A line with both carriers that is listening.
async fn listening(rig: &Rig, settings: Settings, accounts: Accounts) -> (SocketAddr, World) {
    let address = free_address().await;
    let mut line = sip(Some(address), Some(address), None);
    line.sip.settings = settings;
    line.sip.accounts = Arc::new(accounts);
    let supervisor = Supervisor::new(line, rig.shared.clone());
    let world = supervisor.world();
    tokio::spawn(supervisor.run());
    connect(address).await;
    until(|| std::net::UdpSocket::bind(address).is_err()).await;
    (address, world)
}

#[tokio::test]
async fn a_press_is_stored_and_then_acknowledged_over_either_carrier() {
    let rig = Rig::new().await;
    let (address, _) = listening(&rig, Settings::default(), Accounts::default()).await;
    for (mut wire, unit) in [(Wire::udp(address).await, "90000001"), (Wire::tcp(address).await, "90000002")] {
        wire.press(unit, &format!("R{unit}"), "").await;
        let answer = wire.acknowledged(&format!("R{unit}")).await;
        assert_eq!(answer.element("snu").unwrap_or("0"), "0", "{answer:?}");
        rig.alarm(unit, 1).await;
        let calls = || rig.shared.calls.latest(|call| call.identity.as_deref() == Some(unit), usize::MAX);
        until(|| calls().len() == 1).await;
        let call = calls().remove(0);
        assert_eq!((call.outcome, call.answered), (CallOutcome::Stored, Some(CallAnswer::Positive)));
        assert_eq!((call.peer.as_deref(), call.signals.len()), (Some(wire.local().to_string().as_str()), 1));
    }
}

#[tokio::test]
async fn a_datagram_that_comes_twice_is_one_signal_and_both_are_answered() {
    let rig = Rig::new().await;
    let (address, _) = listening(&rig, Settings::default(), Accounts::default()).await;
    let mut wire = Wire::udp(address).await;
    wire.press("90000003", "TWICE", "").await;
    wire.acknowledged("TWICE").await;
    wire.press("90000003", "TWICE", "").await;
    let again = wire.hear().await;
    assert!(again.first().starts_with("SIP/2.0 200"), "{again:?}");
    rig.alarm("90000003", 1).await;
}

#[tokio::test]
async fn a_connection_takes_messages_in_whatever_pieces() {
    let rig = Rig::new().await;
    let (address, _) = listening(&rig, Settings::default(), Accounts::default()).await;
    let mut wire = Wire::tcp(address).await;
    for reference in ["ONE", "TWO"] {
        wire.press("90000004", reference, "").await;
    }
    let mut positive = 0;
    while positive < 2 {
        let heard = wire.hear().await;
        positive += usize::from(heard.first().starts_with("MESSAGE ") && heard.element("snu").unwrap_or("0") == "0");
    }
    rig.alarm("90000004", 2).await;
}

#[tokio::test]
async fn what_nothing_can_store_is_503_and_never_acknowledged() {
    let rig = Rig::new().await;
    let (address, _) = listening(&rig, Settings::default(), Accounts::default()).await;
    rig.base.queue.close().await;
    for (mut wire, unit) in [(Wire::udp(address).await, "90000005"), (Wire::tcp(address).await, "90000006")] {
        wire.press(unit, "NONE", "").await;
        let heard = wire.hear().await;
        assert!(heard.first().starts_with("SIP/2.0 503"), "{heard:?}");
        let calls = || rig.shared.calls.latest(|call| call.identity.as_deref() == Some(unit), usize::MAX);
        until(|| calls().len() == 1).await;
        assert_eq!((calls()[0].outcome, calls()[0].answered), (CallOutcome::Refused, Some(CallAnswer::Withheld)));
    }
}

#[tokio::test]
async fn a_unit_without_a_password_is_challenged_and_not_heard() {
    let rig = Rig::new().await;
    let account = Account { password: "s3cret".to_owned(), identities: Vec::new() };
    let accounts = Accounts([("90000007".to_owned(), account)].into());
    let settings = Settings { authentication: Authentication::Digest, ..Settings::default() };
    let (address, _) = listening(&rig, settings, accounts).await;
    for mut wire in [Wire::udp(address).await, Wire::tcp(address).await] {
        wire.press("90000007", "WHO", "").await;
        let heard = wire.hear().await;
        assert!(heard.first().starts_with("SIP/2.0 401"), "{heard:?}");
        assert!(heard.header("WWW-Authenticate").contains("realm=\"telecare\""), "{heard:?}");
    }
    assert!(rig.base.queue.board().borrow().open.is_empty());
}

#[tokio::test]
async fn an_answer_that_is_owed_still_leaves_when_the_process_stops() {
    let rig = Rig::new().await;
    let (address, _) = listening(&rig, Settings::default(), Accounts::default()).await;
    let mut wire = Wire::tcp(address).await;
    wire.press("90000008", "LAST", "").await;
    rig.alarm("90000008", 1).await;
    rig.stop.send_replace(true);
    assert!(wire.hear().await.first().starts_with("SIP/2.0 200"));
}
