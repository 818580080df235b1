//! Alarm panels: DC-03 blocks on a real port, Texecom's wrapper on real connections.

use telecare_protocol::dc03::{self, Block, encode};
use telecare_protocol::texecom::{self, Message};
use tokio::io::AsyncWriteExt;

use super::tcp::{connect, free_address, hear};
use super::*;
use crate::line::tests::serial::Bench;

fn block(function: char, data: &str) -> Vec<u8> {
    encode(&Block::new(function, data))
}

/// Bytes of the other side until there are so many.
async fn answer(cable: &pty::Cable, count: usize) -> Vec<u8> {
    let mut heard = Vec::new();
    while heard.len() < count {
        heard.extend(cable.hear().await);
    }
    heard
}

#[tokio::test]
async fn every_split_of_a_block_is_acknowledged_once_it_is_stored() {
    let dc03 = |transport| Line { protocol: Protocol::SiaDc03, ..surgard(transport) };
    let Bench { rig, cable, _ports, .. } = Bench::new(dc03).await;
    let event = block('N', "ri1/MA003");
    for split in 1..event.len() {
        let account = (1000 + split).to_string();
        cable.send(&block('#', &account)).await;
        assert_eq!(answer(&cable, 3).await, dc03::ACKNOWLEDGE);
        cable.send(&event[..split]).await;
        cable.send(&event[split..]).await;
        assert_eq!(answer(&cable, 3).await, dc03::ACKNOWLEDGE);
        let board = rig.base.queue.board();
        let stored = board.borrow().open.iter().any(|alarm| alarm.unit.words.contains(&account));
        assert!(stored, "acknowledged, so it is on the board");
    }
    // The text joins the card of its event.
    cable.send(&block('A', "HALL PULLCORD")).await;
    assert_eq!(answer(&cable, 3).await, dc03::ACKNOWLEDGE);
    let alarm = rig.alarm(&(1000 + event.len() - 1).to_string(), 2).await;
    assert_eq!(alarm.presses, 1);
    let mut damaged = block('N', "MA009");
    damaged[4] ^= 1;
    cable.send(&damaged).await;
    assert_eq!(answer(&cable, 3).await, dc03::REJECT);
}

#[tokio::test]
async fn panels_connect_and_each_is_answered() {
    let rig = Rig::new().await;
    let address = free_address().await;
    let transport = Transport::TcpListen { address, connections_max: 8 };
    rig.run(Line { protocol: Protocol::Texecom, ..surgard(transport) });
    let (mut first, mut second) = (connect(address).await, connect(address).await);
    first.write_all(b"21AAA181100010039\r\n").await.unwrap();
    let sia = Message::Sia(vec![Block::new('#', "2000"), Block::new('N', "FA001"), Block::new('0', "")]);
    second.write_all(&texecom::encode(&sia).unwrap()).await.unwrap();
    assert_eq!(hear(&mut first).await, b"2\x06\r\n");
    assert_eq!(hear(&mut second).await, b"3\x06\r\n");
    rig.alarm("1000", 1).await;
    rig.alarm("2000", 1).await;
    first.write_all(b"POLL1000#\x02\0\0\0\r\n").await.unwrap();
    assert_eq!(hear(&mut first).await, b"[P]\0\x02\x06\r\n");
    // The poll of a connection of its own, within the time between two polls, tells nothing new.
    let mut third = connect(address).await;
    third.write_all(b"POLL1000#\x02\0\0\0\r\n+++").await.unwrap();
    let alarm = rig.alarm("1000", 3).await;
    assert_eq!((alarm.presses, alarm.repeats), (1, 1));
}
