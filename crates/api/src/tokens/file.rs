//! The token file: read, checked, written whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use toml::Spanned;

use super::{Digest, Role};

/// Most tokens a file may hold; a longer one is refused.
pub const TOKENS_MAX: usize = 2_000;
/// Largest file that is read, bytes; a larger one is refused.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The receiver reads it, its group may look, nobody else.
const FILE_MODE: u32 = 0o640;
const HEADING: &str = "# Access tokens of this receiver. Written by `telecare-ctl token`; holds no secrets.\n\n";

/// How long a token that no longer works stays in the file, so that the log can name it.
const GONE_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// One token, as the file keeps it.
#[derive(Clone, Debug)]
pub struct Token {
    /// Names the token for people, logs and revocation.
    pub id: String,
    /// Who or what carries it.
    pub carrier: Carrier,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of the token.
    pub sha256: Digest,
    /// When it was made (UTC).
    pub created: OffsetDateTime,
    /// When it stops working (UTC), if ever.
    pub expires: Option<OffsetDateTime>,
    /// When it was revoked (UTC); it works no more.
    pub revoked: Option<OffsetDateTime>,
}

/// Who or what carries a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A person, at whatever desk: the person of every action done with the token.
    Person(Arc<str>),
    /// A console at its desk, whoever works there: each action must name its operator.
    Console(Arc<str>),
}

impl Carrier {
    /// The person's or console's name.
    pub fn name(&self) -> &str {
        match self {
            Carrier::Person(name) | Carrier::Console(name) => name,
        }
    }
}

/// A whole token file.
#[derive(Clone, Debug, Default)]
pub struct TokenFile {
    /// The tokens in the order of the file; no two with one id.
    pub tokens: Vec<Token>,
}

/// Why a token file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The system would not let us.
    #[error("{path}: {why}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// Its text is not a token file.
    #[error("{path}:{line}: {what}")]
    Text {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    #[serde(default)]
    token: Vec<Spanned<Row<Instant>>>,
}

#[derive(Serialize)]
struct FileTextOut {
    token: Vec<Row<String>>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Row<T> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    console: Option<String>,
    role: String,
    sha256: String,
    created: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<T>,
}

/// A time of the file: quoted or TOML's own, which spell it alike.
#[derive(Deserialize)]
#[serde(untagged)]
enum Instant {
    Quoted(String),
    Plain(toml::value::Datetime),
}

impl TokenFile {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<TokenFile, TokenFileError> {
        let failed = |why| TokenFileError::Io { path: path.to_owned(), why };
        let mut text = String::new();
        let file = File::open(path).map_err(failed)?;
        file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(failed)?;
        let fault = if text.len() as u64 > FILE_BYTES_MAX {
            (0, format!("larger than {FILE_BYTES_MAX} bytes; remove tokens that have expired"))
        } else {
            match TokenFile::parse(&text) {
                Ok(file) => return Ok(file),
                Err(fault) => fault,
            }
        };
        let (offset, what) = fault;
        let line = 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        Err(TokenFileError::Text { path: path.to_owned(), line, what })
    }

