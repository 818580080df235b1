//! What is wrong with a configuration file, said so that it can be mended without a manual.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// An error in the configuration, or in a file it names. The daemon prints it and exits with 78
/// ([`ConfigError::EXIT_CODE`]) before anything is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file at fault.
    pub file: PathBuf,
    /// The line in it, counted from 1; none where the fault is not in one place.
    pub line: Option<usize>,
    /// What is wrong. Never holds a password.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl ConfigError {
    /// `EX_CONFIG` of sysexits.h. systemd is told not to restart on it.
    pub const EXIT_CODE: u8 = 78;

    pub(super) fn new(file: &Path, what: impl Into<String>, remedy: impl Into<String>) -> ConfigError {
        ConfigError { file: file.to_owned(), line: None, what: without_passwords(&what.into()), remedy: remedy.into() }
    }

    pub(super) fn on_line(mut self, line: Option<usize>) -> ConfigError {
        self.line = line;
        self
    }

    pub(super) fn at(self, text: &str, span: Range<usize>) -> ConfigError {
        self.on_line(Some(line_of(text, span.start)))
    }

    /// Wraps what the TOML reader says. Its own rendering quotes the line, which may hold a password, so only
    /// its message is used.
    pub(super) fn toml(file: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
        let what = error.message().lines().collect::<Vec<_>>().join(", ");
        let remedy = match () {
            () if what.starts_with("unknown field") => "remove the key or correct its spelling",
            () if what.starts_with("missing field") => "add the key; config/receiver.toml shows every key there is",
            () => "correct the value; config/receiver.toml shows every key with an example",
        };
        let line = error.span().map(|span| line_of(text, span.start));
        ConfigError::new(file, what, remedy).on_line(line)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}\n  remedy: {}", self.what, self.remedy)
    }
}

impl std::error::Error for ConfigError {}

pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Blanks `user:password@` in every URL of a text, and `password=` in a URL's query.
pub(super) fn without_passwords(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        clean.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '`' | ',')).unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        clean.push_str(&blank(url));
        rest = tail;
    }
    clean.push_str(rest);
    clean
}

/// One URL without its scheme. A password may itself hold an `@`, so the last one counts.
fn blank(url: &str) -> String {
    let (credentials, place) = url.rsplit_once('@').map_or((None, url), |(c, place)| (Some(c), place));
    let mut clean = match credentials {
        Some(credentials) => match credentials.split_once(':') {
            Some((user, _)) => format!("{user}:***@"),
            None => format!("{credentials}@"),
        },
        None => String::new(),
    };
    match place.split_once("password=") {
        Some((before, secret)) => {
            clean.push_str(before);
            clean.push_str("password=***");
            if let Some((_, more)) = secret.split_once('&') {
                clean.push('&');
                clean.push_str(more);
            }
        }
        None => clean.push_str(place),
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_never_come_out() {
        for (text, clean) in [
            ("postgres://u:secret@h/db", "postgres://u:***@h/db"),
            ("postgres://u@h/db", "postgres://u@h/db"),
            ("postgres://h/db?sslmode=require", "postgres://h/db?sslmode=require"),
            ("postgres://u:se@cret@h:5432/db", "postgres://u:***@h:5432/db"),
            ("postgres://h/db?user=u&password=secret&x=1", "postgres://h/db?user=u&password=***&x=1"),
            ("string \"postgres://u:secret@h/db\", expected", "string \"postgres://u:***@h/db\", expected"),
            ("two: a://u:secret@h b://u:secret@h", "two: a://u:***@h b://u:***@h"),
            ("no URL at all", "no URL at all"),
        ] {
            assert_eq!(without_passwords(text), clean);
        }
    }

    #[test]
    fn the_text_names_file_line_and_remedy() {
        let error = ConfigError::new(Path::new("a.toml"), "it is wrong", "mend it").at("a\nb\nc", 4..5);
        assert_eq!(error.to_string(), "a.toml:3: it is wrong\n  remedy: mend it");
    }
}
