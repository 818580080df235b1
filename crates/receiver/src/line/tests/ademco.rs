//! The second protocol on a real port.

use super::*;
use crate::line::tests::serial::Bench;

fn ademco(transport: Transport) -> Line {
    let automation = Automation { header_digits: 2, ..surgard(transport.clone()).automation };
    Line { protocol: Protocol::Ademco685, automation, ..surgard(transport) }
}

/// A Contact ID pendant press in an Ademco 685 line.
fn press(account: u32) -> Vec<u8> {
    format!("\n11 {account:04} 18 E101 01 C001\r").into_bytes()
}

#[tokio::test]
async fn every_split_of_a_message_is_answered_once_it_is_stored() {
    let Bench { rig, cable, _ports, .. } = Bench::new(ademco).await;
    let length = press(0).len();
    for split in 1..length {
        let account = 1000 + u32::try_from(split).unwrap();
        let message = press(account);
        cable.send(&message[..split]).await;
        cable.send(&message[split..]).await;
        assert_eq!(cable.hear().await, ACK);
        let board = rig.base.queue.board();
        let stored = board.borrow().open.iter().any(|alarm| alarm.unit.words.contains(&account.to_string()));
        assert!(stored, "acknowledged, so it is on the board");
    }
    let alarm = rig.alarm("1001", 1).await;
    let signal = &rig.base.queue.detail(alarm.id).await.unwrap().signals[0].signal;
    assert_eq!((signal.raw.as_slice(), signal.report.protocol), (press(1001).as_slice(), Protocol::Ademco685));
    cable.send(b"\n00 OKAY @\r").await;
    assert_eq!(cable.hear().await, ACK, "a link check is answered and is no signal");
}
