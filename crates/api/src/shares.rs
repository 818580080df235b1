//! How many connections one address may have, so that one machine gone wild leaves room for the others.
//!
//! This host itself is not counted: behind a TLS proxy on it everybody comes from there.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most connections of one address.
const PER_ADDRESS_MAX: usize = 512;

/// Connections by address. Holds no address without a connection. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Shares(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's part of its address's share, given back when dropped.
#[derive(Debug)]
pub struct Share(Option<(Shares, IpAddr)>);

impl Shares {
    /// A part of an address's share; none when it has all of it.
    pub fn take(&self, address: IpAddr) -> Option<Share> {
        let address = address.to_canonical();
        if address.is_loopback() {
            return Some(Share(None));
        }
        let mut counts = self.lock();
        let count = counts.entry(address).or_default();
        if *count >= PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        Some(Share(Some((self.clone(), address))))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some((shares, address)) = &self.0 else { return };
        let mut counts = shares.lock();
        if let Some(count) = counts.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_gives_it_back() {
        let shares = Shares::default();
        let [one, other, local] = ["10.0.0.1", "10.0.0.2", "127.0.0.1"].map(|text| text.parse::<IpAddr>().unwrap());
        let mut taken: Vec<_> = (0..PER_ADDRESS_MAX).map(|_| shares.take(one).unwrap()).collect();
        assert!(shares.take(one).is_none());
        assert!(shares.take("::ffff:10.0.0.1".parse().unwrap()).is_none(), "the same address in another dress");
        assert!(shares.take(other).is_some());
        let unlimited: Vec<_> = (0..2 * PER_ADDRESS_MAX).map(|_| shares.take(local)).collect();
        assert!(unlimited.iter().all(Option::is_some));
        taken.pop();
        assert!(shares.take(one).is_some());
        drop((taken, unlimited));
        assert!(shares.lock().is_empty());
    }
}
