//! The parts of a receiver's configuration that name something on this host. Read leniently: whether the file is
//! right is the receiver's own word, which is asked for as well.

use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

use super::{Area, Finding};
use crate::commands::check_config::receiver;

/// The API's address when the file names none.
const API_LISTEN: &str = "127.0.0.1:8460";
/// The metrics' address when the file names none.
const METRICS_LISTEN: &str = "127.0.0.1:9460";

/// What the configuration names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Directory of the journal.
    pub journal: PathBuf,
    /// The token file.
    pub tokens: PathBuf,
    /// Certificate chain and key of the API.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Database URLs, as written.
    pub database: Vec<String>,
    /// File with the database's password.
    pub password_file: Option<PathBuf>,
    /// Serial ports, with their lines' names.
    pub serial_ports: Vec<(String, PathBuf)>,
    /// Addresses the receiver listens on, and what for.
    pub listens: Vec<(String, String)>,
    /// Addresses the receiver connects to, with their lines' names.
    pub connects: Vec<(String, String)>,
}

impl Settings {
    /// Reads a file; an error is in words.
    pub fn read(file: &Path) -> Result<Settings, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(0, |span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
            format!("{}:{line}: {}", file.display(), error.message())
        })?;
        let base = file.parent().unwrap_or(Path::new("."));
        Ok(Settings::of(&table, base))
    }

    fn of(table: &Table, base: &Path) -> Settings {
        let path = |text: &str| base.join(text);
        let api_listen = text(table, &["api", "listen"]).unwrap_or(API_LISTEN);
        let metrics_listen = text(table, &["metrics", "listen"]).unwrap_or(METRICS_LISTEN);
        let tls = text(table, &["api", "tls", "certificate"]).zip(text(table, &["api", "tls", "key"]));
        let urls = at(table, &["database", "urls"]).and_then(Value::as_array).into_iter().flatten();
        let mut settings = Settings {
            journal: path(text(table, &["journal", "directory"]).unwrap_or_default()),
            tokens: path(text(table, &["api", "tokens"]).unwrap_or("tokens.toml")),
            tls: tls.map(|(certificate, key)| (path(certificate), path(key))),
            database: urls.filter_map(Value::as_str).map(str::to_owned).collect(),
            password_file: text(table, &["database", "password-file"]).map(path),
            listens: vec![("API".to_owned(), api_listen.to_owned()), ("metrics".to_owned(), metrics_listen.to_owned())],
            ..Settings::default()
        };
        let lines = table.get("line").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
        for line in lines {
            let name = text(line, &["name"]).unwrap_or("unnamed").to_owned();
            let port = text(line, &["serial", "path"]).or_else(|| text(line, &["voice-modem", "path"]));
            if let Some(port) = port {
                settings.serial_ports.push((name, path(port)));
            } else if let Some(address) = text(line, &["tcp-listen", "address"]) {
                settings.listens.push((format!("line {name}"), address.to_owned()));
            } else if let Some(address) = text(line, &["tcp-connect", "address"]) {
                settings.connects.push((name, address.to_owned()));
            }
        }
        settings
    }
}

fn at<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (last, before) = path.split_last()?;
    let table = before.iter().try_fold(table, |table, name| table.get(*name)?.as_table())?;
    table.get(*last)
}

fn text<'a>(table: &'a Table, path: &[&str]) -> Option<&'a str> {
    at(table, path)?.as_str()
}

/// The receiver's own word on the file.
pub(super) fn check(file: &Path) -> Finding {
    let area = Area("config");
    match Command::new(receiver()).arg("--check").arg("--config").arg(file).output() {
        Ok(output) if output.status.success() => area.ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
            area.broken(said, "the receiver will not start with it: correct the line it names")
        }
        Err(error) => {
            let what = format!("telecare-receiver cannot be run to check {}: {error}", file.display());
            area.worry(what, "install it beside this program or on the PATH")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_names_is_found_and_the_rest_has_its_defaults() {
        let text = r#"
            [journal]
            directory = "journal"
            [api]
            tls = { certificate = "c.pem", key = "/k.pem" }
            [database]
            urls = ["postgres://a/b"]
            password-file = "secret"
            [[line]]
            name = "a"
            serial = { path = "/dev/ttyUSB0", speed = 1200 }
            [[line]]
            name = "b"
            tcp-listen = { address = "127.0.0.1:1025" }
            [[line]]
            name = "c"
            tcp-connect = { address = "host:1" }
            [[line]]
            name = "d"
            voice-modem = { path = "/dev/modem" }
        "#;
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let expected = Settings {
            journal: PathBuf::from("/etc/x/journal"),
            tokens: PathBuf::from("/etc/x/tokens.toml"),
            tls: Some((PathBuf::from("/etc/x/c.pem"), PathBuf::from("/k.pem"))),
            database: vec!["postgres://a/b".to_owned()],
            password_file: Some(PathBuf::from("/etc/x/secret")),
            serial_ports: vec![
                ("a".to_owned(), PathBuf::from("/dev/ttyUSB0")),
                ("d".to_owned(), PathBuf::from("/dev/modem")),
            ],
            listens: vec![pair("API", API_LISTEN), pair("metrics", METRICS_LISTEN), pair("line b", "127.0.0.1:1025")],
            connects: vec![pair("c", "host:1")],
        };
        assert_eq!(Settings::of(&text.parse().unwrap(), Path::new("/etc/x")), expected);
    }
}
