//! An operator's command: first kept, then sent to the line of its call, then its outcome kept.
//!
//! A command goes to the line once, however often its id is sent: what was asked for and what came of it is remembered
//! while the call lasts, and after it as long as there is room. The call is named by whoever commands, so a command that
//! comes late never reaches another call.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use telecare_alarm::registry::{Flag, Found};
use telecare_alarm::{Act, Action, ActionId, Actor, Alarm, AlarmId, CallId, ReceiverId, Refusal, Registry};
use telecare_protocol::call::{Operated, Operator};
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot, watch};

use super::supports::{Command, words};
use super::{LiveCalls, Operate, State};
use crate::exchange::ActError;
use crate::{Queue, meters};

/// How long whoever commands waits for the line.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long the line's answer is waited for to be kept.
const KEPT_WITHIN: Duration = Duration::from_secs(60);
/// Commands of one call; more are refused.
const COMMANDS_MAX: usize = 1_000;
/// Commands remembered; beyond it the oldest of a call that is over goes first.
pub(super) const REMEMBERED_MAX: usize = 10_000;

/// A command to a call.
#[derive(Clone, Debug)]
pub struct Commanded {
    /// Made by the client.
    pub id: ActionId,
    /// The alarm that whoever commands has.
    pub alarm: AlarmId,
    /// The call.
    pub call: CallId,
    /// By whom.
    pub by: Actor,
    /// What is wanted.
    pub wanted: Operator,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OperateError {
    /// The rules refuse it, or it could not be kept. Nothing was sent.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The call is on a line of another receiver. Nothing was sent.
    #[error("this call is on receiver {0}; give the command there")]
    Elsewhere(ReceiverId),
    /// The line, the protocol or the unit has no such thing.
    #[error("this call cannot be told to {0}")]
    Unsupported(String),
    /// The line did not do it.
    #[error("{0}")]
    Refused(&'static str),
    /// The line has not said yet what came of it.
    #[error("the line has not answered yet; what comes of it will be in the alarm's log")]
    NoAnswer,
}

type Outcome = Result<Operated, ActError>;

/// What was asked of the lines.
#[derive(Debug, Default)]
pub(super) struct Asked {
    outcomes: HashMap<ActionId, (CallId, watch::Receiver<Option<Outcome>>)>,
    order: VecDeque<ActionId>,
}

#[cfg(test)]
impl Asked {
    pub fn count(&self) -> usize {
        self.order.len()
    }
}

/// Where a command goes.
#[derive(Debug)]
pub(super) enum Way {
    /// It was sent before: its outcome.
    Known(watch::Receiver<Option<Outcome>>),
    /// To this line, and where the outcome is to be written.
    New(mpsc::Sender<Operate>, watch::Sender<Option<Outcome>>),
    /// Nowhere.
    Refused(OperateError),
    /// Nowhere: the call is over.
    NotLive,
}

impl State {
    pub(super) fn way(&mut self, commanded: &Commanded, may: Result<(), OperateError>) -> Way {
        if let Some((_, outcome)) = self.asked.outcomes.get(&commanded.id) {
            return Way::Known(outcome.clone());
        }
        if let Err(refused) = may {
            return Way::Refused(refused);
        }
        let Some(known) = self.calls.get_mut(&commanded.call) else { return Way::NotLive };
        if !known.call.supports.has(Command::of(&commanded.wanted)) {
            return Way::Refused(OperateError::Unsupported(words(&commanded.wanted)));
        }
        if known.commands >= COMMANDS_MAX {
            return Way::Refused(OperateError::Refused("too many commands in this call"));
        }
        known.commands += 1;
        let operator = known.operator.clone();
        let (told, outcome) = watch::channel(None);
        self.asked.outcomes.insert(commanded.id, (commanded.call, outcome));
        self.asked.order.push_back(commanded.id);
        self.forget();
        Way::New(operator, told)
    }

    /// Keeps the memory within its bound; a command of a call that is on its line is never forgotten.
    fn forget(&mut self) {
        if self.asked.order.len() <= REMEMBERED_MAX {
            return;
        }
        let is_over = |id: &ActionId| {
            let known = self.asked.outcomes.get(id);
            known.is_none_or(|(call, _)| !self.calls.contains_key(call))
        };
        if let Some(oldest) = self.asked.order.iter().position(is_over)
            && let Some(id) = self.asked.order.remove(oldest)
        {
            self.asked.outcomes.remove(&id);
        }
    }
}

impl LiveCalls {
    /// Forgets a command that could not be kept and so was not sent: it may be sent again.
    fn unask(&self, id: ActionId) {
        let mut state = self.lock();
        state.asked.outcomes.remove(&id);
        state.asked.order.retain(|known| *known != id);
    }
}

impl Queue {
    /// Gives a command to a call of an alarm that whoever commands has. Kept before the line hears of it; answered
    /// within [`ANSWER_WITHIN`] and what it takes to keep it. The same id again has the same answer, and the line hears
    /// of it once.
    pub async fn operate(&self, commanded: Commanded) -> Result<(), OperateError> {
        let action = Action {
            id: commanded.id,
            alarm: commanded.alarm,
            at: OffsetDateTime::now_utc(),
            actor: commanded.by.clone(),
            act: Act::Operate { call: commanded.call, command: words(&commanded.wanted) },
        };
        let command = Command::of(&commanded.wanted);
        let may = self.may_operate(&action, commanded.call, command);
        // The lock goes with the statement.
        let way = self.live_calls().lock().way(&commanded, may);
        let mut outcome = match way {
            Way::Known(outcome) => outcome,
            Way::New(line, told) => {
                let outcome = told.subscribe();
                // A console that hangs up must not leave it half done.
                tokio::spawn(self.clone().carry_out(commanded, action, line, told));
                outcome
            }
            Way::Refused(error) => return Err(error),
            Way::NotLive => return Err(self.refused(&action, Refusal::NoCall).into()),
        };
        let said = tokio::time::timeout(ANSWER_WITHIN, outcome.wait_for(Option::is_some)).await;
        match said.map(|said| said.ok().and_then(|said| said.clone())) {
            Ok(Some(Ok(Operated::Done))) => Ok(()),
            Ok(Some(Ok(Operated::Refused(why)))) => Err(OperateError::Refused(why)),
            Ok(Some(Ok(Operated::Unsupported))) => Err(OperateError::Unsupported(command.as_str().to_owned())),
            Ok(Some(Err(error))) => Err(error.into()),
            // Its task has ended without a word, or goes on without us.
            Ok(None) | Err(_) => Err(OperateError::NoAnswer),
        }
    }

    /// Whether the rules would allow it as things are, and the call is on a line of ours.
    fn may_operate(&self, action: &Action, call: CallId, command: Command) -> Result<(), OperateError> {
        let board = self.board().borrow().clone();
        let Some(alarm) = board.find(action.alarm) else {
            return Err(self.refused(action, Refusal::UnknownAlarm).into());
        };
        let asked = Action { alarm: alarm.id, ..action.clone() };
        Alarm::clone(alarm).act(&asked).map_err(|refusal| self.refused(action, refusal))?;
        if command.is_control() && !allows_control(alarm, &board.registry) {
            return Err(OperateError::Refused(NOT_ALLOWED));
        }
        let elsewhere = alarm.calls.iter().find(|known| known.id == call && known.receiver != self.receiver);
        elsewhere.map_or(Ok(()), |known| Err(OperateError::Elsewhere(known.receiver.clone())))
    }

    fn refused(&self, action: &Action, refusal: Refusal) -> ActError {
        let board = self.board().borrow().clone();
        let alarm = board.find(action.alarm).cloned();
        ActError::Refused { refusal, alarm, degraded: board.link.is_degraded() }
    }

    async fn carry_out(
        self,
        commanded: Commanded,
        action: Action,
        line: mpsc::Sender<Operate>,
        told: watch::Sender<Option<Outcome>>,
    ) {
        let command = Command::of(&commanded.wanted);
        if let Err(error) = self.act(action).await {
            if matches!(error, ActError::CannotStore | ActError::NeedsDatabase) {
                self.live_calls().unask(commanded.id);
            }
            told.send_replace(Some(Err(error)));
            return;
        }
        let (reply, answer) = oneshot::channel();
        let operate = Operate { wanted: commanded.wanted.clone(), by: commanded.by.clone(), reply };
        let operated = match line.try_send(operate) {
            Ok(()) => match tokio::time::timeout(KEPT_WITHIN, answer).await {
                Ok(Ok(operated)) => Some(operated),
                // The line has let go of it: the call is over.
                Ok(Err(_)) => Some(Operated::Refused(OVER)),
                Err(_) => None,
            },
            Err(mpsc::error::TrySendError::Full(_)) => Some(Operated::Refused("the line is busy with other commands")),
            Err(mpsc::error::TrySendError::Closed(_)) => Some(Operated::Refused(OVER)),
        };
        if operated == Some(Operated::Done) && takes_speech(command) {
            self.live_calls().talks(commanded.call, commanded.by.clone());
        }
        let outcome = match operated {
            Some(Operated::Done) => "done",
            Some(Operated::Refused(why)) => why,
            Some(Operated::Unsupported) => "unsupported",
            None => "no answer",
        };
        meters::commanded(command.as_str(), operated);
        if let Some(operated) = operated {
            told.send_replace(Some(Ok(operated)));
        }
        self.keep_outcome(&commanded, outcome).await;
    }

    /// Appends what came of a command to the alarm's log.
    async fn keep_outcome(&self, commanded: &Commanded, outcome: &str) {
        let act = Act::Operated {
            asked: commanded.id,
            call: commanded.call,
            command: words(&commanded.wanted),
            outcome: outcome.to_owned(),
        };
        let id = ActionId::automatic(&format!("operated {}", commanded.id), commanded.alarm, None);
        let (alarm, actor) = (commanded.alarm, Actor::by_rule(&self.receiver));
        let kept = self.act(Action { id, alarm, at: OffsetDateTime::now_utc(), actor, act }).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "what came of an operator's command could not be kept");
        }
    }
}

/// Whether the registry lets an alarm's unit be told to switch something: its entry says so, and it is known by what it
/// said, not by a telephone number alone.
pub fn allows_control(alarm: &Alarm, registry: &Registry) -> bool {
    let found = registry.found(&alarm.unit, None);
    matches!(found, Found::Unit(unit) if unit.flags.contains(&Flag::EquipmentControl))
}

const NOT_ALLOWED: &str = "the unit's entry in the registry does not allow its equipment to be switched";
const OVER: &str = "the call has ended";

/// Whether whoever gives it has the speech path then.
fn takes_speech(command: Command) -> bool {
    match command {
        Command::Speak | Command::Listen | Command::Duplex | Command::Select | Command::Next => true,
        Command::Simplex
        | Command::Volume
        | Command::Clear
        | Command::ClearDown
        | Command::HangUp
        | Command::Door
        | Command::KeySafe
        | Command::UnlockAll
        | Command::Relay
        | Command::Code => false,
    }
}
