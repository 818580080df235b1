//! The parts of a line of digital units by themselves: what is bounded, and what happens at the bound.

use std::time::Duration;

use telecare_alarm::action::{Act, Action, Actor};
use telecare_alarm::{ActionId, LineId};
use telecare_protocol::report::Origin;
use telecare_protocol::{Answered, Delivery, Message, Protocol, RepeatProof, Report, Sender, Status, Token, Trigger};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::peers::Peers;
use super::*;
use crate::config::{Sip, Transport as Carrier};
use crate::intake::SessionIntake;
use crate::line::calls::LineCalls;
use crate::line::tests::{Rig, surgard};
use crate::line::{SILENCE_MAX, Supervisor, udp};
use crate::rig::bounded;

fn flow(transport: Transport, connection: u64) -> Flow {
    Flow { transport, remote: "192.0.2.1:5060".parse().unwrap(), connection }
}

fn task(rig: &Rig) -> Arc<LineTask> {
    let listen = SipListen { udp: None, tcp: None, tls: None, connections_max: 8 };
    let line = crate::config::Line { protocol: Protocol::Sip, ..surgard(Carrier::SipListen(listen)) };
    let intake = rig.shared.intake.line(&line.name, None, false);
    Arc::new(Supervisor::new(line, rig.shared.clone()).task(intake))
}

fn peers(rig: &Rig) -> Peers {
    let calls = LineCalls::new(rig.shared.calls.clone(), &LineId::new("a"), Protocol::Sip);
    Peers::new(calls, task(rig).link.clone())
}

fn out(bytes: &[u8]) -> Outgoing {
    Outgoing { bytes: bytes.to_vec(), answering: None }
}

fn door(room: usize) -> (peers::Door, mpsc::Receiver<Outgoing>, oneshot::Receiver<Cause>) {
    let (out, outbox) = mpsc::channel(room);
    let (cut, cut_off) = oneshot::channel();
    (peers::Door { out, cut }, outbox, cut_off)
}

fn report(identity: &str) -> Report {
    let mut report = Report::own(Trigger::Pendant, Status::Active, "0010");
    report.protocol = Protocol::Scaip;
    report.origin = Origin::Unit;
    report.identity = Some(identity.to_owned());
    report
}

fn delivery(token: u64, identity: &str) -> Delivery {
    let now = Instant::now();
    Delivery {
        token: Token(token),
        message: Message::Report(report(identity)),
        raw: vec![0x31],
        first_byte: now,
        last_byte: now,
        repeat: RepeatProof::None,
        owed: true,
        about: None,
    }
}

/// A connection over a pipe with room for so many bytes, its unit's end, what the hub hears, and the hub's door.
async fn connected(rig: &Rig, room: usize) -> (DuplexStream, mpsc::Receiver<Heard>, peers::Door, JoinHandle<Ended>) {
    let (unit, port) = tokio::io::duplex(room);
    let (hub, mut heard) = mpsc::channel(HEARD_MAX);
    let (theirs, outbox, cut_off) = door(connection::OUTBOX_MAX);
    let task = task(rig);
    let talking = tokio::spawn(async move {
        let pulse = task.connection_pulse();
        let flow = flow(Transport::Tcp, 1);
        Connection { task: &task, flow, hub, outbox, cut_off, pulse: &pulse }.run(port, theirs).await
    });
    let opened = bounded(heard.recv()).await.unwrap();
    let What::Opened(door) = opened.what else { panic!("it opens first") };
    (unit, heard, door, talking)
}

#[tokio::test]
async fn a_full_outbox_closes_its_connection_and_no_other() {
    let rig = Rig::new().await;
    let mut peers = peers(&rig);
    let (slow, other) = (flow(Transport::Tcp, 1), flow(Transport::Tls, 2));
    let ((a, mut a_out, mut a_cut), (b, mut b_out, mut b_cut)) = (door(2), door(2));
    peers.opened(slow, a, Instant::now());
    peers.opened(other, b, Instant::now());
    assert!(peers.send(slow, out(b"1")) && peers.send(slow, out(b"2")));
    assert!(a_cut.try_recv().is_err(), "full is not over full");
    assert!(!peers.send(slow, out(b"3")));
    assert_eq!(a_cut.try_recv().unwrap(), Cause::Stuck);
    assert!(!peers.send(slow, out(b"4")), "it has no door any more");
    assert!(peers.send(other, out(b"1")) && b_cut.try_recv().is_err());
    assert_eq!((a_out.recv().await.unwrap().bytes, b_out.recv().await.unwrap().bytes), (vec![b'1'], vec![b'1']));
    assert!(!peers.send(flow(Transport::Tcp, 9), out(b"1")), "nobody is there");
}

