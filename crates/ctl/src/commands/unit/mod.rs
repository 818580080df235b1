//! `unit`: the registry of units, through the API: import, export, look up, history, senders nobody registered.

mod words;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::Value;
use uuid::Uuid;

use crate::client::{ApiArguments, Client, read};
use crate::{Usage, Verdict};

/// Largest file that is sent, bytes: what the API takes.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Units listed at most: whoever needs more exports them.
const LISTED_MAX: &str = "1000";

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    api: ApiArguments,
    /// Print the API's answer.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Import units from a CSV file: all of its rows, or none when any is wrong.
    Import {
        /// The file; `-` reads from standard input.
        file: PathBuf,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
        /// Who imports; needed with a console's token.
        #[arg(long)]
        operator: Option<String>,
    },
    /// Write every unit as CSV, as an import takes it.
    Export {
        /// Where to; standard output by default. An existing file is not overwritten.
        file: Option<PathBuf>,
    },
    /// List units.
    List {
        /// Words that all stand in a unit's label, scheme, address, reference, customer, numbers or identities.
        words: Vec<String>,
    },
    /// Show one unit: by its id or reference, an account or a telephone number.
    Show {
        /// Its id, or its reference.
        #[arg(required_unless_present_any = ["account", "number"])]
        unit: Option<String>,
        /// An account as sent, leading zeros and all.
        #[arg(long, conflicts_with_all = ["unit", "number"])]
        account: Option<String>,
        /// A telephone number in any spelling.
        #[arg(long, conflicts_with = "unit")]
        number: Option<String>,
    },
    /// Show what was changed in a unit, when and by whom.
    History {
        /// Its id, or its reference.
        unit: String,
    },
    /// List senders heard lately that nobody registered.
    Orphans {
        /// How far back.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=31))]
        days: u32,
    },
}

/// Asks, and prints the answer.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let client = Client::new(&arguments.api)?;
    let (text, in_words): (String, fn(&Value) -> String) = match &arguments.command {
        Command::Import { file, dry_run, operator } => {
            return import(arguments, &client, file, *dry_run, operator.as_deref());
        }
        Command::Export { file } => return export(&client, file.as_deref()),
        Command::List { words } => {
            let query = [("query", words.join(" ")), ("limit", LISTED_MAX.to_owned())];
            (client.get_query("/v1/units", &query)?, words::list)
        }
        Command::Show { unit, account, number } => match (unit, account, number) {
            (Some(unit), _, _) => (detail(&client, unit)?, words::unit),
            (None, Some(account), _) => (only(&client, "account", account)?, words::unit),
            (None, None, Some(number)) => (only(&client, "number", number)?, words::unit),
            (None, None, None) => bail!(Usage("which unit: an id, --account or --number".to_owned())),
        },
        Command::History { unit } => (detail(&client, unit)?, words::history),
        Command::Orphans { days } => (client.get_query("/v1/orphans", &[("days", days.to_string())])?, words::orphans),
    };
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{text}")?;
    } else {
        write!(out, "{}", in_words(&read(&text)?))?;
    }
    Ok(Verdict::Done)
}

/// A unit by its id or reference.
fn detail(client: &Client, unit: &str) -> anyhow::Result<String> {
    if let Ok(id) = Uuid::try_parse(unit) {
        return client.get_text(&format!("/v1/units/{id}"));
    }
    let found: Value =
        read(&client.get_query("/v1/units", &[("query", unit.to_owned()), ("limit", LISTED_MAX.to_owned())])?)?;
    let has_reference = |one: &&Value| one["reference"] == unit;
    let named = found["units"].as_array().into_iter().flatten().find(has_reference);
    let Some(id) = named.and_then(|unit| unit["id"].as_str()) else {
        bail!("no unit has the id or reference {unit:?}")
    };
    client.get_text(&format!("/v1/units/{id}"))
}

/// The one unit that has an account or a number; of several none is chosen.
fn only(client: &Client, name: &str, value: &str) -> anyhow::Result<String> {
    let found: Value = read(&client.get_query("/v1/units", &[(name, value.to_owned())])?)?;
    let units = found["units"].as_array().map(Vec::as_slice).unwrap_or_default();
    match units {
        [] => bail!("no unit has the {name} {value}"),
        [one] => client.get_text(&format!("/v1/units/{}", one["id"].as_str().unwrap_or_default())),
        several => bail!("{} units have the {name} {value}:\n{}", several.len(), words::list(&found)),
    }
}

fn import(
    arguments: &Arguments,
    client: &Client,
    file: &Path,
    dry_run: bool,
    operator: Option<&str>,
) -> anyhow::Result<Verdict> {
    let mut bytes = Vec::new();
    let mut source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(fs::File::open(file).with_context(|| file.display().to_string())?)
    };
    source.by_ref().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).with_context(|| file.display().to_string())?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bail!("{} has more than {} MiB; import it in parts", file.display(), FILE_BYTES_MAX / 1024 / 1024);
    }
    let mut query = vec![("dry_run", dry_run.to_string())];
    query.extend(operator.map(|operator| ("operator", operator.to_owned())));
    let answer = client.send_csv("/v1/units/import", &query, &bytes)?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", answer.text)?;
        return Ok(if answer.status == 200 { Verdict::Done } else { Verdict::Failed });
    }
    if answer.status != 200 {
        let rows = serde_json::from_str(&answer.text).map(|problem| words::wrong_rows(&problem)).unwrap_or_default();
        bail!("{}{rows}", crate::client::problem(&answer));
    }
    write!(out, "{}", words::imported(&read(&answer.text)?))?;
    Ok(Verdict::Done)
}

fn export(client: &Client, file: Option<&Path>) -> anyhow::Result<Verdict> {
    let text = client.get_text("/v1/units.csv")?;
    match file {
        None => io::stdout().lock().write_all(text.as_bytes())?,
        Some(path) => {
            let made = fs::File::options().write(true).create_new(true).open(path);
            made.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| path.display().to_string())?;
        }
    }
    Ok(Verdict::Done)
}
