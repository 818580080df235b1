//! Keeps the journal's copy of the names in step, so that they are there when the receiver starts without a
//! database. Small batches, made ready here, each some time after the one before is done: a signal waits for one
//! of them at most, and seldom for that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::Registry;
use telecare_alarm::registry::{Unit, UnitId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep;
use tracing::{debug, info};

use super::Known;
use crate::journal::{Batch, Command};

/// Units of one batch: a millisecond or two of the journal's time, and a sync.
const BATCH_UNITS: usize = 100;
/// Pause between two batches: fifty thousand names are kept within a minute, and nobody waits for them.
const PAUSE: Duration = Duration::from_millis(25);

/// Writes what differs between the names and what the journal has kept. `opened` counts the files the journal
/// has opened since; a fresh one has no names. Ends with the journal, or when nobody can change a name.
pub async fn keep(
    mut kept: Arc<Registry>,
    mut known: Known,
    journal: mpsc::UnboundedSender<Command>,
    mut opened: watch::Receiver<u64>,
) {
    loop {
        tokio::select! {
            changed = known.changed() => if changed.is_err() { return },
            changed = opened.changed() => match changed {
                Ok(()) => kept = Arc::default(),
                Err(_) => return,
            },
        }
        let wanted = known.borrow_and_update().1.clone();
        match write(&journal, &kept, &wanted).await {
            Ok(true) => {
                info!(version = wanted.version(), units = wanted.units().len(), "the journal has the names");
                kept = wanted;
            }
            // The file is gone with some of it; the next one gets all of it.
            Ok(false) => debug!("the journal does not take names at the moment"),
            Err(Ended) => return,
        }
    }
}

/// The journal's task has ended.
struct Ended;

/// Whether all of it was written.
async fn write(journal: &mpsc::UnboundedSender<Command>, kept: &Registry, wanted: &Registry) -> Result<bool, Ended> {
    let before: HashMap<UnitId, &Arc<Unit>> = kept.units().iter().map(|unit| (unit.id, unit)).collect();
    let put: Vec<Arc<Unit>> =
        wanted.units().iter().filter(|unit| before.get(&unit.id) != Some(unit)).cloned().collect();
    let dropped: Vec<UnitId> =
        kept.units().iter().map(|unit| unit.id).filter(|id| wanted.unit(*id).is_none()).collect();
    let puts = put.chunks(BATCH_UNITS).map(|units| Batch::of(units, &[]));
    let drops = dropped.chunks(BATCH_UNITS).map(|ids| Batch::of(&[], ids));
    for batch in puts.chain(drops) {
        let (done, is_done) = oneshot::channel();
        journal.send(Command::Names { batch, done }).map_err(|_| Ended)?;
        if !is_done.await.map_err(|_| Ended)? {
            return Ok(false);
        }
        sleep(PAUSE).await;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use telecare_alarm::registry::Field;
    use tokio::sync::mpsc::UnboundedReceiver;
    use tokio::time::timeout;
    use uuid::Uuid;

    use super::*;
    use crate::registry::Stamp;

    fn registry(version: i64, ids: &[u128]) -> Arc<Registry> {
        let unit = |id: &u128| {
            let mut unit = Unit::blank(UnitId(Uuid::from_u128(*id)));
            Field::Label.set(&mut unit, &format!("unit-{id}")).unwrap();
            unit
        };
        Arc::new(Registry::new(version, ids.iter().map(unit)))
    }

    /// The next batch as it is written; `taken` is the journal's answer.
    async fn batch(journal: &mut UnboundedReceiver<Command>, taken: bool) -> String {
        let command = timeout(Duration::from_secs(30), journal.recv()).await.unwrap();
        let Some(Command::Names { batch, done }) = command else { panic!("names: {command:?}") };
        done.send(taken).unwrap();
        format!("{batch:?}")
    }

    #[tokio::test]
    async fn only_changes_are_written_and_a_fresh_file_gets_everything() {
        let (names, known) = watch::channel::<(Option<Stamp>, Arc<Registry>)>((None, registry(0, &[1])));
        let (opened, has_opened) = watch::channel(0);
        let (journal, mut commands) = mpsc::unbounded_channel();
        let task = tokio::spawn(keep(registry(0, &[1]), known, journal, has_opened));
        names.send_replace((None, registry(1, &[1, 2])));
        let first = batch(&mut commands, true).await;
        assert!(first.contains("unit-2") && !first.contains("unit-1"), "{first}");
        names.send_replace((None, registry(2, &[2])));
        let dropped = batch(&mut commands, true).await;
        assert!(dropped.contains(&Uuid::from_u128(1).to_string()) && !dropped.contains("unit-2"), "{dropped}");
        opened.send_replace(1);
        assert!(batch(&mut commands, false).await.contains("unit-2"));
        // The file was gone in the middle: the next one is not taken for half full.
        opened.send_replace(2);
        assert!(batch(&mut commands, true).await.contains("unit-2"));
        drop(names);
        timeout(Duration::from_secs(30), task).await.unwrap().unwrap();
    }
}
