//! Accounts whose frames were outside the window. A unit sets its clock by the first NAK; one that cannot is sent NAK for
//! ever, and what it has to say would be seen by nobody.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many in a row are told (C).
pub const TOLD_EVERY: u32 = 3;
/// In a row means: not further apart than this.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(15 * 60);
/// Accounts remembered; beyond it the one whose NAK is longest ago is forgotten, and told later.
const ACCOUNTS_MAX: usize = 4_096;

/// Of all sessions of a line.
#[derive(Debug, Default)]
pub struct Naks {
    accounts: Mutex<HashMap<String, (u32, Instant)>>,
}

impl Naks {
    /// One more for an account; whether it is to be told.
    pub(super) fn count(&self, account: &str, now: Instant) -> bool {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.len() >= ACCOUNTS_MAX && !accounts.contains_key(account) {
            let oldest = accounts.iter().min_by_key(|(_, (_, at))| *at).map(|(account, _)| account.clone());
            oldest.and_then(|oldest| accounts.remove(&oldest));
        }
        let (count, at) = accounts.entry(account.to_owned()).or_insert((0, now));
        if now.saturating_duration_since(*at) > FORGOTTEN_AFTER {
            *count = 0;
        }
        *at = now;
        *count = count.saturating_add(1);
        let told = *count >= TOLD_EVERY;
        if told {
            *count = 0;
        }
        told
    }

    /// A frame of the account was inside.
    pub(super) fn forget(&self, account: &str) {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_third_in_a_row_is_told() {
        let (naks, now) = (Naks::default(), Instant::now());
        let told: Vec<bool> = (0..7).map(|_| naks.count("1234", now)).collect();
        assert_eq!(told, [false, false, true, false, false, true, false]);
        naks.count("1234", now);
        naks.forget("1234");
        assert!(!naks.count("1234", now) && !naks.count("5678", now));
        assert!(!naks.count("1234", now) && !naks.count("1234", now + FORGOTTEN_AFTER * 2));
    }

    #[test]
    fn a_flood_of_accounts_is_bounded() {
        let (naks, now) = (Naks::default(), Instant::now());
        for n in 0..ACCOUNTS_MAX + 10 {
            naks.count(&n.to_string(), now);
        }
        assert_eq!(naks.accounts.lock().unwrap().len(), ACCOUNTS_MAX);
    }
}
