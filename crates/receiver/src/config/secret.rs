//! Secrets from files of their own, so that the configuration can be read by more people than they.
//!
//! A relative path is first looked for among the credentials that systemd hands over (`LoadCredential=` of a
//! directory names each file `DIRECTORY_FILE`), then beside the configuration. So one key serves the service,
//! which cannot read root's files, and root, who checks the configuration by hand.

use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;

use super::check::Check;
use super::error::line_of;
use super::{ConfigError, DatabaseUrl};

/// Where systemd says that it put the credentials.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Rights on a file of secrets that no other user may have: to write as its group, anything as anybody.
const RIGHTS_REFUSED: u32 = 0o027;

/// A table of secrets under reading. None of its errors shows what stands in it.
pub(super) struct SecretTable<'a> {
    pub path: &'a Path,
    pub text: &'a str,
    /// What to do about any mistake in it.
    pub remedy: &'static str,
}

impl SecretTable<'_> {
    /// The table, or the place at which it is none; the parser's own words may show the line, so they are left out.
    pub fn parse<T: DeserializeOwned>(&self, what: &str) -> Result<T, ConfigError> {
        toml::from_str(self.text)
            .map_err(|error| self.wrong(what.to_owned(), error.span().map_or(0, |span| span.start)))
    }

    /// A mistake at a place of it.
    pub fn wrong(&self, what: String, at: usize) -> ConfigError {
        ConfigError::new(self.path, what, self.remedy).on_line(Some(line_of(self.text, at)))
    }
}

impl Check<'_> {
    /// Reads a table of secrets that nobody else may read: where it is, and its text.
    pub(super) fn secret_table(&self, file: &Spanned<PathBuf>) -> Result<(PathBuf, String), ConfigError> {
        let path = self.secret_path(file.as_ref());
        let text = self.read_named(&path, file.span())?;
        let rights = path.metadata().map(|found| found.permissions().mode()).unwrap_or_default();
        if rights & RIGHTS_REFUSED == 0 {
            return Ok((path, text));
        }
        let what = format!("{} has the rights {:03o}: what is in it is not secret", path.display(), rights & 0o777);
        Err(self.at(self.error(what, "chmod 600, or 640 with the receiver's group"), file.span()))
    }

    /// Where a secret is: among the credentials if it is there, else beside the configuration.
    pub(super) fn secret_path(&self, path: &Path) -> PathBuf {
        credential(path, std::env::var_os(CREDENTIALS).map(PathBuf::from)).unwrap_or_else(|| self.resolve(path))
    }

    /// Reads the database's password. Without the line break at its end, as editors leave one.
    pub(super) fn password(&self, file: &Spanned<PathBuf>) -> Result<String, ConfigError> {
        let text = self.read_named(&self.secret_path(file.as_ref()), file.span())?;
        let password = text.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            let error = self.error("database.password-file is empty", "write the password into it, alone");
            return Err(self.at(error, file.span()));
        }
        Ok(password.to_owned())
    }

    /// A URL with a password put in. One that has its own already is a mistake: which one counts?
    pub(super) fn with_password(
        &self,
        url: &str,
        password: &str,
        span: Range<usize>,
    ) -> Result<DatabaseUrl, ConfigError> {
        let user = url.split_once("://").and_then(|(scheme, rest)| {
            let (user, place) = rest.split_once('@')?;
            (!user.is_empty() && !user.contains([':', '/'])).then_some((scheme, user, place))
        });
        let Some((scheme, user, place)) = user else {
            let what =
                "a database URL does not fit to database.password-file: it has no user, or a password of its own";
            return Err(self.at(self.error(what, "write postgres://user@host/name"), span));
        };
        Ok(DatabaseUrl(format!("{scheme}://{user}:{}@{place}", escaped(password))))
    }
}

fn credential(path: &Path, directory: Option<PathBuf>) -> Option<PathBuf> {
    let name = path.to_str().filter(|_| path.is_relative())?.replace('/', "_");
    directory.map(|directory| directory.join(name)).filter(|place| place.is_file())
}

/// As a URL takes it (RFC 3986, section 2.1).
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_password_goes_in_after_the_user_and_nowhere_else() {
        let check = Check::new(Path::new("receiver.toml"), "");
        let with = |url: &str| check.with_password(url, "a b@c/d:\u{e4}%", 0..0);
        let url = with("postgres://telecare@db.example/telecare?sslmode=require").unwrap();
        assert_eq!(url.0, "postgres://telecare:a%20b%40c%2Fd%3A%C3%A4%25@db.example/telecare?sslmode=require");
        for url in ["postgres://db.example/telecare", "postgres://u:p@h/d", "postgres://@h/d", "postgres://h/d?x=a@b"] {
            assert!(with(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_password_comes_from_its_file_without_the_line_break() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("receiver.toml");
        let database = "[database]\nurls = [\"postgres://u@h/d\", \"postgres://u@i/d\"]\npassword-file = \"pw\"\n";
        let text = format!("[receiver]\nname = \"r-1\"\n[journal]\ndirectory = \"journal\"\n{database}");
        std::fs::write(&path, text).unwrap();
        let refused = Config::load(&path).unwrap_err();
        assert_eq!((refused.line, refused.remedy.as_str()), (Some(7), "create it, or correct the path"));
        std::fs::write(directory.path().join("pw"), "\n").unwrap();
        assert_eq!(Config::load(&path).unwrap_err().line, Some(7));
        std::fs::write(directory.path().join("pw"), "s3cret?\n").unwrap();
        let database = Config::load(&path).unwrap().database.unwrap();
        let urls: Vec<&str> = database.urls.iter().map(|url| url.0.as_str()).collect();
        assert_eq!(urls, ["postgres://u:s3cret%3F@h/d", "postgres://u:s3cret%3F@i/d"]);
        assert!(!format!("{database:?}").contains("s3cret"));
    }

    #[test]
    fn a_credential_is_found_by_its_directory_and_name() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("credentials_database-password"), "secret\n").unwrap();
        let found = |path: &str| credential(Path::new(path), Some(directory.path().to_owned()));
        assert_eq!(
            found("credentials/database-password"),
            Some(directory.path().join("credentials_database-password"))
        );
        assert_eq!(found("credentials/other"), None);
        assert_eq!(found("/credentials/database-password"), None);
        assert_eq!(credential(Path::new("credentials/database-password"), None), None);
    }
}