    /// Reads a text; an error is the byte it is at and what is wrong.
    fn parse(text: &str) -> Result<TokenFile, (usize, String)> {
        let rows: FileText = toml::from_str(text)
            .map_err(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
        if rows.token.len() > TOKENS_MAX {
            return Err((0, format!("more than {TOKENS_MAX} tokens; remove those that have expired")));
        }
        let mut tokens: Vec<Token> = Vec::with_capacity(rows.token.len());
        for row in rows.token {
            let at = row.span().start;
            let token = Token::from_row(row.into_inner()).map_err(|what| (at, what))?;
            if tokens.iter().any(|other| other.id == token.id) {
                return Err((at, format!("a second token with the id {:?}; ids must differ", token.id)));
            }
            tokens.push(token);
        }
        Ok(TokenFile { tokens })
    }

    /// Takes out what stopped working some weeks ago.
    pub fn forget_gone(&mut self, now: OffsetDateTime) {
        self.tokens.retain(|token| {
            let gone = [token.expires, token.revoked].into_iter().flatten().min();
            gone.is_none_or(|gone| gone + GONE_KEPT > now)
        });
    }

    /// Replaces the file in one step, so that a reader sees the old or the new one and never a part. Keeps
    /// the file's owner and group; a new file takes its directory's group, which is the receiver's.
    pub fn write(&self, path: &Path) -> Result<(), TokenFileError> {
        self.replace(path).map_err(|why| TokenFileError::Io { path: path.to_owned(), why })
    }

    fn replace(&self, path: &Path) -> io::Result<()> {
        let rows = FileTextOut { token: self.tokens.iter().map(Token::to_row).collect() };
        let text = toml::to_string(&rows).map_err(io::Error::other)?;
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        let name = path.file_name().ok_or_else(|| io::Error::other("not the name of a file"))?;
        let mut draft_name = name.to_owned();
        draft_name.push(format!(".{}.new", std::process::id()));
        let draft = directory.join(draft_name);
        let kept = fs::metadata(path).map(|old| (Some(old.uid()), old.gid()));
        let (owner, group) = match kept {
            Ok(owners) => owners,
            Err(_) => (None, fs::metadata(directory)?.gid()),
        };
        let written =
            OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&draft).and_then(|mut file| {
                file.write_all(HEADING.as_bytes())?;
                file.write_all(text.as_bytes())?;
                // Whoever may write the file need not be allowed to give it away: then it keeps our own group.
                let _ = std::os::unix::fs::chown(&draft, owner, Some(group));
                file.set_permissions(fs::Permissions::from_mode(FILE_MODE))?;
                file.sync_all()?;
                fs::rename(&draft, path)?;
                File::open(directory)?.sync_all()
            });
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written
    }
}

impl Token {
    /// Whether it still works at an instant.
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    fn from_row(row: Row<Instant>) -> Result<Token, String> {
        if row.id.trim().is_empty() {
            return Err("`id` must not be empty".to_owned());
        }
        let carrier = match (row.person, row.console) {
            (Some(person), None) => Carrier::Person(Arc::from(person)),
            (None, Some(console)) => Carrier::Console(Arc::from(console)),
            (None, None) => return Err("missing `person`, or `console` for a console's own token".to_owned()),
            (Some(_), Some(_)) => return Err("both `person` and `console`; a token has one carrier".to_owned()),
        };
        if carrier.name().trim().is_empty() {
            return Err("`person` or `console` must not be empty".to_owned());
        }
        let role = row.role.parse().map_err(|_| {
            let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
            format!("unknown role {:?}; one of {}", row.role, names.join(", "))
        })?;
        let sha256 = Digest::from_hex(&row.sha256)
            .ok_or("`sha256` must be the token's SHA-256 in 64 hex digits; the token itself does not belong here")?;
        let created = row.created.read("created")?;
        let expires = row.expires.map(|end| end.read("expires")).transpose()?;
        let revoked = row.revoked.map(|at| at.read("revoked")).transpose()?;
        Ok(Token { id: row.id, carrier, role, sha256, created, expires, revoked })
    }

    fn to_row(&self) -> Row<String> {
        // Only a year beyond 9999 cannot be written, and none can be read.
        let text = |at: OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
        let (person, console) = match &self.carrier {
            Carrier::Person(name) => (Some(name.to_string()), None),
            Carrier::Console(name) => (None, Some(name.to_string())),
        };
        Row {
            id: self.id.clone(),
            person,
            console,
            role: self.role.to_string(),
            sha256: self.sha256.to_string(),
            created: text(self.created),
            expires: self.expires.map(text),
            revoked: self.revoked.map(text),
        }
    }
}

