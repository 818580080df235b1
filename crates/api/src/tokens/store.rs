//! The tokens in force. Read at start and on request; a bad file never shuts out who is already known.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use time::OffsetDateTime;

use super::{Digest, Token, TokenFile};

/// The tokens in force. Clones are the same store.
#[derive(Clone, Debug)]
pub struct TokenStore {
    path: Arc<PathBuf>,
    tokens: Arc<RwLock<Arc<Vec<Token>>>>,
}

/// Why a presented token opens nothing. The log says which; the answer does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token was presented.
    None,
    /// No such token.
    Unknown,
    /// It was taken back.
    Revoked {
        /// Its id in the file.
        id: String,
    },
    /// It was good until lately.
    Expired {
        /// Its id in the file.
        id: String,
    },
}

impl TokenStore {
    /// Reads the file. One that is missing or bad is said in the log and leaves the store empty: a receiver
    /// that nobody can sign in to still takes alarms in.
    pub fn load(path: &Path) -> TokenStore {
        let store = TokenStore { path: Arc::new(path.to_owned()), tokens: Arc::default() };
        store.reload();
        store
    }

    /// Reads the file again. A bad one leaves the tokens as they are and is said in the log; answers whether
    /// the new ones are in force.
    pub fn reload(&self) -> bool {
        match TokenFile::read(&self.path) {
            Ok(file) => {
                tracing::info!(tokens = file.tokens.len(), "access tokens read from {}", self.path.display());
                *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(file.tokens);
                true
            }
            Err(error) => {
                let kept = self.snapshot().len();
                tracing::error!(kept, "access tokens not read, {kept} stay in force: {error}");
                false
            }
        }
    }

    /// The token that was presented. Every known digest is compared in full, whichever matches.
    pub fn find(&self, presented: &str, now: OffsetDateTime) -> Result<Token, Denied> {
        let digest = Digest::of(presented);
        let tokens = self.snapshot();
        let matching =
            tokens.iter().fold(None, |found, token| if token.sha256.matches(&digest) { Some(token) } else { found });
        match matching {
            Some(token) if token.revoked.is_some() => Err(Denied::Revoked { id: token.id.clone() }),
            Some(token) if token.is_expired(now) => Err(Denied::Expired { id: token.id.clone() }),
            Some(token) => Ok(token.clone()),
            None => Err(Denied::Unknown),
        }
    }

    fn snapshot(&self) -> Arc<Vec<Token>> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::{Carrier, Role, Secret};
    use std::fs;
    use time::macros::datetime;

    #[test]
    fn a_bad_file_leaves_the_known_tokens_in_force() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.toml");
        let now = datetime!(2026-03-02 8:00 UTC);
        let store = TokenStore::load(&path);
        let secret = Secret::generate().unwrap();
        assert_eq!(store.find(secret.as_str(), now).unwrap_err(), Denied::Unknown);

        let token = Token {
            id: "t-1".to_owned(),
            carrier: Carrier::Person(Arc::from("Ann")),
            role: Role::Operator,
            sha256: secret.digest(),
            created: now,
            expires: Some(datetime!(2026-03-03 8:00 UTC)),
            revoked: None,
        };
        TokenFile { tokens: vec![token.clone()] }.write(&path).unwrap();
        assert!(store.clone().reload());
        assert_eq!(store.find(secret.as_str(), now).unwrap().carrier.name(), "Ann");
        assert_eq!(
            store.find(secret.as_str(), datetime!(2026-03-03 8:00 UTC)).unwrap_err(),
            Denied::Expired { id: "t-1".to_owned() }
        );

        fs::write(&path, "[[token]]\nid = 1\n").unwrap();
        assert!(!store.reload());
        assert!(store.find(secret.as_str(), now).is_ok());
        assert_eq!(store.find("tc_wrong", now).unwrap_err(), Denied::Unknown);

        TokenFile { tokens: vec![Token { revoked: Some(now), ..token }] }.write(&path).unwrap();
        assert!(store.reload());
        let revoked = Denied::Revoked { id: "t-1".to_owned() };
        assert_eq!(store.find(secret.as_str(), now).unwrap_err(), revoked);
    }
}
