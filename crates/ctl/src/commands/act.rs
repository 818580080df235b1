//! `claim`, `renew`, `seen`, `hold`, `resume`, `release`, `transfer`, `note`, `close`, `close-other`, `reopen`, `voice`:
//! what a console does to an alarm.

use std::io::{self, Write};

use anyhow::bail;
use clap::Subcommand;
use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::client::{ApiArguments, Card, Client, DeskArguments, problem, read};
use crate::{Usage, Verdict};

#[derive(Subcommand)]
pub enum Command {
    /// Take an alarm.
    Claim(Common),
    /// Keep a claim: the console is still there.
    Renew(Common),
    /// Say that a later press has been seen.
    Seen {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        shown: Shown,
    },
    /// Put an alarm aside for a while.
    Hold {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        shown: Shown,
        /// When it comes back (RFC 3339).
        #[arg(long, conflicts_with = "minutes", required_unless_present = "minutes")]
        until: Option<String>,
        /// In how many minutes it comes back.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_080))]
        minutes: Option<u32>,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Take up an alarm again that was put aside.
    Resume(Common),
    /// Give an alarm back to everyone.
    Release(Common),
    /// Give an alarm that one has to a named person; it is theirs at once.
    Transfer {
        #[command(flatten)]
        common: Common,
        /// The person, as their token names them.
        #[arg(long, value_name = "PERSON")]
        to: String,
    },
    /// Write something down.
    Note {
        #[command(flatten)]
        common: Common,
        /// What.
        #[arg(long, required_unless_present = "kind")]
        text: Option<String>,
        /// The centre's code for what it is about, as 999-called.
        #[arg(long, value_name = "CODE")]
        kind: Option<String>,
        /// Somebody else's number for it, as an incident number.
        #[arg(long)]
        reference: Option<String>,
    },
    /// End an alarm.
    Close {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        shown: Shown,
        /// The centre's code for how it ended.
        #[arg(long)]
        outcome: String,
        /// What there is to say about it.
        #[arg(long, default_value = "")]
        text: String,
    },
    /// End an alarm that somebody else has: a supervisor's alone, with a reason. Both names stay on record.
    CloseOther {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        shown: Shown,
        /// The centre's code for how it ended.
        #[arg(long)]
        outcome: String,
        /// What there is to say about it.
        #[arg(long, default_value = "")]
        text: String,
        /// Why its holder does not close it.
        #[arg(long)]
        reason: String,
    },
    /// Undo a close: within ten minutes an operator may, later a supervisor. The alarm waits for everyone again.
    Reopen(Common),
    /// Speak, listen, clear, open a door: a command to the call of an alarm that one has.
    Voice {
        #[command(flatten)]
        common: Common,
        /// speak, listen, duplex, simplex, volume-up, clear, clear-down, hang-up, next, select, door-1, key-safe and more:
        /// what the call takes, `show` tells.
        command: String,
        /// The unit of a scheme, for select.
        #[arg(long)]
        unit: Option<String>,
        /// The call; by default the one on the line.
        #[arg(long, value_name = "CALL")]
        call: Option<Uuid>,
    },
}

#[derive(clap::Args)]
pub struct Common {
    /// The alarm's id, or the end of it.
    id: String,
    #[command(flatten)]
    api: ApiArguments,
    #[command(flatten)]
    desk: DeskArguments,
    /// Print the API's answer.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Shown {
    /// The last signal that was looked at; by default the alarm's last one as it is.
    #[arg(long, value_name = "SIGNAL")]
    shown: Option<Uuid>,
}

/// Does it, or says why the receiver refuses.
pub fn run(command: &Command) -> anyhow::Result<Verdict> {
    let (act, common) = command.parts();
    let client = Client::new(&common.api)?;
    let id = client.find(&common.id)?;
    let who = common.desk.fields().into_iter().map(|(name, value)| (name.to_owned(), json!(value)));
    let mut body = Map::from_iter(who);
    for (name, value) in command.fields(&client, id)? {
        body.insert(name.to_owned(), value);
    }
    let answer = client.act(id, act, Value::Object(body))?;
    let mut out = io::stdout().lock();
    if common.json {
        writeln!(out, "{}", answer.text)?;
    }
    if answer.status != 200 {
        bail!("{}", problem(&answer));
    }
    if !common.json {
        let answer: Value = read(&answer.text)?;
        let own = if answer["degraded"] == true { " (this receiver's own answer: the database is away)" } else { "" };
        let (headline, standing) = (&answer["alarm"]["headline"], &answer["alarm"]["standing"]);
        let (headline, standing) = (headline.as_str().unwrap_or_default(), standing.as_str().unwrap_or_default());
        writeln!(out, "{act}: {headline}: {standing}{own}")?;
    }
    Ok(Verdict::Done)
}

impl Command {
    fn parts(&self) -> (&'static str, &Common) {
        match self {
            Command::Claim(common) => ("claim", common),
            Command::Renew(common) => ("renew", common),
            Command::Seen { common, .. } => ("seen", common),
            Command::Hold { common, .. } => ("hold", common),
            Command::Resume(common) => ("resume", common),
            Command::Release(common) => ("release", common),
            Command::Transfer { common, .. } => ("transfer", common),
            Command::Note { common, .. } => ("note", common),
            Command::Close { common, .. } => ("close", common),
            Command::CloseOther { common, .. } => ("close-other", common),
            Command::Reopen(common) => ("reopen", common),
            Command::Voice { common, .. } => ("call", common),
        }
    }

