//! `token`: makes, lists and revokes access tokens in a receiver's token file. Works on the host itself, so
//! that the first token and an outage need nothing else.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Subcommand;
use telecare_api::tokens::{Carrier, Role, Secret, TOKENS_MAX, Token, TokenFile};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{Usage, Verdict};

/// Hex digits of a token's id: it names a token among hundreds, for people.
const ID_DIGITS: usize = 8;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a token and print it, once.
    Add {
        /// The receiver's token file; made if missing.
        #[arg(long)]
        file: PathBuf,
        /// The person who carries it, at whatever desk.
        #[arg(long, required_unless_present = "console", conflicts_with = "console")]
        person: Option<String>,
        /// The console it stays at, whoever works there: each action must then name its operator.
        #[arg(long)]
        console: Option<String>,
        /// operator, supervisor, engineer, auditor, monitor or source.
        #[arg(long)]
        role: Role,
        /// When it stops working: a date or an RFC 3339 time; never by default.
        #[arg(long, value_parser = expiry)]
        expires: Option<OffsetDateTime>,
    },
    /// List the tokens of a file.
    List {
        /// The receiver's token file.
        #[arg(long)]
        file: PathBuf,
    },
    /// Take a token back. Its row stays for some weeks, so that the log can name it.
    Revoke {
        /// The receiver's token file.
        #[arg(long)]
        file: PathBuf,
        /// The token's id, as `list` shows it.
        id: String,
    },
}

/// Does it. The receiver reads the file at its next reload.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    match &arguments.command {
        Command::Add { file, person, console, role, expires } => {
            let carrier = carrier(person.as_deref(), console.as_deref())?;
            add(file, carrier, *role, *expires)
        }
        Command::List { file } => list(file),
        Command::Revoke { file, id } => revoke(file, id),
    }
}

fn carrier(person: Option<&str>, console: Option<&str>) -> anyhow::Result<Carrier> {
    let carrier = match (person.map(str::trim), console.map(str::trim)) {
        (Some(person), None) => Carrier::Person(Arc::from(person)),
        (None, Some(console)) => Carrier::Console(Arc::from(console)),
        (Some(_), Some(_)) | (None, None) => return Err(Usage("give --person or --console".to_owned()).into()),
    };
    if carrier.name().is_empty() {
        return Err(Usage("--person and --console must not be empty".to_owned()).into());
    }
    Ok(carrier)
}

fn add(path: &Path, carrier: Carrier, role: Role, expires: Option<OffsetDateTime>) -> anyhow::Result<Verdict> {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0)?;
    if expires.is_some_and(|end| end <= now) {
        return Err(Usage("--expires is in the past".to_owned()).into());
    }
    let _alone = lock(path)?;
    let mut file = if path.exists() { TokenFile::read(path)? } else { TokenFile::default() };
    file.forget_gone(now);
    if file.tokens.len() >= TOKENS_MAX {
        bail!("{} holds {TOKENS_MAX} tokens already; remove rows that nobody needs", path.display());
    }
    let secret = Secret::generate().context("the system's random source")?;
    let id = format!("t-{}", &Uuid::new_v4().simple().to_string()[..ID_DIGITS]);
    let words = match &carrier {
        Carrier::Person(person) => person.to_string(),
        Carrier::Console(console) => format!("the console {console}"),
    };
    let sha256 = secret.digest();
    file.tokens.push(Token { id: id.clone(), carrier, role, sha256, created: now, expires, revoked: None });
    file.write(path)?;
    eprintln!("token {id} for {words} as {role}; it is shown this once. Reload the receiver to use it.");
    writeln!(io::stdout().lock(), "{}", secret.as_str())?;
    Ok(Verdict::Done)
}

fn list(path: &Path) -> anyhow::Result<Verdict> {
    let now = OffsetDateTime::now_utc();
    let mut out = io::stdout().lock();
    writeln!(out, "{:<12} {:<11} {:<21} {:<21} CARRIER", "ID", "ROLE", "CREATED", "EXPIRES")?;
    for token in TokenFile::read(path)?.tokens {
        let expires = match token.expires {
            _ if token.revoked.is_some() => "revoked".to_owned(),
            None => "never".to_owned(),
            Some(_) if token.is_expired(now) => "expired".to_owned(),
            Some(end) => end.format(&Rfc3339)?,
        };
        let (id, role, created) = (&token.id, token.role.as_str(), token.created.format(&Rfc3339)?);
        let carrier = match &token.carrier {
            Carrier::Person(person) => person.to_string(),
            Carrier::Console(console) => format!("console {console}"),
        };
        writeln!(out, "{id:<12} {role:<11} {created:<21} {expires:<21} {carrier}")?;
    }
    Ok(Verdict::Done)
}

fn revoke(path: &Path, id: &str) -> anyhow::Result<Verdict> {
    let _alone = lock(path)?;
    let now = OffsetDateTime::now_utc().replace_nanosecond(0)?;
    let mut file = TokenFile::read(path)?;
    match file.tokens.iter_mut().find(|token| token.id == id) {
        None => bail!("{} has no token {id}", path.display()),
        Some(token) if token.revoked.is_some() => bail!("token {id} is revoked already"),
        Some(token) => token.revoked = Some(now),
    }
    file.forget_gone(now);
    file.write(path)?;
    eprintln!("token {id} is revoked once the receiver is reloaded");
    Ok(Verdict::Done)
}

/// Keeps others from writing the file between our reading and our writing it: a lock on its directory, since
/// the file itself is replaced.
fn lock(path: &Path) -> anyhow::Result<File> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = File::open(parent).with_context(|| parent.display().to_string())?;
    directory.lock().with_context(|| parent.display().to_string())?;
    Ok(directory)
}

/// A time, or a date that stands for its first moment in UTC.
fn expiry(text: &str) -> Result<OffsetDateTime, String> {
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(time);
    }
    let date = Date::parse(text, format_description!("[year]-[month]-[day]"));
    let date = date.map_err(|_| "a date like 2027-03-01 or a time like 2027-03-01T08:00:00Z".to_owned())?;
    Ok(date.midnight().assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_date_ends_at_its_first_moment() {
        assert_eq!(expiry("2027-03-01"), Ok(datetime!(2027-03-01 0:00 UTC)));
        assert_eq!(expiry("2027-03-01T09:00:00+01:00"), Ok(datetime!(2027-03-01 8:00 UTC)));
        assert!(expiry("next year").is_err());
    }
}
