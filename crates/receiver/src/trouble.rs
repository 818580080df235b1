//! What ails the queue, or the telephone lines as a whole, as technical alarms on a card of the receiver's own.
//!
//! Each kind of trouble is raised and cleared by itself, told apart by its place on the card. A report that
//! nothing can store (often the trouble itself) waits here; of each kind only the latest state, so the wait
//! is bounded by the number of kinds. Troubles of an earlier life that do not come back are cleared after
//! [`SETTLED_AFTER`].

use std::collections::BTreeMap;
use std::time::Duration;

use telecare_alarm::{LineId, TriggerKey, TriggerState};
use telecare_protocol::report::Location;
use telecare_protocol::{Report, Status, Trigger};
use telecare_queue::{Answer, Board, Queue, Trouble};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::intake::{Intake, LineIntake};

/// The card's name. No line can have it: its characters are none of a line's name.
const CARD: &str = "(receiver)";

/// How often a report that nothing could store is offered again.
const OFFER_EVERY: Duration = Duration::from_secs(2);

/// When a trouble told before the start, and not since, counts as over. Longer than the queue takes to notice.
const SETTLED_AFTER: Duration = Duration::from_secs(30);

/// Makes an alarm of each trouble: the queue's, and those that others tell. Never ends by itself.
pub async fn raise(queue: Queue, intake: Intake, others: mpsc::UnboundedReceiver<Trouble>) {
    raise_settling(queue, intake, others, SETTLED_AFTER).await;
}

async fn raise_settling(
    queue: Queue,
    intake: Intake,
    mut others: mpsc::UnboundedReceiver<Trouble>,
    settled_after: Duration,
) {
    let intake = intake.line(&LineId::new(CARD), None, false);
    let mut earlier = raised(&queue.board().borrow(), &intake);
    let settled = Instant::now() + settled_after;
    let mut waiting: BTreeMap<String, Report> = BTreeMap::new();
    loop {
        let again = if waiting.is_empty() { settled } else { Instant::now() + OFFER_EVERY };
        let trouble = tokio::select! {
            trouble = queue.next_trouble() => Some(trouble),
            Some(trouble) = others.recv() => Some(trouble),
            () = tokio::time::sleep_until(again), if !waiting.is_empty() || !earlier.is_empty() => None,
        };
        if let Some(trouble) = trouble {
            earlier.retain(|what| what != trouble.what);
            say(&trouble);
            let status = if trouble.active { Status::Active } else { Status::Restored };
            waiting.insert(trouble.what.to_owned(), report(trouble.what, status));
        } else if Instant::now() >= settled {
            waiting.extend(earlier.drain(..).map(|what| (what.clone(), report(&what, Status::Restored))));
        }
        offer(&intake, &mut waiting).await;
    }
}

/// Offers what waits, until one is refused.
async fn offer(intake: &LineIntake, waiting: &mut BTreeMap<String, Report>) {
    while let Some(first) = waiting.first_entry() {
        match intake.own(first.get().clone()).await {
            Answer::Stored | Answer::Repeat => drop(first.remove()),
            Answer::Refused => return,
        }
    }
}

fn say(trouble: &Trouble) {
    crate::metrics::trouble(trouble.what, trouble.active);
    if trouble.active {
        tracing::error!(what = trouble.what, why = trouble.why, "trouble: {}", trouble.what);
    } else {
        tracing::info!(what = trouble.what, "trouble is over: {}", trouble.what);
    }
}

fn report(what: &str, status: Status) -> Report {
    let mut report = Report::own(Trigger::System, status, what);
    for event in &mut report.events {
        event.location = Some(Location { code: what.to_owned(), words: what.replace('-', " ") });
    }
    report
}

/// The kinds of trouble that this receiver's open card says are not over.
fn raised(board: &Board, intake: &LineIntake) -> Vec<String> {
    let own = board.open.iter().filter(|alarm| alarm.receiver == *intake.receiver() && alarm.line == *intake.line());
    let is_raised = |(key, state): &(&TriggerKey, &TriggerState)| key.trigger == Trigger::System && state.is_raised();
    own.flat_map(|alarm| &alarm.triggers).filter(is_raised).map(|(key, _)| key.place.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::Rig;

    fn state(board: &Board, what: &str) -> Option<bool> {
        let mut triggers = board.open.iter().flat_map(|alarm| &alarm.triggers);
        triggers.find(|(key, _)| key.place == what).map(|(_, state)| state.is_raised())
    }

    #[tokio::test]
    async fn a_damaged_journal_is_an_alarm_on_the_receivers_own_card() {
        let rig = Rig::new().await;
        rig.queue.close().await;
        let journal = rig.journal;
        for entry in std::fs::read_dir(journal.path()).unwrap() {
            std::fs::write(entry.unwrap().path(), "no database any more, but text, and more of it").unwrap();
        }
        let rig = Rig::on(journal).await;
        let (tell, others) = mpsc::unbounded_channel();
        tokio::spawn(raise(rig.queue.clone(), rig.intake.clone(), others));
        let board = rig.board(|board| state(board, "journal-damaged") == Some(true)).await;
        assert_eq!(&*board.open.nth(0).unwrap().unit.words, "line (receiver)");
        for active in [true, false] {
            tell.send(Trouble { what: "voice-lines-busy", active, why: String::new() }).unwrap();
            rig.board(|board| state(board, "voice-lines-busy") == Some(active)).await;
        }
    }

    #[tokio::test]
    async fn a_trouble_of_an_earlier_life_that_does_not_come_back_is_cleared() {
        let rig = Rig::new().await;
        let intake = rig.intake.line(&LineId::new(CARD), None, false);
        intake.own(report("database-away", Status::Active)).await;
        rig.board(|board| state(board, "database-away") == Some(true)).await;
        let others = mpsc::unbounded_channel().1;
        tokio::spawn(raise_settling(rig.queue.clone(), rig.intake.clone(), others, Duration::from_millis(10)));
        rig.board(|board| state(board, "database-away") == Some(false)).await;
    }
}