    /// What the act needs beside its id and its desk.
    fn fields(&self, client: &Client, id: Uuid) -> anyhow::Result<Vec<(&'static str, Value)>> {
        Ok(match self {
            Command::Claim(_) | Command::Renew(_) | Command::Resume(_) | Command::Release(_) | Command::Reopen(_) => {
                vec![]
            }
            Command::Transfer { to, .. } => vec![("to", json!(to))],
            Command::Note { text, kind, reference, .. } => {
                let said = [("text", text), ("kind", kind), ("reference", reference)];
                said.into_iter().filter_map(|(name, value)| Some((name, json!(value.as_ref()?)))).collect()
            }
            Command::Voice { command, unit, call, .. } => {
                let call = call.map_or_else(|| on_the_line(client, id), Ok)?;
                let unit = unit.as_ref().map(|unit| ("unit", json!(unit)));
                [("call", json!(call)), ("command", json!(command))].into_iter().chain(unit).collect()
            }
            Command::Seen { shown, .. } => vec![("shown", json!(shown.signal(client, id)?))],
            Command::Hold { shown, until, minutes, reason, .. } => vec![
                ("shown", json!(shown.signal(client, id)?)),
                ("until", json!(end_of_hold(until.as_deref(), *minutes)?)),
                ("reason", json!(reason)),
            ],
            Command::Close { shown, outcome, text, .. } => {
                vec![("shown", json!(shown.signal(client, id)?)), ("outcome", json!(outcome)), ("text", json!(text))]
            }
            Command::CloseOther { shown, outcome, text, reason, .. } => vec![
                ("shown", json!(shown.signal(client, id)?)),
                ("outcome", json!(outcome)),
                ("text", json!(text)),
                ("reason", json!(reason)),
            ],
        })
    }
}

impl Shown {
    fn signal(&self, client: &Client, id: Uuid) -> anyhow::Result<Uuid> {
        if let Some(shown) = self.shown {
            return Ok(shown);
        }
        Ok(card(client, id)?.last_signal)
    }
}

fn card(client: &Client, id: Uuid) -> anyhow::Result<Card> {
    let detail: Value = read(&client.detail_text(id)?)?;
    Ok(serde_json::from_value(detail["alarm"].clone())?)
}

fn on_the_line(client: &Client, id: Uuid) -> anyhow::Result<Uuid> {
    let card = card(client, id)?;
    match (card.call(), card.calls.last()) {
        (Some(call), _) => Ok(call.id),
        (None, Some(last)) => bail!("nobody is on the line: {}", last.words()),
        (None, None) => bail!("this alarm came in no telephone call"),
    }
}

fn end_of_hold(until: Option<&str>, minutes: Option<u32>) -> anyhow::Result<String> {
    let end = match (until, minutes) {
        (Some(until), _) => OffsetDateTime::parse(until, &Rfc3339)
            .map_err(|_| Usage("--until must be a time like 2026-03-01T08:00:00Z".to_owned()))?,
        (None, Some(minutes)) => OffsetDateTime::now_utc() + Duration::minutes(i64::from(minutes)),
        (None, None) => return Err(Usage("hold needs --until or --minutes".to_owned()).into()),
    };
    Ok(end.format(&Rfc3339)?)
}
