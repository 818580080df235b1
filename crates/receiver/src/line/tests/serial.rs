use std::path::Path;

use super::pty::Cable;
use super::*;
use crate::config::{DataBits, Parity, Serial, StopBits};

pub(super) fn port(path: &Path) -> Transport {
    Transport::Serial(Serial {
        path: path.to_owned(),
        speed: 1200,
        data_bits: DataBits::Seven,
        parity: Parity::Even,
        stop_bits: StopBits::One,
    })
}

/// A line on a port, with the cable plugged in.
pub(super) struct Bench {
    pub rig: Rig,
    pub cable: Cable,
    pub path: std::path::PathBuf,
    pub _ports: tempfile::TempDir,
}

impl Bench {
    /// Runs the line that a transport makes.
    pub async fn new(line: impl FnOnce(Transport) -> Line) -> Bench {
        let rig = Rig::new().await;
        let ports = tempfile::tempdir().unwrap();
        let path = ports.path().join("port");
        let cable = Cable::plug(&path);
        rig.run(line(port(&path)));
        Bench { rig, cable, path, _ports: ports }
    }
}

#[tokio::test]
async fn every_split_of_a_message_is_answered_once_it_is_stored() {
    let Bench { rig, cable, _ports, .. } = Bench::new(surgard).await;
    let length = press(0, 0).len();
    for split in 1..length {
        let account = 1000 + u32::try_from(split).unwrap();
        let message = press(account, 1);
        cable.send(&message[..split]).await;
        cable.send(&message[split..]).await;
        assert_eq!(cable.hear().await, ACK);
        let board = rig.base.queue.board();
        let stored = board.borrow().open.iter().any(|alarm| alarm.unit.words.contains(&account.to_string()));
        assert!(stored, "acknowledged, so it is on the board");
    }
    let alarm = rig.alarm("1001", 1).await;
    assert_eq!((alarm.line.as_str(), alarm.presses), ("a", 1));
    let detail = rig.base.queue.detail(alarm.id).await.unwrap();
    let signal = &detail.signals[0].signal;
    assert_eq!(signal.raw, press(1001, 1));
    assert!(signal.stamps.first_byte <= signal.stamps.last_byte);
    assert!(signal.stamps.last_byte <= signal.stamps.decoded);
    assert_eq!(signal.id.0.get_version_num(), 7);
}

#[tokio::test]
async fn the_same_press_again_after_its_answer_is_a_press_of_its_own() {
    let Bench { rig, cable, _ports, .. } = Bench::new(surgard).await;
    for _ in 0..3 {
        cable.send(&press(1234, 1)).await;
        assert_eq!(cable.hear().await, ACK);
    }
    let alarm = rig.alarm("1234", 3).await;
    assert_eq!((alarm.presses, alarm.repeats), (3, 0));
}

#[tokio::test]
async fn a_heartbeat_is_answered_and_is_no_signal() {
    let Bench { rig, cable, _ports, .. } = Bench::new(surgard).await;
    cable.send(b"1010           @    \x14").await;
    assert_eq!(cable.hear().await, ACK);
    assert!(rig.base.queue.board().borrow().open.is_empty());
}

#[tokio::test]
async fn a_port_unplugged_and_plugged_in_again_goes_on() {
    let Bench { rig, cable, path, _ports } = Bench::new(surgard).await;
    cable.send(&press(1234, 1)).await;
    assert_eq!(cable.hear().await, ACK);
    // Half a message is lost with the plug, and its sender repeats the whole.
    cable.send(&press(1235, 1)[..9]).await;
    drop(cable);
    let cable = Cable::plug(&path);
    cable.send(&press(1235, 1)).await;
    assert_eq!(cable.hear().await, ACK);
    rig.alarm("1234", 1).await;
    rig.alarm("1235", 1).await;
}

#[tokio::test]
async fn a_port_that_comes_later_is_found() {
    let rig = Rig::new().await;
    let ports = tempfile::tempdir().unwrap();
    let path = ports.path().join("port");
    rig.line(port(&path));
    tokio::task::yield_now().await;
    let cable = Cable::plug(&path);
    cable.send(&press(1234, 1)).await;
    assert_eq!(cable.hear().await, ACK);
}

#[tokio::test]
async fn two_lines_cannot_share_a_port() {
    let Bench { rig: _rig, cable, path, _ports } = Bench::new(surgard).await;
    cable.send(&press(1234, 1)).await;
    assert_eq!(cable.hear().await, ACK);
    let Transport::Serial(second) = port(&path) else { unreachable!() };
    assert!(crate::line::serial::open(&second).is_err());
}