#[tokio::test]
async fn who_never_says_anything_of_use_is_cut_off() {
    let rig = Rig::new().await;
    let mut peers = peers(&rig);
    let began = Instant::now();
    let ((a, _a_out, mut a_cut), (b, _b_out, mut b_cut)) = (door(2), door(2));
    let (mute, useful) = (flow(Transport::Tcp, 1), flow(Transport::Tcp, 2));
    peers.opened(mute, a, began);
    peers.opened(useful, b, began);
    peers.heard(mute, 9, began);
    peers.delivered(useful, Token(1), None, None, began);
    peers.sweep(began + SILENCE_MAX - Duration::from_millis(1));
    assert!(a_cut.try_recv().is_err());
    assert_eq!(peers.next_due(), Some(began + SILENCE_MAX));
    peers.sweep(began + SILENCE_MAX);
    assert_eq!(a_cut.try_recv().unwrap(), Cause::TimedOut);
    assert!(b_cut.try_recv().is_err());
    assert_eq!(peers.next_due(), None);
}

#[tokio::test]
async fn a_datagrams_sender_is_forgotten_once_all_is_written_down() {
    let rig = Rig::new().await;
    let mut peers = peers(&rig);
    let (now, udp) = (Instant::now(), flow(Transport::Udp, 0));
    let calls = || rig.shared.calls.latest(|_| true, usize::MAX).len();
    // Noise is nobody.
    peers.heard(udp, 9, now);
    peers.tidy(udp);
    assert!(peers.book(udp).is_none() && calls() == 0);
    for token in [1, 2] {
        peers.heard(udp, 9, now);
        peers.delivered(udp, Token(token), None, None, now).delivered(&delivery(token, "1"));
        peers.tidy(udp);
        assert!(peers.book(udp).is_some(), "the store has not answered");
        let (from, book) = peers.stored(Token(token)).unwrap();
        assert_eq!(from, udp);
        book.stored(Token(token), telecare_queue::Answer::Stored);
        if token == 1 {
            peers.book_of(Token(token)).unwrap().1.left(Token(token), Answered::Positive);
            peers.tidy(udp);
            assert!(peers.book(udp).is_none() && peers.book_of(Token(token)).is_none());
        }
    }
    // Nobody ever says what became of the second's answer.
    peers.tidy(udp);
    peers.sweep(now + SILENCE_MAX - Duration::from_millis(1));
    assert!(peers.book(udp).is_some());
    peers.sweep(now + SILENCE_MAX);
    assert!(peers.book(udp).is_none());
    assert_eq!((calls(), peers.next_due()), (2, None));
}

