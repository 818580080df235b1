//! SIA DC-09 over real sockets: connections, datagrams, TLS.

use std::net::SocketAddr;

use telecare_protocol::sia_dc09::{Clock, Key, Keys, Unit, UnitCommand, UnitMessage, UnitSettings};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use super::*;
use crate::line::tests::tcp::{connect, free_address};

const HEX: &str = "00112233445566778899AABBCCDDEEFF";

fn dc09(transport: Transport) -> Line {
    Line { protocol: Protocol::SiaDc09, ..surgard(transport) }
}

fn listening(address: SocketAddr) -> Line {
    dc09(Transport::TcpListen { address, connections_max: 64 })
}

/// A unit, and the frame of one message of it.
fn says(account: &str, key: Option<&Key>, text: &str) -> (Unit, Vec<u8>) {
    let settings = UnitSettings { account: account.to_owned(), key: key.cloned(), ..UnitSettings::default() };
    let clock = Clock { at: Instant::now(), utc: OffsetDateTime::now_utc() };
    let mut unit = Unit::new(settings, clock, [5; 16], 1);
    unit.send(UnitMessage::sia(account, text), Instant::now()).unwrap();
    let Some(UnitCommand::Send(frame)) = unit.next_command() else { panic!("it sends at once") };
    (unit, frame)
}

/// Whether the unit takes some bytes for the acknowledgement of its message.
fn takes(unit: &mut Unit, answer: &[u8]) -> bool {
    unit.handle_bytes(answer, Instant::now());
    matches!(unit.next_command(), Some(UnitCommand::Acknowledged { .. }))
}

async fn answer(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut buffer = [0; 512];
    let count = bounded(stream.read(&mut buffer)).await.unwrap_or(0);
    buffer[..count].to_vec()
}

#[tokio::test]
async fn a_connection_stays_open_for_frames_in_whatever_pieces() {
    let rig = Rig::new().await;
    let address = free_address().await;
    rig.run(listening(address));
    let mut stream = connect(address).await;
    let (mut unit, frame) = says("1234", None, "Nri1/QA001");
    for byte in frame {
        stream.write_all(&[byte]).await.unwrap();
    }
    assert!(takes(&mut unit, &answer(&mut stream).await));
    rig.alarm("1234", 1).await;
    // Another unit on the same connection, behind a stray 00 and with the next frame at once.
    let ((mut second, one), (mut third, two)) = (says("5678", None, "NMA001"), says("9ABC", None, "NRP"));
    stream.write_all(&[&[0], &one[..], &two[..]].concat()).await.unwrap();
    let mut answers = answer(&mut stream).await;
    while answers.iter().filter(|byte| **byte == b'\r').count() < 2 {
        answers.extend(answer(&mut stream).await);
    }
    assert!(takes(&mut second, &answers) && takes(&mut third, &answers));
    rig.alarm("5678", 1).await;
}

#[tokio::test]
async fn a_datagram_is_answered_to_where_it_came_from_and_its_copy_is_a_repeat() {
    let rig = Rig::new().await;
    let address = free_address().await;
    let link = Supervisor::new(dc09(Transport::UdpListen { address }), rig.shared.clone());
    let tried = link.link();
    tokio::spawn(link.run());
    bounded(tried.tried()).await;
    let (one, other) = (UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let ((mut first, a), (mut second, b)) = (says("1234", None, "Nri1/QA001"), says("5678", None, "Nri1/QA001"));
    let mut buffer = [0; 512];
    for _ in 0..2 {
        one.send_to(&a, address).await.unwrap();
        let (count, from) = bounded(one.recv_from(&mut buffer)).await.unwrap();
        assert_eq!(from, address);
        first.handle_bytes(&buffer[..count], Instant::now());
    }
    assert!(matches!(first.next_command(), Some(UnitCommand::Acknowledged { .. })));
    // What is no whole frame is not answered, and half of one is not joined to the next.
    other.send_to(&b[..20], address).await.unwrap();
    other.send_to(&b, address).await.unwrap();
    let (count, _) = bounded(other.recv_from(&mut buffer)).await.unwrap();
    assert!(takes(&mut second, &buffer[..count]));
    let alarm = rig.alarm("1234", 2).await;
    assert_eq!((alarm.presses, alarm.signals), (1, 2), "the copy is no press of its own");
    rig.alarm("5678", 1).await;
}

#[tokio::test]
async fn a_key_counts_from_the_next_frame_on() {
    let rig = Rig::new().await;
    let address = free_address().await;
    let supervisor = Supervisor::new(listening(address), rig.shared.clone());
    let world = supervisor.world();
    tokio::spawn(supervisor.run());
    let key = Key::from_hex(HEX).unwrap();
    let mut stream = connect(address).await;
    let (mut unit, frame) = says("1234", Some(&key), "Nri1/QA001");
    stream.write_all(&frame).await.unwrap();
    let refused = answer(&mut stream).await;
    assert!(refused.windows(5).any(|part| part == b"\"DUH\"") && !takes(&mut unit, &refused));
    let mut keys = Keys::default();
    keys.insert("1234", key.clone());
    world.set_keys(Arc::new(keys));
    let (mut unit, frame) = says("1234", Some(&key), "Nri1/QA001");
    stream.write_all(&frame).await.unwrap();
    assert!(takes(&mut unit, &answer(&mut stream).await));
    rig.alarm("1234", 2).await;
}

#[tokio::test]
async fn a_flood_from_one_address_is_bounded_and_another_gets_through() {
    let rig = Rig::new().await;
    let address = free_address().await;
    rig.run(Line { per_source_max: 4, ..listening(address) });
    connect(address).await;
    let from = |host: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{host}:0").parse().unwrap()).unwrap();
        socket.connect(address)
    };
    // Each of them sends and never listens; one of them more than may be connected.
    let mut flood = Vec::new();
    for n in 0..4 {
        let mut stream: TcpStream = from("127.0.0.9").await.unwrap();
        let frames: Vec<u8> = (0..40).flat_map(|m| says(&format!("F{n:03}{m:03}"), None, "Nri1/QA001").1).collect();
        stream.write_all(&frames).await.unwrap();
        flood.push(stream);
    }
    let mut turned_away = from("127.0.0.9").await.unwrap();
    assert_eq!(answer(&mut turned_away).await, b"");
    let mut other = from("127.0.0.10").await.unwrap();
    let (mut unit, frame) = says("1234", None, "Nri1/QA001");
    other.write_all(&frame).await.unwrap();
    assert!(takes(&mut unit, &answer(&mut other).await));
    rig.alarm("1234", 1).await;
    // Nothing that was taken in is lost.
    rig.base.board(|board| board.open.len() == 4 * 40 + 1).await;
}

#[tokio::test]
async fn a_line_may_have_tls() {
    use tokio_rustls::rustls::pki_types::ServerName;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};
    let rig = Rig::new().await;
    let address = free_address().await;
    let directory = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = telecare_api::tls::Tls::load_for_line(&certificate, &key).unwrap();
    rig.run(Line { tls: Some(tls), ..listening(address) });
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = bounded(connector.connect(name, connect(address).await)).await.unwrap();
    let (mut unit, frame) = says("1234", None, "Nri1/QA001");
    stream.write_all(&frame).await.unwrap();
    assert!(takes(&mut unit, &answer(&mut stream).await));
    rig.alarm("1234", 1).await;
    // Whoever speaks in clear there is not heard.
    let mut clear = connect(address).await;
    clear.write_all(&says("5678", None, "NRP").1).await.unwrap();
    let heard = answer(&mut clear).await;
    assert!(!heard.windows(5).any(|part| part == b"\"ACK\""));
}
