//! Settings of a SIA DC-09 line, and the file of its keys.
//!
//! ```toml
//! [[key]]
//! account = "1234"                      # as the unit sends it, with its zeros
//! hex = "00112233445566778899AABBCCDDEEFF"
//!
//! [[key]]
//! account = "4321"
//! ascii = "0123456789ABCDEF"            # the characters themselves are the bytes
//! ```
//! Which of the two a panel means, its text does not tell: 32 hex digits are 16 bytes or 32 characters. So it is
//! always written down.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use telecare_protocol::sia_dc09::{Key, KeyError, Keys, Settings};
use toml::Spanned;

use super::check::Check;
use super::secret::SecretTable;
use super::{ConfigError, file};

/// Longest account.
const ACCOUNT_CHARACTERS_MAX: usize = 16;

/// A SIA DC-09 line.
#[derive(Clone, Debug, Default)]
pub struct SiaDc09 {
    /// Of its sessions.
    pub settings: Settings,
    /// Of its accounts.
    pub keys: Arc<Keys>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct KeyFile {
    #[serde(default)]
    key: Vec<Spanned<KeyEntry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct KeyEntry {
    account: String,
    hex: Option<String>,
    ascii: Option<String>,
}

impl Check<'_> {
    pub(super) fn sia_dc09(&self, line: &file::Line) -> Result<SiaDc09, ConfigError> {
        let Some(set) = line.sia_dc09.as_ref().map(Spanned::as_ref) else { return Ok(SiaDc09::default()) };
        let mut settings = Settings::default();
        if let Some(wait) = &set.partial_frame_s {
            settings.partial_frame = Duration::from_secs(self.within(wait, 1..=60)?);
        }
        let keys = match &set.keys_file {
            Some(file) => {
                let (path, text) = self.secret_table(file)?;
                keys(&path, &text)?
            }
            None => Keys::default(),
        };
        Ok(SiaDc09 { settings, keys: Arc::new(keys) })
    }
}

/// Reads a file of keys. No error shows any of a key.
fn keys(path: &Path, text: &str) -> Result<Keys, ConfigError> {
    let table = SecretTable { path, text, remedy: "write [[key]] with account, and hex or ascii" };
    let wrong = |what, at| table.wrong(what, at);
    let parsed: KeyFile = table.parse("no file of keys")?;
    let mut keys = Keys::default();
    for entry in parsed.key {
        let start = entry.span().start;
        let KeyEntry { account, hex, ascii } = entry.into_inner();
        let plain = account.chars().all(|character| character.is_ascii_alphanumeric());
        if account.is_empty() || account.len() > ACCOUNT_CHARACTERS_MAX || !plain {
            return Err(wrong(format!("{account:?} is no account"), start));
        }
        let key = match (&hex, &ascii) {
            (Some(hex), None) => Key::from_hex(hex),
            (None, Some(ascii)) => Key::from_ascii(ascii),
            _ => return Err(wrong(format!("account {account} needs its key as hex or as ascii, one of them"), start)),
        };
        let key = key.map_err(|error: KeyError| wrong(format!("account {account}: {error}"), start))?;
        if !keys.insert(&account, key) {
            return Err(wrong(format!("account {account} has two keys"), start));
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Keys, String> {
        keys(Path::new("keys.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_read_by_their_written_encoding() {
        let two = "[[key]]\naccount = \"0042\"\nhex = \"00112233445566778899AABBCCDDEEFF\"\n\
                   [[key]]\naccount = \"42\"\nascii = \"0123456789ABCDEF0123456789ABCDEF\"\n";
        let keys = of(two).unwrap();
        assert_eq!((keys.of("0042").unwrap().bits(), keys.of("42").unwrap().bits()), (128, 256));
        assert!(of("").unwrap().is_empty());
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_without_the_key() {
        const SECRET: &str = "0123456789ABCDE";
        let ascii = format!("ascii = \"{SECRET}\"");
        let table = [
            (format!("[[key]]\naccount = \"1\"\n{ascii}\n"), "not 15"),
            (format!("[[key]]\naccount = \"1\"\nhex = \"{SECRET}X\"\n"), "hex digits"),
            ("[[key]]\naccount = \"1\"\n".to_owned(), "needs its key"),
            (format!("[[key]]\naccount = \"1\"\n{ascii}\nhex = \"{SECRET}\"\n"), "one of them"),
            (format!("[[key]]\naccount = \"\"\n{ascii}\n"), "no account"),
            (format!("[[key]]\naccount = \"1\"\n{ascii}\nkind = \"aes\"\n"), "no file of keys"),
            (format!("[[key]]\naccount = \"1\"\nascii = {SECRET}\n"), "no file of keys"),
            ("[[key]]\naccount = \"1\"\nascii = \"0123456789ABCDEF\"\n".repeat(2), "two keys"),
        ];
        for (text, words) in table {
            let error = of(&text).unwrap_err();
            assert!(error.contains(words) && error.contains("keys.toml"), "{error}");
            assert!(!error.contains(SECRET), "{error}");
        }
    }
}
