//! Names nobody can guess, from sixteen bytes of chance.

use sha2::{Digest, Sha256};

/// Draws call names, tags and branches, and signs nonces.
pub(super) struct Chance {
    secret: [u8; 16],
    drawn: u64,
}

impl std::fmt::Debug for Chance {
    /// No secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chance").field("drawn", &self.drawn).finish_non_exhaustive()
    }
}

impl Chance {
    pub(super) fn new(secret: [u8; 16]) -> Chance {
        Chance { secret, drawn: 0 }
    }

    /// One that was never given before: 32 hex digits.
    pub(super) fn draw(&mut self) -> String {
        self.drawn = self.drawn.wrapping_add(1);
        hex(self.signed("draw", &[&self.drawn.to_be_bytes()]).get(..16).unwrap_or_default())
    }

    /// What only the secret's owner can make of these parts. Hashed twice, so that nobody can lengthen it.
    pub(super) fn signed(&self, what: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = Sha256::new().chain_update(self.secret);
        for part in [what.as_bytes()].iter().chain(parts) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Sha256::new().chain_update(self.secret).chain_update(hash.finalize()).finalize().into()
    }
}

/// Two lower-case digits a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
