//! `telecare-receiver`: the command line of the alarm receiver daemon.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use telecare_receiver::config::{Config, ConfigError};
use telecare_receiver::logging::{self, Format};
use telecare_receiver::{SOFTWARE, daemon, files};

/// Alarm receiver for telecare monitoring centres.
#[derive(Parser)]
#[command(name = "telecare-receiver", version)]
struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "/etc/telecare/receiver.toml")]
    config: PathBuf,
    /// Checks the configuration and exits: 0 when it is usable, 78 when not.
    #[arg(long)]
    check: bool,
    /// How the log looks, whatever the configuration says.
    #[arg(long, value_enum, env = "TELECARE_LOG_FORMAT")]
    log_format: Option<Format>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(ConfigError::EXIT_CODE);
        }
    };
    if arguments.check {
        println!("{}", summary(&arguments.config, &config));
        return ExitCode::SUCCESS;
    }
    logging::install(arguments.log_format.or(config.log_format).unwrap_or_else(Format::fitting), config.log_level);
    files::allow_all();
    match daemon::run(config, &arguments.config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{SOFTWARE} ends: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn summary(file: &Path, config: &Config) -> String {
    let database = match &config.database {
        Some(database) => database.urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        None => "none, stands alone".to_owned(),
    };
    format!("{}: ok, {} lines, database: {database}", file.display(), config.lines.len())
}
