//! ESPA 4.4.4 on a real port.

use telecare_protocol::espa::{Block, encode};

use super::*;
use crate::line::tests::serial::Bench;

fn espa(transport: Transport) -> Line {
    Line { protocol: Protocol::Espa444, ..surgard(transport) }
}

fn call(flat: usize) -> Vec<u8> {
    encode(&Block::new('1', &[("1", "12"), ("2", &format!("FLAT {flat}")), ("4", "3"), ("6", "1")]))
}

#[tokio::test]
async fn every_split_of_a_call_is_answered_once_it_is_stored() {
    let Bench { rig, cable, _ports, .. } = Bench::new(espa).await;
    for split in 1..call(100).len() {
        let block = call(100 + split);
        cable.send(b"1\x052\x05").await;
        assert_eq!(cable.hear().await, ACK, "ready");
        cable.send(&block[..split]).await;
        cable.send(&block[split..]).await;
        assert_eq!(cable.hear().await, ACK);
        let board = rig.base.queue.board();
        let flat = format!("FLAT {}", 100 + split);
        let stored = board.borrow().open.iter().any(|alarm| alarm.unit.words.contains(&flat));
        assert!(stored, "acknowledged, so it is on the board");
        cable.send(b"\x04").await;
    }
    let mut damaged = call(1);
    *damaged.last_mut().unwrap() ^= 1;
    cable.send(&damaged).await;
    let mut refused = Vec::new();
    while refused.len() < 2 {
        refused.extend(cable.hear().await);
    }
    assert_eq!(refused, b"1\x15");
}
