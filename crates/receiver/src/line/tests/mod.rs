//! Lines on real ports and sockets, with a real queue behind them.

mod pty;
mod serial;
mod tcp;

use std::future::Future;
use std::time::Duration;

use telecare_alarm::{Alarm, Policy, ReceiverId};
use telecare_protocol::{Protocol, Trigger};
use telecare_queue::{Board, JournalConfig, Queue, QueueConfig};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;
use crate::config::{Line, SurGard};

/// Longest wait for anything. Only a failing test uses it up.
const BOUND: Duration = Duration::from_secs(30);

const ACK: &[u8] = &[0x06];

/// A queue of its own, and what lines need besides.
struct Rig {
    queue: Queue,
    shared: Shared,
    stop: watch::Sender<bool>,
    _journal: TempDir,
}

impl Rig {
    async fn new() -> Rig {
        let journal = tempfile::tempdir().unwrap();
        let receiver = ReceiverId::new("test");
        let config = QueueConfig {
            receiver: receiver.clone(),
            software: "test".to_owned(),
            journal: JournalConfig { directory: journal.path().join("journal"), keep: BOUND, bytes_max: 1 << 30 },
            database: None,
            ack_wait: Duration::from_millis(100),
        };
        let queue = Queue::open(config).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let policy = Arc::new(Policy::builtin());
        let intake = Intake { queue: queue.clone(), policy, receiver, software: Arc::from("test") };
        let shared = Shared { intake, codes: Arc::new(Codes::builtin()), pulses: Pulses::new(), stop: stopped };
        Rig { queue, shared, stop, _journal: journal }
    }

    fn line(&self, transport: Transport) -> JoinHandle<()> {
        let surgard = SurGard { header_digits: 3, ack_wait: Duration::from_secs(4), link_watch: None };
        let name = LineId::new("a");
        let line = Line { name, protocol: Protocol::SurGard, namespace: None, transport, surgard };
        tokio::spawn(supervise(line, self.shared.clone()))
    }

    /// The first board of which something is true.
    async fn board(&self, wanted: impl Fn(&Board) -> bool) -> Arc<Board> {
        let mut board = self.queue.board();
        let found = bounded(board.wait_for(|board| wanted(board))).await.unwrap();
        Arc::clone(&found)
    }

    /// The open alarm of a unit, once there is one with so many signals.
    async fn alarm(&self, unit: &str, signals: u32) -> Arc<Alarm> {
        let is_it = |alarm: &&Arc<Alarm>| alarm.unit.words.contains(unit) && alarm.signals == signals;
        let board = self.board(|board| board.open.iter().any(|alarm| is_it(&alarm))).await;
        Arc::clone(board.open.iter().find(is_it).unwrap())
    }
}

/// A Contact ID pendant press as a hardware receiver sends it.
fn press(account: u32, zone: u32) -> Vec<u8> {
    format!("5011 18{account:04}E10101{zone:03}\x14").into_bytes()
}

async fn bounded<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, wait).await.expect("it should have happened by now")
}

/// Looks again and again until something is true.
async fn until(mut is_true: impl FnMut() -> bool) {
    bounded(async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_panic_is_contained_and_the_task_replaced() {
    let runs = Arc::new(watch::channel(0).0);
    let seen = Arc::clone(&runs);
    let meters = LineMeters::new("a", Protocol::SurGard);
    let (stop, stopped) = watch::channel(false);
    let start = move || {
        let runs = Arc::clone(&runs);
        async move {
            runs.send_modify(|runs| *runs += 1);
            assert!(*runs.borrow() > 1, "the first run panics");
            std::future::pending::<()>().await;
        }
    };
    let name = LineId::new("a");
    let kept = tokio::spawn(async move { keep_up(&name, &meters, stopped, start).await });
    bounded(seen.subscribe().wait_for(|runs| *runs == 2)).await.unwrap();
    assert!(!kept.is_finished());
    drop(stop);
    kept.abort();
}

#[tokio::test]
async fn an_absent_port_is_one_alarm_until_it_is_back() {
    let rig = Rig::new().await;
    let meters = Arc::new(LineMeters::new("a", Protocol::SurGard));
    let link = Link::new(meters);
    let intake = rig.shared.intake.line(&LineId::new("a"), None, true);
    let watching = tokio::spawn(link::watch(link.clone(), intake.clone(), Duration::from_millis(20)));
    let down = |alarm: &Alarm, raised: bool| {
        alarm.triggers.iter().any(|(key, state)| key.trigger == Trigger::LineDown && state.is_raised() == raised)
    };
    let alarm = rig.alarm("line a", 1).await;
    assert!(down(&alarm, true));
    // Another life of the process finds the episode told and does not tell it again.
    watching.abort();
    tokio::spawn(link::watch(link.clone(), intake, Duration::from_millis(20)));
    let present = link.present();
    let alarm = rig.alarm("line a", 2).await;
    assert!(down(&alarm, false));
    drop(present);
    let alarm = rig.alarm("line a", 3).await;
    assert!(down(&alarm, true));
}
