//! Calls we know of: those whose BYE is ours to answer.

use std::collections::{BTreeMap, HashMap};

use super::RequestId;
use super::transactions::Key;

/// Calls known, at most; the oldest goes first, and its BYE is answered 481.
pub const CALLS_MAX: usize = 4_096;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: HashMap<Key, RequestId>,
    order: BTreeMap<RequestId, Key>,
}

impl Calls {
    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    /// An INVITE begins one.
    pub(super) fn begin(&mut self, call: Key, invite: RequestId) {
        if let Some(before) = self.calls.insert(call, invite) {
            self.order.remove(&before);
        }
        self.order.insert(invite, call);
        while self.order.len() > CALLS_MAX {
            if let Some((_, oldest)) = self.order.pop_first() {
                self.calls.remove(&oldest);
            }
        }
    }

    /// It has ended, or never began. Names the INVITE that began it.
    pub(super) fn end(&mut self, call: &Key) -> Option<RequestId> {
        let invite = self.calls.remove(call)?;
        self.order.remove(&invite);
        Some(invite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_call_goes_first() {
        let key = |number: u64| {
            let mut key = [0; 32];
            key.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
            Key(key)
        };
        let (mut calls, last) = (Calls::default(), u64::try_from(CALLS_MAX).unwrap());
        for number in 0..=last {
            calls.begin(key(number), RequestId(number));
        }
        assert_eq!((calls.len(), calls.end(&key(0)), calls.end(&key(1))), (CALLS_MAX, None, Some(RequestId(1))));
        calls.begin(key(2), RequestId(9_999));
        assert_eq!(
            (calls.end(&key(2)), calls.len(), calls.order.len()),
            (Some(RequestId(9_999)), CALLS_MAX - 2, CALLS_MAX - 2)
        );
    }
}
