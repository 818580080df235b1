//! Cards in their order. A copy costs nothing and shares what has not changed since: each board has one, and who looks
//! at every board sees what is new on it without a look at the rest.

use std::cmp::Reverse;
use std::fmt::Debug;
use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use telecare_alarm::alarm::Rank;
use telecare_alarm::{Alarm, AlarmId};
use time::OffsetDateTime;

/// Where a card stands among others. It changes only with the card.
pub trait Place: Clone + Ord + Debug {
    /// Of this card.
    fn of(alarm: &Alarm) -> Self;
}

impl Place for Rank {
    fn of(alarm: &Alarm) -> Rank {
        alarm.rank()
    }
}

/// Closed cards, latest first.
pub type ClosedRank = (Reverse<Option<OffsetDateTime>>, AlarmId);

impl Place for ClosedRank {
    fn of(alarm: &Alarm) -> ClosedRank {
        (Reverse(alarm.closed.as_ref().map(|closed| closed.at)), alarm.id)
    }
}

/// Cards by their place.
#[derive(Clone, Debug)]
pub struct Cards<P: Place>(OrdMap<P, Shared>);

/// Two are the same when they are one: nothing looks at every field of every card.
#[derive(Clone, Debug)]
struct Shared(Arc<Alarm>);

impl PartialEq for Shared {
    fn eq(&self, other: &Shared) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A card at a place, as it was and as it is; one of them may be none. A card that took another place went and came, in the
/// order of the places: it may come first.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Before.
    pub was: Option<&'a Arc<Alarm>>,
    /// Now.
    pub is: Option<&'a Arc<Alarm>>,
}

impl<P: Place> Cards<P> {
    /// Puts a card in its place, instead of the one that was there.
    pub fn put(&mut self, card: Arc<Alarm>) {
        self.0.insert(P::of(&card), Shared(card));
    }

    /// Takes a card from its place.
    pub fn remove(&mut self, card: &Alarm) {
        self.0.remove(&P::of(card));
    }

    /// In their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Alarm>> {
        self.0.values().map(|Shared(card)| card)
    }

    /// The card with so many before it, which are walked over.
    pub fn nth(&self, n: usize) -> Option<&Arc<Alarm>> {
        self.iter().nth(n)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is other than in an older copy, in order. It costs by the changes where one was made from the other.
    pub fn changes_since<'a>(&'a self, older: &'a Cards<P>) -> impl Iterator<Item = Change<'a>> {
        older.0.diff(&self.0).map(|item| match item {
            DiffItem::Add(_, Shared(is)) => Change { was: None, is: Some(is) },
            DiffItem::Update { old: (_, Shared(was)), new: (_, Shared(is)) } => Change { was: Some(was), is: Some(is) },
            DiffItem::Remove(_, Shared(was)) => Change { was: Some(was), is: None },
        })
    }
}

impl<P: Place> Default for Cards<P> {
    fn default() -> Cards<P> {
        Cards(OrdMap::new())
    }
}

impl<P: Place> FromIterator<Arc<Alarm>> for Cards<P> {
    fn from_iter<I: IntoIterator<Item = Arc<Alarm>>>(cards: I) -> Cards<P> {
        Cards(cards.into_iter().map(|card| (P::of(&card), Shared(card))).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::sample::press;

    fn card(n: u8, presses: u32) -> Arc<Alarm> {
        Arc::new(Alarm { presses, ..Alarm::open(&press(&n.to_string(), u64::from(n)), None) })
    }

    proptest! {
        #[test]
        fn changes_make_the_new_of_the_old(
            before in proptest::collection::vec(any::<u8>(), 0..300),
            after in proptest::collection::vec((any::<u8>(), prop::bool::weighted(0.7)), 0..300),
        ) {
            let old: Cards<Rank> = before.iter().map(|n| card(*n, 1)).collect();
            let mut new = old.clone();
            for (n, comes) in after {
                if comes { new.put(card(n, 2)) } else { new.remove(&card(n, 1)) }
            }
            let of = |cards: &Cards<Rank>| cards.iter().map(|card| (card.id, card.clone())).collect::<BTreeMap<_, _>>();
            let mut made = of(&old);
            for change in new.changes_since(&old) {
                prop_assert!(!change.was.zip(change.is).is_some_and(|(was, is)| Arc::ptr_eq(was, is)));
                let was = change.was.map(|was| made.remove(&was.id));
                prop_assert!(was.is_none_or(|was| was.is_some_and(|was| Arc::ptr_eq(&was, change.was.unwrap()))));
                // What was there before went with the same change.
                prop_assert!(change.is.is_none_or(|is| made.insert(is.id, is.clone()).is_none()));
            }
            prop_assert!(of(&new).values().map(Arc::as_ptr).eq(made.values().map(Arc::as_ptr)));
            prop_assert!(new.iter().is_sorted_by_key(|card| card.rank()));
        }
    }
}