#[tokio::test]
async fn a_connection_is_read_while_what_it_said_finds_room() {
    let rig = Rig::new().await;
    let (mut unit, mut heard, _door, _talking) = connected(&rig, 1).await;
    let mut under_way = Vec::new();
    // The pipe holds one byte, so each is a read of its own.
    let writing = tokio::spawn(async move {
        for byte in 0..40 {
            unit.write_all(&[byte]).await.unwrap();
        }
        unit
    });
    let mut take = async |under_way: &mut Vec<_>| {
        let before = Instant::now();
        let heard = bounded(heard.recv()).await.unwrap();
        let What::Bytes(bytes, held) = heard.what else { panic!("only bytes come") };
        assert!(heard.at <= Instant::now() && before.elapsed() < crate::rig::BOUND);
        under_way.push((bytes, held));
    };
    for _ in 0..16 {
        take(&mut under_way).await;
    }
    // One may be read beyond the room only once another is done with.
    let early = tokio::time::timeout(Duration::from_millis(50), take(&mut under_way)).await;
    assert!(early.is_err(), "16 are under way");
    under_way.remove(0);
    take(&mut under_way).await;
    assert_eq!(under_way.last().unwrap().0, [16]);
    under_way.clear();
    for _ in 17..40 {
        take(&mut under_way).await;
        under_way.clear();
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn what_was_sent_before_the_end_leaves_and_a_cut_ends_at_once() {
    let rig = Rig::new().await;
    let (mut unit, _heard, door, talking) = connected(&rig, 64).await;
    for text in [b"one ", b"two "] {
        door.out.try_send(out(text)).ok().unwrap();
    }
    drop(door);
    let mut all = Vec::new();
    bounded(unit.read_to_end(&mut all)).await.unwrap();
    assert_eq!(all, b"one two ");
    assert!(matches!(bounded(talking).await.unwrap(), Ended::Lost { cause: Cause::Gone, heard: false }));

    let (_unit, mut heard, door, talking) = connected(&rig, 64).await;
    door.cut.send(Cause::TimedOut).unwrap();
    assert!(matches!(bounded(talking).await.unwrap(), Ended::Lost { cause: Cause::TimedOut, heard: false }));
    assert!(matches!(bounded(heard.recv()).await.unwrap().what, What::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_takes_nothing_is_gone() {
    let rig = Rig::new().await;
    let (_unit, mut heard, door, talking) = connected(&rig, 2).await;
    door.out.try_send(out(b"more than it takes")).ok().unwrap();
    assert!(matches!(talking.await.unwrap(), Ended::Lost { cause: Cause::Stuck, heard: false }));
    assert!(matches!(heard.recv().await.unwrap().what, What::Closed));
}

#[tokio::test]
async fn an_address_has_its_share_of_datagrams_and_another_gets_through() {
    let rig = Rig::new().await;
    let task = task(&rig);
    let (hub, mut heard) = mpsc::channel(HEARD_MAX);
    let (told, mut sockets) = watch::channel(None);
    tokio::spawn(datagrams::listen(Arc::clone(&task), "127.0.0.1:0".parse().unwrap(), hub, told));
    let bound = bounded(sockets.wait_for(Option::is_some)).await.unwrap().clone().unwrap();
    let address = bound.local_addr().unwrap();
    let flood = UdpSocket::bind("127.0.0.9:0").await.unwrap();
    let mut held = Vec::new();
    for n in 0..udp::DATAGRAMS_PER_SOURCE_MAX {
        flood.send_to(&n.to_be_bytes(), address).await.unwrap();
        let Heard { flow, what: What::Bytes(bytes, under_way), .. } = bounded(heard.recv()).await.unwrap() else {
            panic!("only bytes come");
        };
        assert_eq!((flow.remote, bytes), (flood.local_addr().unwrap(), n.to_be_bytes().to_vec()));
        held.push(under_way);
    }
    flood.send_to(b"too many", address).await.unwrap();
    let other = UdpSocket::bind("127.0.0.10:0").await.unwrap();
    other.send_to(b"mine", address).await.unwrap();
    let next = bounded(heard.recv()).await.unwrap();
    assert_eq!(next.flow.remote, other.local_addr().unwrap());
    // A place that becomes free is given again.
    held.pop();
    flood.send_to(b"again", address).await.unwrap();
    assert_eq!(bounded(heard.recv()).await.unwrap().flow.remote, flood.local_addr().unwrap());
}

#[tokio::test]
async fn a_call_goes_to_whoever_has_the_alarm_else_to_the_group() {
    let rig = Rig::new().await;
    let line = rig.shared.intake.line(&LineId::new("a"), None, false);
    let mut intake = SessionIntake::new(line.clone());
    for (token, unit) in [(1, "1234"), (2, "5678")] {
        intake.take(delivery(token, unit));
        bounded(intake.answered()).await;
    }
    let alarm = rig.base.alarm("1234", 1).await;
    let group = "sip:group@pbx.example";
    let mut sip = Sip { operator_address: Some("sip:{extension}@pbx.example".to_owned()), ..Sip::default() };
    let caller = |identity: &str| Sender { protocol: Protocol::Scaip, identity: identity.to_owned() };
    let now = OffsetDateTime::now_utc();
    let to = |sip: &Sip, unit: &str, at| operator::of_call(&line, sip, &caller(unit), at);
    assert_eq!(to(&sip, "1234", now), None, "nobody has it, and there is no group");
    sip.settings.targets.sip = Some(group.to_owned());
    assert_eq!(to(&sip, "1234", now).as_deref(), Some(group));
    let actor = Actor { person: Arc::from("Ann"), desk: Arc::from("desk 1") };
    let act = Act::Claim { lease: Duration::from_secs(600) };
    let claim = Action { id: ActionId(Uuid::from_u128(1)), alarm: alarm.id, at: now, actor, act };
    rig.base.queue.act(claim).await.ok().unwrap();
    rig.base.board(|board| board.open.iter().any(|alarm| alarm.claim.is_some())).await;
    assert_eq!(to(&sip, "1234", now).as_deref(), Some("sip:desk%201@pbx.example"));
    assert_eq!(to(&sip, "5678", now).as_deref(), Some(group), "another's alarm");
    assert_eq!(to(&sip, "9999", now).as_deref(), Some(group), "no alarm at all");
    let late = now + time::Duration::seconds(700);
    assert_eq!(to(&sip, "1234", late).as_deref(), Some(group), "the claim has run out");
    sip.operator_address = None;
    assert_eq!(to(&sip, "1234", now).as_deref(), Some(group), "desks cannot be called");
}
