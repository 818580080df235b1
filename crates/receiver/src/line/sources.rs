//! Who sends on a line on which everybody may: so many at once from one address, and so many signals of it on their way
//! into the store. Beyond that a sender waits for its acknowledgements or is turned away without one, and tries again;
//! what others send does not wait behind it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

/// Signals of one address on their way into the store: two batches of them pass while another's one waits.
pub const SIGNALS_PER_SOURCE_MAX: usize = 16;

/// The addresses that somebody is there from.
pub struct Sources {
    most: usize,
    known: Mutex<HashMap<IpAddr, Source>>,
}

struct Source {
    here: usize,
    gate: Arc<Semaphore>,
}

/// One of an address, for as long as this lives.
pub struct Guest {
    sources: Arc<Sources>,
    address: IpAddr,
    gate: Arc<Semaphore>,
}

impl Sources {
    /// At most so many at once from one address.
    pub fn new(most: usize) -> Arc<Sources> {
        Arc::new(Sources { most, known: Mutex::default() })
    }

    /// One more from an address; none when as many as may are there.
    pub fn admit(self: &Arc<Sources>, address: IpAddr) -> Option<Guest> {
        // One host, however it writes its address.
        let address = address.to_canonical();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = || Arc::new(Semaphore::new(SIGNALS_PER_SOURCE_MAX));
        let source = known.entry(address).or_insert_with(|| Source { here: 0, gate: gate() });
        if source.here >= self.most {
            return None;
        }
        source.here += 1;
        Some(Guest { sources: Arc::clone(self), address, gate: Arc::clone(&source.gate) })
    }
}

impl Guest {
    /// What its signals pass on their way into the store.
    pub fn gate(&self) -> Arc<Semaphore> {
        Arc::clone(&self.gate)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut known = self.sources.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = known.get_mut(&self.address) {
            source.here -= 1;
            if source.here == 0 {
                known.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_is_forgotten_when_nobody_is_left() {
        let sources = Sources::new(2);
        let at = |address: &str| sources.admit(address.parse().unwrap());
        let (first, second) = (at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some() && at("192.0.2.1").is_none());
        assert!(at("192.0.2.2").is_some(), "another one's share is its own");
        drop(first);
        assert!(at("192.0.2.1").is_some());
        drop(second);
        assert!(sources.known.lock().unwrap().is_empty());
    }
}
