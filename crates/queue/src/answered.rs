//! Answers to actions, remembered so that one sent twice gets the same answer, and so that a log read from
//! the journal knows what was said a moment ago.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use telecare_alarm::{ActionId, Refusal};

/// Answers remembered; the oldest goes first.
const ANSWERED_MAX: usize = 10_000;

/// The answers. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    answers: HashMap<ActionId, Result<(), Refusal>>,
    order: VecDeque<ActionId>,
}

impl Answered {
    /// What was said to an action.
    pub fn get(&self, id: ActionId) -> Option<Result<(), Refusal>> {
        self.lock().answers.get(&id).cloned()
    }

    /// Takes note of an answer.
    pub fn remember(&self, id: ActionId, outcome: Result<(), Refusal>) {
        let mut inner = self.lock();
        if inner.answers.insert(id, outcome).is_none() {
            inner.order.push_back(id);
        }
        if inner.order.len() > ANSWERED_MAX
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.answers.remove(&oldest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_oldest_answer_goes_first() {
        let answered = Answered::default();
        let id = |n: usize| ActionId(Uuid::from_u128(u128::try_from(n).unwrap()));
        for n in 0..=ANSWERED_MAX {
            answered.remember(id(n), Ok(()));
        }
        assert_eq!(answered.get(id(0)), None);
        assert_eq!(answered.get(id(1)), Some(Ok(())));
        assert_eq!(answered.lock().answers.len(), ANSWERED_MAX);
    }
}
