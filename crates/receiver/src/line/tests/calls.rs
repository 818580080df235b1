//! What a line's conversations leave for who asks after a call.

use telecare_api::calls::{Call, CallAnswer, CallOutcome};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::pty::Cable;
use super::serial::Bench;
use super::tcp::{connect, free_address, hear};
use super::*;
use crate::rig::until;

impl Rig {
    /// The calls so far, the oldest first, once there are so many.
    async fn calls(&self, wanted: usize) -> Vec<Arc<Call>> {
        let all = || self.shared.calls.latest(|_| true, usize::MAX);
        until(|| all().len() >= wanted).await;
        let mut calls = all();
        calls.reverse();
        assert_eq!(calls.len(), wanted, "{calls:#?}");
        calls
    }
}

fn told(call: &Call) -> (CallOutcome, Option<CallAnswer>, Option<&str>, usize) {
    (call.outcome, call.answered, call.identity.as_deref(), call.signals.len())
}

const ACKNOWLEDGED: Option<CallAnswer> = Some(CallAnswer::Positive);

#[tokio::test]
async fn each_message_on_a_port_is_a_call() {
    let Bench { rig, cable, path, _ports } = Bench::new(surgard).await;
    cable.send(b"1010           @    \x14").await;
    assert_eq!(cable.hear().await, ACK);
    cable.send(&press(1234, 1)).await;
    assert_eq!(cable.hear().await, ACK);
    cable.send(b"4011  12342025550123\x14").await;
    assert_eq!(cable.hear().await, ACK);
    let damaged = b"5011 181234E10101\x14";
    cable.send(damaged).await;
    cable.send(damaged).await;
    assert_eq!(cable.hear().await, ACK);
    let calls = rig.calls(3).await;
    assert_eq!(told(&calls[0]), (CallOutcome::Stored, ACKNOWLEDGED, Some("1234"), 1), "a heartbeat is no call");
    assert_eq!((calls[0].bytes, calls[0].bad_frames, &calls[0].peer), (21, 0, &None));
    assert!(calls[0].began <= calls[0].last_byte.unwrap() && calls[0].last_byte.unwrap() <= calls[0].ended);
    assert_eq!(told(&calls[1]), (CallOutcome::Stored, ACKNOWLEDGED, Some("1234"), 1), "the account of the call before");
    assert!(calls[1].is_from("2025550123"));
    assert_eq!(told(&calls[2]), (CallOutcome::Unreadable, ACKNOWLEDGED, None, 1));
    assert_eq!(calls[2].bad_frames, 2);
    // The first line of a new conversation may be the last of the one before, and this one is.
    cable.send(&press(1234, 2)).await;
    assert_eq!(cable.hear().await, ACK);
    drop(cable);
    let cable = Cable::plug(&path);
    cable.send(&press(1234, 2)).await;
    assert_eq!(cable.hear().await, ACK);
    assert_eq!(told(&rig.calls(5).await[4]), (CallOutcome::Repeat, ACKNOWLEDGED, Some("1234"), 1));
}

#[tokio::test]
async fn what_nothing_can_store_is_a_refused_call() {
    let Bench { rig, cable, _ports, .. } = Bench::new(surgard).await;
    rig.base.queue.close().await;
    cable.send(&press(1234, 1)).await;
    let calls = rig.calls(1).await;
    assert_eq!(told(&calls[0]), (CallOutcome::Refused, Some(CallAnswer::Withheld), Some("1234"), 0));
    assert!(cable.is_quiet());
}

#[tokio::test]
async fn who_only_listens_owes_no_answer() {
    let Bench { rig, cable, _ports, .. } =
        Bench::new(|transport| Line { listen_only: true, ..surgard(transport) }).await;
    cable.send(&press(1234, 1)).await;
    assert_eq!(told(&rig.calls(1).await[0]), (CallOutcome::Stored, None, Some("1234"), 1));
}

/// Ends a connection on which nothing more is said, and waits until the receiver has noticed.
async fn end(mut stream: TcpStream) {
    stream.shutdown().await.unwrap();
    assert_eq!(hear(&mut stream).await, b"", "the receiver ends it, too");
}

#[tokio::test]
async fn a_connection_on_which_nobody_says_anything_useful_is_a_call() {
    for (bytes, outcome, words) in [
        (&b""[..], CallOutcome::Silent, "nothing came"),
        (b"1010           @    \x14", CallOutcome::SignsOfLifeOnly, "heartbeats only"),
        (b"GET /", CallOutcome::Unreadable, "in no frame"),
        (b"5011 181234E10101\x14", CallOutcome::Unreadable, "not repeated"),
    ] {
        let rig = Rig::new().await;
        let address = free_address().await;
        rig.line(Transport::TcpListen { address, connections_max: 8 });
        let mut stream = connect(address).await;
        let peer = stream.local_addr().unwrap().to_string();
        stream.write_all(bytes).await.unwrap();
        if outcome == CallOutcome::SignsOfLifeOnly {
            assert_eq!(hear(&mut stream).await, ACK);
        }
        end(stream).await;
        let call = rig.calls(1).await.remove(0);
        assert_eq!((told(&call), call.peer.as_deref()), ((outcome, None, None, 0), Some(peer.as_str())), "{words}");
        assert!(call.detail.contains(words), "{}", call.detail);
        assert_eq!(call.bytes, u64::try_from(bytes.len()).unwrap());
        // Another so soon is counted with the next, and does not push out what somebody looks for.
        end(connect(address).await).await;
        let mut useful = connect(address).await;
        useful.write_all(&press(1234, 1)).await.unwrap();
        assert_eq!(hear(&mut useful).await, ACK);
        assert_eq!(told(&rig.calls(2).await[1]), (CallOutcome::Stored, ACKNOWLEDGED, Some("1234"), 1));
    }
}

#[tokio::test]
async fn a_message_whose_connection_ends_before_the_answer_says_so() {
    let rig = Rig::new().await;
    let address = free_address().await;
    rig.line(Transport::TcpListen { address, connections_max: 8 });
    // The end comes with the message: the store's word comes after it.
    let mut stream = connect(address).await;
    stream.write_all(&press(1234, 1)).await.unwrap();
    drop(stream);
    let call = rig.calls(1).await.remove(0);
    assert_eq!((call.outcome, call.signals.len()), (CallOutcome::Stored, 1));
    assert!(call.answered == ACKNOWLEDGED || call.detail.contains("ended before the answer"), "{call:#?}");
}
