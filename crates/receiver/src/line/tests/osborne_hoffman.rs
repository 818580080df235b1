//! Osborne-Hoffman on real sockets: panels connect, each gets a key of its own.

use telecare_protocol::osborne_hoffman::{Cipher, KEY_BYTES, Key};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::tcp::{connect, free_address};
use super::*;

fn line(address: std::net::SocketAddr) -> Line {
    let mut line = surgard(Transport::TcpListen { address, connections_max: 4 });
    line.protocol = Protocol::OsborneHoffman;
    line.osborne_hoffman.link_watch = None;
    line
}

fn event(account: usize) -> Vec<u8> {
    format!("\n01010034\"SIA-DCS\"0009R6666L1234[#{account:06}|Nri04/PA105]\r\0").into_bytes()
}

async fn key(stream: &mut TcpStream) -> (Key, Cipher) {
    let mut masked = [0; KEY_BYTES];
    bounded(stream.read_exact(&mut masked)).await.unwrap();
    let key = Key::unmask(masked);
    (key, Cipher::new(&key))
}

async fn answer(stream: &mut TcpStream, cipher: &Cipher) -> Vec<u8> {
    let mut block = [0; 8];
    bounded(stream.read_exact(&mut block)).await.unwrap();
    cipher.open(&block)
}

#[tokio::test]
async fn every_split_of_a_message_is_answered_once_it_is_stored() {
    let rig = Rig::new().await;
    let address = free_address().await;
    rig.run(line(address));
    let (mut one, mut other) = (connect(address).await, connect(address).await);
    let (first, cipher) = key(&mut one).await;
    let (second, _) = key(&mut other).await;
    assert_ne!(first, second, "each connection has a key of its own");
    for split in 1..event(0).len() {
        let closed = cipher.close(&event(split));
        one.write_all(&closed[..split]).await.unwrap();
        one.write_all(&closed[split..]).await.unwrap();
        assert_eq!(answer(&mut one, &cipher).await, b"ACK\r\0\0\0\0");
        let board = rig.base.queue.board();
        let unit = format!("unit {split:06}");
        let stored = board.borrow().open.iter().any(|alarm| *alarm.unit.words == *unit);
        assert!(stored, "acknowledged, so it is on the board: {unit}");
    }
}

#[tokio::test]
async fn who_is_silent_for_too_long_is_parted_with() {
    let rig = Rig::new().await;
    let address = free_address().await;
    let mut line = line(address);
    line.osborne_hoffman.session.idle = Duration::from_millis(50);
    rig.run(line);
    let mut panel = connect(address).await;
    key(&mut panel).await;
    let mut buffer = [0; 8];
    assert_eq!(bounded(panel.read(&mut buffer)).await.unwrap(), 0, "closed");
}
