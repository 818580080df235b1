//! Refusals: what no store takes. Its unit hears no acknowledgement and tries elsewhere.

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{JournalState, Keeper, Waiting};
use crate::board::Link;
use crate::entry::{Entry, What};
use crate::exchange::Answer;

impl Keeper {
    /// The batch at the journal is not in it. With the database up it is there, or goes there; else it is refused.
    pub(super) fn journal_down(&mut self, why: &str) {
        self.journal_state = JournalState::Down;
        self.dirty = true;
        self.trouble("journal-failed", Some(why.to_owned()));
        for (entry, waiter) in std::mem::take(&mut self.writing) {
            if let Some((_, reply)) = waiter {
                self.await_store(&entry, reply);
            }
            if self.is_committed_already(entry.seq) {
                self.signal_stored(entry.seq);
            } else {
                self.unjournalled.insert(entry.seq, entry.clone());
                self.enqueue(&entry);
            }
        }
        if self.link != Link::Connected {
            self.refuse_everything();
        }
    }

    /// Nothing can store: whatever waits is refused, and the chain goes on from what was stored.
    pub(super) fn refuse_everything(&mut self) {
        // Who hears a refusal and asks again must not find a board that still promises to store.
        self.publish_at = Instant::now();
        self.publish();
        for (seq, entry) in std::mem::take(&mut self.unjournalled) {
            self.backlog.remove(seq);
            let reply = self.waiting.remove(&seq).map(|(reply, _)| reply);
            self.refuse(&entry, reply);
        }
        if let Some(before) = self.chain_before.take() {
            self.chain.head = before.head;
        }
        for waiting in self.lanes.drain() {
            match waiting {
                Waiting::Signal(_, _, reply) => drop(reply.send(Answer::Refused)),
                Waiting::Action(action) => self.cannot_store(action.id),
                Waiting::Verdict(_) => {}
            }
        }
        // That board still counted what was refused.
        self.dirty = true;
    }

    fn refuse(&mut self, entry: &Entry, reply: Option<oneshot::Sender<Answer>>) {
        match &entry.what {
            What::Signal(signal) => {
                self.repeats.forget(signal);
                if let Some(reply) = reply {
                    let _ = reply.send(Answer::Refused);
                }
            }
            What::Action(action) => self.cannot_store(action.id),
            What::Verdict(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Poll, Wake};
    use std::time::Duration;

    use telecare_protocol::RepeatProof;
    use tokio::sync::watch;

    use super::*;
    use crate::board::Board;
    use crate::exchange::Incoming;
    use crate::keeper::sample;
    use crate::sample::press;

    /// Looks at the board in the moment of being woken, as a session on another core may.
    struct Looks {
        board: watch::Receiver<Arc<Board>>,
        could_store: AtomicBool,
    }

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.could_store.store(self.board.borrow().can_store, Ordering::Relaxed);
        }
    }

    /// Submits the nth press and gives the answer with what the board said as it came.
    fn refused(keeper: &mut Keeper, n: u64, then: impl FnOnce(&mut Keeper)) -> (Answer, bool) {
        let looks = Arc::new(Looks { board: keeper.board.subscribe(), could_store: AtomicBool::new(true) });
        let waker = looks.clone().into();
        let mut context = Context::from_waker(&waker);
        let (reply, mut answer) = oneshot::channel();
        let incoming = Incoming { signal: press("1234", n), repeat: RepeatProof::None, reserved: true };
        keeper.submit(Box::new(incoming), Instant::now(), reply);
        assert!(Pin::new(&mut answer).poll(&mut context).is_pending(), "refused before its time");
        then(keeper);
        let Poll::Ready(Ok(answer)) = Pin::new(&mut answer).poll(&mut context) else { panic!("no answer") };
        (answer, looks.could_store.load(Ordering::Relaxed))
    }

    #[test]
    fn who_is_refused_finds_a_board_that_says_nothing_can_store() {
        let expected = (Answer::Refused, false);

        let mut keeper = sample::keeper(false);
        // As beside a hundred thousand cards: no board is due for a while.
        keeper.publish_at = Instant::now() + Duration::from_secs(3600);
        let at_the_journal = refused(&mut keeper, 1, |keeper| {
            keeper.pump_journal();
            assert_eq!(keeper.writing.len(), 1);
            keeper.journal_down("the disk is full");
        });
        assert_eq!(at_the_journal, expected, "at the journal");

        let mut keeper = sample::keeper(false);
        assert_eq!(refused(&mut keeper, 1, |keeper| keeper.journal_down("the disk is full")), expected, "in a lane");

        let mut keeper = sample::keeper(true);
        keeper.journal_down("the disk is full");
        keeper.link = Link::Connected;
        (keeper.dirty, keeper.publish_at) = (true, Instant::now());
        keeper.publish();
        let for_the_database = refused(&mut keeper, 1, |keeper| {
            keeper.pump_journal();
            assert_eq!(keeper.unjournalled.len(), 1);
            keeper.cut_off("no answer");
        });
        assert_eq!(for_the_database, expected, "for the database");
        keeper.publish_at = Instant::now();
        keeper.publish();
        assert_eq!(keeper.board.borrow().backlog, 0, "it no longer waits");
    }
}