impl Instant {
    fn read(self, field: &str) -> Result<OffsetDateTime, String> {
        let text = match self {
            Instant::Quoted(text) => text,
            Instant::Plain(time) => time.to_string(),
        };
        OffsetDateTime::parse(&text, &Rfc3339)
            .map_err(|_| format!("`{field}` must be an RFC 3339 time like \"2026-03-01T08:00:00Z\", not {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Secret;

    fn row(changes: &[(&str, &str)]) -> String {
        let mut text = format!(
            "\n[[token]]\nid = \"t-1\"\nperson = \"Ann\"\nrole = \"operator\"\nsha256 = \"{}\"\ncreated = \"2026-03-01T08:00:00Z\"\n",
            "ab".repeat(32)
        );
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        text
    }

    #[test]
    fn a_file_comes_back_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.toml");
        let secret = Secret::generate().unwrap();
        let person = Carrier::Person(Arc::from("Zoë \"Z\" O'Neil"));
        let token = |id: &str, carrier: &Carrier, expires| Token {
            id: id.to_owned(),
            carrier: carrier.clone(),
            role: Role::Engineer,
            sha256: secret.digest(),
            created: time::macros::datetime!(2026-03-01 8:00 UTC),
            expires,
            revoked: expires,
        };
        let end = time::macros::datetime!(2027-01-01 0:00:00.5 UTC);
        let console = Carrier::Console(Arc::from("desk-3"));
        let written = TokenFile { tokens: vec![token("a", &person, None), token("b", &console, Some(end))] };
        written.write(&path).unwrap();
        written.write(&path).unwrap();
        let read = TokenFile::read(&path).unwrap();
        assert_eq!(format!("{read:?}"), format!("{written:?}"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, FILE_MODE);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left behind");
        assert!(!fs::read_to_string(&path).unwrap().contains(secret.as_str()));
    }

    #[test]
    fn an_empty_file_and_plain_toml_times_are_fine() {
        assert_eq!(TokenFile::parse("").unwrap().tokens.len(), 0);
        let plain = row(&[("\"2026-03-01T08:00:00Z\"", "2026-03-01T09:00:00+01:00\nexpires = 2026-04-01 00:00:00Z")]);
        let file = TokenFile::parse(&plain).unwrap();
        assert_eq!(file.tokens[0].created, time::macros::datetime!(2026-03-01 8:00 UTC));
        assert!(file.tokens[0].is_expired(time::macros::datetime!(2026-04-01 0:00 UTC)));
        assert!(!file.tokens[0].is_expired(time::macros::datetime!(2026-03-31 23:59 UTC)));
    }

    #[test]
    fn what_stopped_working_long_ago_is_forgotten() {
        let text = [
            row(&[("t-1", "works")]),
            row(&[("t-1", "expired"), ("created", "expires = \"2026-04-01T00:00:00Z\"\ncreated")]),
            row(&[("t-1", "revoked"), ("created", "revoked = \"2026-05-01T00:00:00Z\"\ncreated")]),
        ];
        let mut file = TokenFile::parse(&text.concat()).unwrap();
        let ids = |file: &TokenFile| file.tokens.iter().map(|token| token.id.clone()).collect::<Vec<_>>();
        file.forget_gone(time::macros::datetime!(2026-04-30 0:00 UTC));
        assert_eq!(ids(&file), ["works", "expired", "revoked"]);
        file.forget_gone(time::macros::datetime!(2026-05-15 0:00 UTC));
        assert_eq!(ids(&file), ["works", "revoked"]);
    }

    #[test]
    fn each_fault_names_its_line_and_the_way_out() {
        let two = format!("{}{}", row(&[]), row(&[]));
        let table = [
            (row(&[("id =", "name = \"x\"\nid =")]), 3, "unknown field `name`"),
            (row(&[("role = \"operator\"", "role = \"admin\"")]), 2, "one of operator, supervisor"),
            (row(&[("abab", "")]), 2, "64 hex digits"),
            (row(&[("2026-03-01T08:00:00Z", "yesterday")]), 2, "RFC 3339"),
            (row(&[("person = \"Ann\"", "person = \" \"")]), 2, "must not be empty"),
            (row(&[("person = \"Ann\"\n", "")]), 2, "missing `person`, or `console`"),
            (row(&[("role", "console = \"desk-3\"\nrole")]), 2, "one carrier"),
            (row(&[("role", "revoked = \"yes\"\nrole")]), 2, "`revoked` must be an RFC 3339 time"),
            (two, 9, "a second token with the id \"t-1\""),
            ("[[token]\n".to_owned(), 1, ""),
        ];
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.toml");
        for (text, expected_line, words) in table {
            fs::write(&path, &text).unwrap();
            match TokenFile::read(&path).unwrap_err() {
                TokenFileError::Text { line, what, .. } => {
                    assert_eq!(line, expected_line, "{what}\n{text}");
                    assert!(what.contains(words), "{what}");
                }
                TokenFileError::Io { why, .. } => panic!("{why}"),
            }
        }
    }
}
