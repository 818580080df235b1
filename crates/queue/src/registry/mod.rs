//! The registry's way through the stores.
//!
//! ```text
//! import --> PostgreSQL --version changed--> every receiver reads it --> board (names on cards and in intake)
//!                                                               \--> journal, in small batches
//! start  --> journal's copy: names without a database
//! ```
//! Changes are the database's alone. What a receiver knows is a copy, so it may be a second old, and in an
//! outage older.

mod ask;
mod import;
mod keep;
mod load;

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPool;
use telecare_alarm::Registry;
use telecare_alarm::duty::Expected;
use telecare_alarm::registry::Unit;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{info, warn};
use uuid::Uuid;

pub use ask::{Orphan, RegistryError, UnitChange};
pub use import::{Import, Imported};
pub use keep::keep;
pub use load::stamp;

use crate::told::Event;

/// Reading the whole registry may take this long; then it is tried again with the next look.
const LOAD_MAX: Duration = Duration::from_secs(60);

/// Which state of the registry: its version, and the import that made it. A restored copy may have the same
/// version with another content.
pub type Stamp = (i64, Option<Uuid>);

/// Names with the stamp of their state; none when only the journal has told them.
pub type Known = watch::Receiver<(Option<Stamp>, Arc<Registry>)>;

/// The names as last read. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Names {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    known: watch::Sender<(Option<Stamp>, Arc<Registry>)>,
    events: mpsc::UnboundedSender<Event>,
    /// One load at a time.
    loading: Mutex<()>,
}

impl Names {
    /// What the journal had at start, until the database says more.
    pub fn new(kept: Vec<Unit>, events: mpsc::UnboundedSender<Event>) -> Names {
        let registry = Arc::new(Registry::new(0, kept));
        // What the journal kept is expected from the start, too.
        let _ = events.send(Event::Registry(registry.clone(), Box::new(Expected::of(&registry))));
        let (known, _) = watch::channel((None, registry));
        Names { shared: Arc::new(Shared { known, events, loading: Mutex::new(()) }) }
    }

    /// The names as they are known.
    pub fn registry(&self) -> Arc<Registry> {
        self.shared.known.borrow().1.clone()
    }

    /// The names as they are known, and every later state.
    pub fn watch(&self) -> Known {
        self.shared.known.subscribe()
    }

    /// Has the registry read when the database has another state than is known. Returns at once: reading many
    /// units must not keep the reader of the board.
    pub fn follow(&self, stamp: Stamp, pool: &PgPool, loading: &mut JoinSet<()>) {
        while loading.try_join_next().is_some() {}
        if !loading.is_empty() || self.shared.known.borrow().0 == Some(stamp) {
            return;
        }
        let (names, pool) = (self.clone(), pool.clone());
        loading.spawn(async move {
            if let Err(error) = names.refresh(&pool).await {
                warn!(%error, "the registry could not be read; it is tried again");
            }
        });
    }

    /// Reads the registry unless the known state is the database's.
    pub async fn refresh(&self, pool: &PgPool) -> Result<(), RegistryError> {
        let _one_at_a_time = self.shared.loading.lock().await;
        let known = self.shared.known.borrow().0;
        let read = timeout(LOAD_MAX, load::changed(pool, known)).await.map_err(|_| RegistryError::TooSlow)?;
        if let Some((stamp, registry)) = read? {
            info!(version = stamp.0, units = registry.units().len(), "the registry is read");
            self.shared.known.send_replace((Some(stamp), registry.clone()));
            // The keeper ends before the readers only when the process ends.
            let expected = Box::new(Expected::of(&registry));
            let _ = self.shared.events.send(Event::Registry(registry, expected));
        }
        Ok(())
    }
}
