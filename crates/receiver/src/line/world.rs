//! What the sessions of a line are told of the world: the time, and the keys and accounts in force.

use std::sync::Arc;
use std::time::Instant;

use telecare_protocol::digital::Accounts;
use telecare_protocol::sia_dc09::{Clock, Keys, Naks, Outside};
use time::OffsetDateTime;
use tokio::sync::watch;
use uuid::Uuid;

/// The world of a line. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct World {
    keys: Arc<watch::Sender<Arc<Keys>>>,
    accounts: Arc<watch::Sender<Arc<Accounts>>>,
    naks: Arc<Naks>,
}

impl World {
    /// With these keys.
    pub fn new(keys: Arc<Keys>) -> World {
        let accounts = Arc::new(watch::channel(Arc::default()).0);
        World { keys: Arc::new(watch::channel(keys).0), accounts, naks: Arc::default() }
    }

    /// With these accounts.
    pub fn with_accounts(self, accounts: Arc<Accounts>) -> World {
        self.set_accounts(accounts);
        self
    }

    /// Other keys count from the next frame on, also in conversations that are under way.
    pub fn set_keys(&self, keys: Arc<Keys>) {
        self.keys.send_replace(keys);
    }

    /// Other accounts count from the next message on.
    pub fn set_accounts(&self, accounts: Arc<Accounts>) {
        self.accounts.send_replace(accounts);
    }

    /// The accounts in force, and every change of them.
    pub fn accounts(&self) -> watch::Receiver<Arc<Accounts>> {
        self.accounts.subscribe()
    }

    /// As it is now.
    pub fn now(&self) -> Outside {
        let clock = Clock { at: Instant::now(), utc: OffsetDateTime::now_utc() };
        Outside { clock, keys: self.keys.borrow().clone(), naks: Arc::clone(&self.naks) }
    }
}

/// Sixteen bytes that nobody can foretell.
pub fn chance() -> [u8; 16] {
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    let mut bytes = *one.as_bytes();
    // Two have more than enough chance, whatever their version bits say.
    bytes.iter_mut().zip(two.as_bytes()).for_each(|(byte, other)| *byte = byte.rotate_left(3) ^ other);
    bytes
}
