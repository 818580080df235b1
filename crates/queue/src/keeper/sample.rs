//! A keeper whose stores never answer, for this crate's unit tests.

use std::sync::Arc;

use telecare_alarm::{Policy, ReceiverId, Registry};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::{Ends, Keeper};
use crate::answered::Answered;
use crate::board::Board;
use crate::consoles::Consoles;
use crate::entry::Chain;
use crate::journal::Known;
use crate::live_calls::LiveCalls;
use crate::sample::START;

/// A new one, with a database configured or without.
pub fn keeper(has_database: bool) -> Keeper {
    let ends = Ends {
        journal: mpsc::unbounded_channel().0,
        database: has_database.then(|| mpsc::unbounded_channel().0),
        board: watch::channel(Arc::new(Board::empty(Uuid::nil()))).0,
        answered: Answered::default(),
        troubles: mpsc::unbounded_channel().0,
        registry: Arc::new(Registry::default()),
        policy: Arc::new(Policy::builtin()),
        receiver: ReceiverId::new("r1"),
        software: "test".into(),
        consoles: Consoles::default(),
        live_calls: LiveCalls::new(mpsc::unbounded_channel().0),
    };
    Keeper::new(Known::default(), Chain::begin(START), Uuid::nil(), ends)
}
