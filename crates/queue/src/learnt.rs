//! What callers' units speak: learnt from the last call of each number, so that the next one is asked for it first.
//!
//! Kept in this receiver's journal, like the other things it need not ask the database for. A number that was never
//! heard, or whose line of memory was lost, costs the probes of a few seconds and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use telecare_protocol::Protocol;

/// Numbers that are remembered; later ones are not learnt. Ten times a large centre's connections.
const NUMBERS_MAX: usize = 50_000;
/// Characters of a number; one that is longer is none.
const NUMBER_CHARS_MAX: usize = 32;

/// What is known of the callers. Cheap to clone; all clones are the same memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learnt(Arc<Mutex<HashMap<String, Protocol>>>);

impl Learnt {
    /// What the journal knew.
    pub fn new(known: Vec<(String, Protocol)>) -> Learnt {
        Learnt(Arc::new(Mutex::new(known.into_iter().collect())))
    }

    /// What a number's unit spoke last.
    pub fn of(&self, number: &str) -> Option<Protocol> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(number).copied()
    }

    /// Notes what a number's unit spoke; whether that is news.
    pub fn learn(&self, number: &str, protocol: Protocol) -> bool {
        if number.is_empty() || number.chars().count() > NUMBER_CHARS_MAX {
            return false;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = known.len() >= NUMBERS_MAX;
        match known.get_mut(number) {
            Some(last) if *last == protocol => false,
            Some(last) => {
                *last = protocol;
                true
            }
            None if is_full => false,
            None => known.insert(number.to_owned(), protocol).is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_news() {
        let learnt = Learnt::new(vec![("01527 1".to_owned(), Protocol::Bs8521)]);
        let again = learnt.clone();
        assert!(!again.learn("01527 1", Protocol::Bs8521));
        assert!(again.learn("01527 1", Protocol::SurGard));
        assert_eq!(learnt.of("01527 1"), Some(Protocol::SurGard));
        assert_eq!(learnt.of("01527 2"), None);
        assert!(!learnt.learn("", Protocol::Bs8521) && !learnt.learn(&"1".repeat(33), Protocol::Bs8521));
    }

    #[test]
    fn a_full_memory_still_follows_those_it_has() {
        let known = (0..NUMBERS_MAX).map(|n| (n.to_string(), Protocol::Bs8521)).collect();
        let learnt = Learnt::new(known);
        assert!(!learnt.learn("one more", Protocol::Bs8521));
        assert!(learnt.learn("7", Protocol::SurGard));
    }
}
