use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::line::conversation::converse;

/// A conversation over a pipe with room for so many bytes each way, and the sender's end of it.
fn talk(rig: &Rig, room: usize) -> (DuplexStream, impl Future<Output = Ended>) {
    let (sender, port) = tokio::io::duplex(room);
    let line = surgard(Transport::TcpConnect { address: String::new() });
    let meters = Arc::new(LineMeters::new("a", line.protocol));
    let world = World::new(Arc::default());
    let with = Conversation {
        session: session::new(&line, &rig.shared.codes, &[], &world.now()),
        ledger: Ledger::new(SessionIntake::new(rig.shared.intake.line(&line.name, None, true)), Arc::clone(&meters)),
        link: Link::new(Arc::clone(&meters)),
        presence: Presence::Open,
        meters,
        book: LineCalls::new(rig.shared.calls.clone(), &line.name, line.protocol).book(None),
        world,
        silence_max: None,
        stop: rig.shared.stop.clone(),
    };
    let pulse = rig.shared.pulses.pulse("a");
    (sender, async move { converse(port, with, &pulse).await })
}

/// Lets a future do what it can without anything else running meanwhile.
async fn once<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn an_owed_answer_still_leaves_when_the_process_stops() {
    let rig = Rig::new().await;
    let (mut sender, talk) = talk(&rig, 64);
    let mut talk = pin!(talk);
    sender.write_all(&press(1234, 1)).await.unwrap();
    assert!(once(talk.as_mut()).await.is_none(), "taken, and not answered yet");
    rig.stop.send_replace(true);
    sender.write_all(&press(1235, 1)).await.unwrap();
    assert!(matches!(bounded(talk).await, Ended::Stopped));
    let mut heard = Vec::new();
    bounded(sender.read_to_end(&mut heard)).await.unwrap();
    assert_eq!(heard, ACK, "one answer, and nothing that came after the stop was read");
    rig.alarm("1234", 1).await;
}

#[tokio::test]
async fn a_port_that_reads_nothing_is_gone() {
    let rig = Rig::new().await;
    let (sender, talk) = talk(&rig, 64);
    drop(sender);
    let ended = bounded(talk).await;
    assert!(matches!(ended, Ended::Lost { cause: Cause::Gone, heard: false }), "{ended:?}");
}

#[tokio::test]
async fn a_sender_that_takes_no_answer_is_gone() {
    let rig = Rig::new().await;
    let (mut sender, talk) = talk(&rig, 1);
    let (ended, _) = bounded(async {
        tokio::join!(talk, async {
            // The pipe holds one answer; nobody takes it, and the second does not fit.
            let _ = sender.write_all(&press(1234, 1)).await;
            let _ = sender.write_all(&press(1235, 1)).await;
        })
    })
    .await;
    assert!(matches!(ended, Ended::Lost { cause: Cause::Stuck, heard: true }), "{ended:?}");
    rig.alarm("1235", 1).await;
}
