//! `journal`: what is in a receiver's journal directory, offering entries to the database again, and saving
//! what a damaged file still has.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Value, json};
use telecare_queue::inspect::{self, FileStatus, Rescued, Status};
use time::OffsetDateTime;

use crate::moment::moment;
use crate::{Usage, Verdict};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what the journal holds and whether its chain of hashes is whole; changes nothing.
    ///
    /// Exit code 1 when an entry is damaged, missing or changed.
    Status {
        #[command(flatten)]
        directory: Directory,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Mark entries to be offered to the database again, as after a restore from a backup.
    ///
    /// The receiver must be stopped; it offers them when it starts. The database takes each entry once, by
    /// its id, so too much does no harm. A receiver without a database has nobody to offer them to and would
    /// count them twice on its own cards: do not use it there.
    Replay {
        #[command(flatten)]
        directory: Directory,
        /// From when on: a time, a date, or 90m, 6h, 2d ago.
        #[arg(long, value_name = "TIME")]
        since: String,
    },
    /// Copy what can be read of a damaged or set-aside file into a journal. The file itself is not touched.
    ///
    /// The receiver must be stopped; it offers the entries to the database when it starts.
    Recover {
        /// The damaged file, for example journal.sqlite.damaged-1780000000.
        path: PathBuf,
        /// Directory of the journal that takes the entries, made when missing; by default the file's own.
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
}

#[derive(clap::Args)]
pub struct Directory {
    /// The journal's directory.
    #[arg(long, value_name = "DIR", env = "TELECARE_JOURNAL", default_value = "/var/lib/telecare/journal")]
    directory: PathBuf,
}

/// Does it, on the host itself.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match &arguments.command {
        Command::Status { directory, json } => {
            let status = runtime.block_on(inspect::status(&directory.directory))?;
            print(&if *json { format!("{}\n", shape(&status)) } else { in_words(&status, &directory.directory) })?;
            let sound = status.journal.as_ref().is_none_or(FileStatus::is_sound);
            Ok(if sound { Verdict::Done } else { Verdict::Failed })
        }
        Command::Replay { directory, since } => {
            let since =
                moment(since, OffsetDateTime::now_utc()).map_err(|why| Usage(format!("--since must be {why}")))?;
            let marked = runtime.block_on(inspect::replay(&directory.directory, since))?;
            print(&format!("{marked} entries will be offered to the database when the receiver starts\n"))?;
            Ok(Verdict::Done)
        }
        Command::Recover { path, into } => {
            let own = || path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let into = into.clone().unwrap_or_else(|| own().to_owned());
            let saved = runtime.block_on(inspect::recover(path, &into)).with_context(|| path.display().to_string())?;
            let Rescued { copied, known, conflicting, damaged, gaps } = saved.rescued;
            print(&format!(
                "{}: {copied} entries copied, {known} already there, {conflicting} in conflict, {damaged} damaged, \
                 {gaps} stretches unreadable\n",
                saved.journal.display()
            ))?;
            let nothing = copied + known == 0;
            Ok(if nothing { Verdict::Failed } else { Verdict::Done })
        }
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn in_words(status: &Status, directory: &Path) -> String {
    let running = if status.running { "a receiver is running on it" } else { "no receiver is running on it" };
    let mut text = format!("{}: {running}\n", directory.display());
    match &status.journal {
        Some(file) => text += &file_in_words(file),
        None => text += "no journal yet\n",
    }
    for file in &status.aside {
        text += "set aside:\n";
        text += &file_in_words(file);
    }
    if !status.aside.is_empty() {
        text += "a file that was set aside is never used again; `journal recover` copies what it still has\n";
    }
    text
}

fn file_in_words(file: &FileStatus) -> String {
    let mut text = format!("{}\n", file.path.display());
    let mut row = |name: &str, value: String| text += &format!("  {name:<12} {value}\n");
    if let Some(fault) = &file.fault {
        row("FAULT", fault.clone());
    }
    row("receiver", file.owner.clone().unwrap_or_else(|| "unknown".to_owned()));
    row("size", format!("{:.1} MiB", file.bytes as f64 / 1_048_576.0));
    row("entries", format!("{}, {} not yet in the database", file.entries, file.unforwarded));
    if let (Some(oldest), Some(newest)) = (&file.oldest, &file.newest) {
        row("from, to", format!("{oldest}, {newest}"));
    }
    if let Some((seq, hash)) = &file.head {
        row("chain head", format!("{seq} {hash}"));
    }
    let open = if file.links_open == 0 {
        String::new()
    } else {
        format!("; {} begin after entries that are no longer here", file.links_open)
    };
    match file.links_broken {
        0 => row("chain", format!("{} links hold{open}", file.links)),
        broken => {
            let named: Vec<String> = file.broken_at.iter().map(ToString::to_string).collect();
            row(
                "CHAIN",
                format!("{broken} links BROKEN, before entries {}; {} hold{open}", named.join(", "), file.links),
            );
        }
    }
    if file.damaged > 0 || file.gaps > 0 {
        row("DAMAGE", format!("{} entries damaged, {} stretches unreadable", file.damaged, file.gaps));
    }
    text
}

fn shape(status: &Status) -> Value {
    json!({
        "running": status.running,
        "journal": status.journal.as_ref().map(file_shape),
        "aside": status.aside.iter().map(file_shape).collect::<Vec<_>>(),
    })
}

fn file_shape(file: &FileStatus) -> Value {
    json!({
        "path": file.path,
        "bytes": file.bytes,
        "receiver": file.owner,
        "entries": file.entries,
        "unforwarded": file.unforwarded,
        "oldest": file.oldest,
        "newest": file.newest,
        "head": file.head.as_ref().map(|(seq, hash)| json!({"seq": seq, "hash": hash})),
        "links": file.links,
        "links_open": file.links_open,
        "links_broken": file.links_broken,
        "broken_at": file.broken_at,
        "damaged": file.damaged,
        "gaps": file.gaps,
        "sound": file.is_sound(),
        "fault": file.fault,
    })
}
