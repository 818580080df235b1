//! What a batch must look at before it is folded: the rows it may change, and what else is known of its ids.

use std::collections::HashSet;
use std::sync::Arc;

use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use telecare_alarm::{Act, AlarmId};
use uuid::Uuid;

use super::batch::Tries;
use super::fold::Rows;
use crate::entry::{Entry, What};
use crate::record::AlarmRecord;

/// What a batch must look at.
#[derive(Debug)]
pub(super) struct Wanted {
    units: Vec<String>,
    alarms: Vec<Uuid>,
    reopened: Vec<Uuid>,
    ids: Vec<Uuid>,
}

impl Wanted {
    pub fn of(entries: &[Arc<Entry>]) -> Wanted {
        Wanted {
            units: distinct(entries.iter().filter_map(|entry| match &entry.what {
                What::Signal(signal) => Some(crate::record::clean(&signal.unit.key)),
                What::Action(_) | What::Verdict(_) => None,
            })),
            alarms: distinct(entries.iter().filter_map(|entry| match &entry.what {
                What::Action(action) => Some(action.alarm.0),
                What::Signal(_) | What::Verdict(_) => None,
            })),
            reopened: reopened(entries),
            ids: entries.iter().map(|entry| entry.what.id()).collect(),
        }
    }

    /// Whether something may have to come back out of the history.
    pub fn takes_back(&self) -> bool {
        !self.reopened.is_empty()
    }

    /// Takes rows back out of the history that are to be reopened, locks all, and reads them. Those that somebody else
    /// has locked are busy, and so is what came between the two looks.
    pub async fn lock(&self, connection: &mut PgConnection, tries: Tries) -> Result<Rows, sqlx::Error> {
        if self.takes_back() {
            sqlx::query(include_str!("sql/recall.sql")).bind(&self.reopened).execute(&mut *connection).await?;
        }
        let rows = self.look(&mut *connection, tries, None).await?;
        let query = sqlx::query_scalar::<_, Uuid>(include_str!("sql/lock.sql")).bind(rows.ids());
        let mine = query.fetch_all(&mut *connection).await?.into_iter().collect();
        self.look(connection, tries, Some(&mine)).await
    }

    /// Reads them, all or these; the others are busy.
    pub async fn look(
        &self,
        connection: &mut PgConnection,
        tries: Tries,
        mine: Option<&HashSet<Uuid>>,
    ) -> Result<Rows, sqlx::Error> {
        let mut rows = Rows::default();
        if self.units.is_empty() && self.alarms.is_empty() {
            return Ok(rows);
        }
        let acted: &[Uuid] = if self.alarms.is_empty() { &[] } else { &self.ids };
        let offered: &[Uuid] = if tries.offered_before { &self.ids } else { &[] };
        let query = sqlx::query(include_str!("sql/look.sql")).bind(&self.units).bind(&self.alarms);
        let query = query.bind(&self.reopened).bind(acted).bind(offered);
        for row in query.fetch_all(&mut *connection).await? {
            let (what, id, said): (&str, Uuid, Option<String>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(3)?);
            match what {
                "row" => {
                    let found: Option<Json<AlarmRecord>> = row.try_get(4)?;
                    let found = found.filter(|_| mine.is_none_or(|mine| mine.contains(&id)));
                    rows.take(AlarmId(id), said.unwrap_or_default(), found.map(|Json(record)| record));
                }
                "alias" => drop(rows.aliases.insert(AlarmId(id), AlarmId(row.try_get(2)?))),
                "action" => drop(rows.actions.insert(id, said)),
                _ => drop(rows.signals.insert(id)),
            }
        }
        Ok(rows)
    }
}

/// Alarms that somebody wants to reopen.
fn reopened(entries: &[Arc<Entry>]) -> Vec<Uuid> {
    let reopened = entries.iter().filter_map(|entry| match &entry.what {
        What::Action(action) if matches!(action.act, Act::Reopen { .. }) => Some(action.alarm.0),
        What::Action(_) | What::Signal(_) | What::Verdict(_) => None,
    });
    distinct(reopened)
}

fn distinct<T: std::hash::Hash + Eq + Clone>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}
