use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A port of this host that nobody uses at the moment.
pub(super) async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

pub(super) async fn connect(address: SocketAddr) -> TcpStream {
    bounded(async {
        loop {
            match TcpStream::connect(address).await {
                Ok(stream) => return stream,
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    })
    .await
}

pub(super) async fn hear(stream: &mut TcpStream) -> Vec<u8> {
    let mut buffer = [0; 64];
    let count = bounded(stream.read(&mut buffer)).await.unwrap_or(0);
    buffer[..count].to_vec()
}

#[tokio::test]
async fn a_listening_line_gives_each_connection_a_session() {
    let rig = Rig::new().await;
    let address = free_address().await;
    rig.line(Transport::TcpListen { address, connections_max: 2 });
    let mut first = connect(address).await;
    let mut second = connect(address).await;
    // Two messages, interleaved byte by byte: sessions that shared a buffer would mix them up.
    for (a, b) in press(1111, 1).into_iter().zip(press(2222, 1)) {
        first.write_all(&[a]).await.unwrap();
        second.write_all(&[b]).await.unwrap();
    }
    assert_eq!(hear(&mut first).await, ACK);
    assert_eq!(hear(&mut second).await, ACK);
    rig.alarm("1111", 1).await;
    rig.alarm("2222", 1).await;
}

#[tokio::test]
async fn beyond_the_bound_the_newest_is_turned_away() {
    let rig = Rig::new().await;
    let address = free_address().await;
    rig.line(Transport::TcpListen { address, connections_max: 1 });
    let mut first = connect(address).await;
    first.write_all(&press(1111, 1)).await.unwrap();
    assert_eq!(hear(&mut first).await, ACK);
    let mut second = connect(address).await;
    assert_eq!(hear(&mut second).await, b"", "turned away");
    first.write_all(&press(1111, 2)).await.unwrap();
    assert_eq!(hear(&mut first).await, ACK);
    // A place that becomes free is given again.
    drop(first);
    bounded(async {
        loop {
            let mut third = connect(address).await;
            if third.write_all(&press(3333, 1)).await.is_ok() && hear(&mut third).await == ACK {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_connecting_line_connects_again() {
    let rig = Rig::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    rig.line(Transport::TcpConnect { address });
    for account in [1111, 2222, 3333] {
        let (mut receiver, _) = bounded(listener.accept()).await.unwrap();
        receiver.write_all(&press(account, 1)).await.unwrap();
        assert_eq!(hear(&mut receiver).await, ACK);
    }
    rig.alarm("3333", 1).await;
}

#[tokio::test]
async fn a_stopping_process_ends_its_connections() {
    let rig = Rig::new().await;
    let address = free_address().await;
    let line = rig.line(Transport::TcpListen { address, connections_max: 1 });
    let mut peer = connect(address).await;
    peer.write_all(&press(1111, 1)).await.unwrap();
    assert_eq!(hear(&mut peer).await, ACK);
    rig.stop.send_replace(true);
    bounded(line).await.unwrap();
    assert_eq!(hear(&mut peer).await, b"");
}

#[tokio::test]
async fn noise_that_ended_its_connection_is_taken_back_on_the_next() {
    let rig = Rig::new().await;
    let address = free_address().await;
    rig.line(Transport::TcpListen { address, connections_max: 1 });
    let noise = |raised: bool| {
        rig.base.board(move |board| {
            let mut triggers = board.open.iter().flat_map(|alarm| &alarm.triggers);
            triggers.any(|(key, state)| key.trigger == Trigger::LineNoise && state.is_raised() == raised)
        })
    };
    let mut first = connect(address).await;
    first.write_all(&[0xff; 64]).await.unwrap();
    noise(true).await;
    drop(first);
    bounded(async {
        loop {
            let mut second = connect(address).await;
            if second.write_all(&press(1111, 1)).await.is_ok() && hear(&mut second).await == ACK {
                break;
            }
        }
    })
    .await;
    noise(false).await;
}
