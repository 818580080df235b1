//! For tests: a queue of its own with an intake before it, and waits that end.

use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{Alarm, Policy, ReceiverId};
use telecare_queue::{Board, JournalConfig, Queue, QueueConfig};
use tempfile::TempDir;

use crate::intake::Intake;

/// Longest wait for anything. Only a failing test uses it up.
pub const BOUND: Duration = Duration::from_secs(30);

/// A queue in a directory of its own.
pub struct Rig {
    pub queue: Queue,
    pub intake: Intake,
    pub journal: TempDir,
}

impl Rig {
    pub async fn new() -> Rig {
        Rig::on(tempfile::tempdir().unwrap()).await
    }

    /// A queue on the journal of an earlier one.
    pub async fn on(journal: TempDir) -> Rig {
        let receiver = ReceiverId::new("test");
        let config = QueueConfig {
            receiver: receiver.clone(),
            software: "test".to_owned(),
            journal: JournalConfig { directory: journal.path().to_owned(), keep: BOUND, bytes_max: 1 << 30 },
            database: None,
            ack_wait: Duration::from_millis(100),
            policy: Arc::new(Policy::builtin()),
        };
        let queue = Queue::open(config).await.unwrap();
        let intake = Intake { queue: queue.clone(), receiver, software: Arc::from("test") };
        Rig { queue, intake, journal }
    }

    /// The first board of which something is true.
    pub async fn board(&self, wanted: impl Fn(&Board) -> bool) -> Arc<Board> {
        let mut board = self.queue.board();
        let found = bounded(board.wait_for(|board| wanted(board))).await.unwrap();
        Arc::clone(&found)
    }

    /// The open alarm of a unit, once there is one with so many signals.
    pub async fn alarm(&self, unit: &str, signals: u32) -> Arc<Alarm> {
        let is_it = |alarm: &&Arc<Alarm>| alarm.unit.words.contains(unit) && alarm.signals == signals;
        let board = self.board(|board| board.open.iter().any(|alarm| is_it(&alarm))).await;
        Arc::clone(board.open.iter().find(is_it).unwrap())
    }
}

pub async fn bounded<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, wait).await.expect("it should have happened by now")
}

/// Looks again and again until something is true.
pub async fn until(mut is_true: impl FnMut() -> bool) {
    bounded(async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}
