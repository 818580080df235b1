//! A line beside another platform: hears everything, says nothing.

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use super::pty::Cable;
use super::serial::{Bench, port};
use super::*;

fn listening(transport: Transport) -> Line {
    Line { listen_only: true, ..surgard(transport) }
}

#[tokio::test]
async fn a_port_that_is_only_listened_to_stays_silent() {
    let Bench { rig, cable, _ports, .. } = Bench::new(listening).await;
    // As through a splitter: the other host's acknowledgements are among the lines.
    for (n, zone) in (1..).zip([1, 1, 2]) {
        cable.send(&press(1234, zone)).await;
        cable.send(ACK).await;
        rig.alarm("1234", n).await;
    }
    let alarm = rig.alarm("1234", 3).await;
    assert_eq!((alarm.presses, alarm.repeats, alarm.shadow), (3, 0, true), "every copy is kept as a press");
    assert!(alarm.headline(alarm.last_at).starts_with("Shadow: "), "{}", alarm.headline(alarm.last_at));
    let signals = rig.base.queue.detail(alarm.id).await.unwrap().signals;
    assert!(signals.iter().all(|stored| stored.signal.shadow && stored.signal.report.warnings.is_empty()));
    cable.send(b"1010           @    \x14").await;
    cable.send(&press(1235, 1)).await;
    rig.alarm("1235", 1).await;
    assert!(cable.is_quiet(), "not a byte was sent");
}

#[tokio::test]
async fn a_port_unplugged_and_plugged_in_again_is_listened_to_again() {
    let Bench { rig, cable, path, _ports } = Bench::new(listening).await;
    cable.send(&press(1234, 1)).await;
    rig.alarm("1234", 1).await;
    drop(cable);
    let cable = Cable::plug(&path);
    cable.send(&press(1235, 1)).await;
    rig.alarm("1235", 1).await;
    assert!(cable.is_quiet());
}

/// The same account on a line that answers is another unit: an operator's card is never joined by a shadow.
#[tokio::test]
async fn a_shadow_is_nobody_elses_unit() {
    let rig = Rig::new().await;
    let ports = tempfile::tempdir().unwrap();
    let (ours, theirs) = (ports.path().join("ours"), ports.path().join("theirs"));
    let (answered, overheard) = (Cable::plug(&ours), Cable::plug(&theirs));
    rig.run(surgard(port(&ours)));
    rig.run(Line { name: LineId::new("b"), ..listening(port(&theirs)) });
    answered.send(&press(1234, 1)).await;
    assert_eq!(answered.hear().await, ACK);
    overheard.send(&press(1234, 1)).await;
    let board = rig.base.board(|board| board.open.len() == 2).await;
    let mut told: Vec<_> =
        board.open.iter().map(|alarm| (alarm.line.to_string(), alarm.shadow, alarm.signals)).collect();
    told.sort();
    assert_eq!(told, [("a".to_owned(), false, 1), ("b".to_owned(), true, 1)]);
    assert!(board.open.iter().any(|alarm| alarm.unit.key.contains("shadow")));
}

#[tokio::test]
async fn a_connection_that_is_only_listened_to_stays_silent() {
    let rig = Rig::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    rig.run(listening(Transport::TcpConnect { address: listener.local_addr().unwrap().to_string() }));
    let (mut splitter, _) = bounded(listener.accept()).await.unwrap();
    splitter.write_all(&press(1234, 1)).await.unwrap();
    rig.alarm("1234", 1).await;
    rig.stop.send_replace(true);
    let mut heard = Vec::new();
    bounded(splitter.read_to_end(&mut heard)).await.unwrap();
    assert_eq!(heard, b"");
}
