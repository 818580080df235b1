//! The signature after the Standard Webhooks convention: over id, time and body, so that none of the three can be
//! exchanged, and an old request cannot be sent again for a new one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `webhook-signature`; none for a key that HMAC cannot take, which it can of any length.
pub fn signature(secret: &[u8], id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_python_computes() {
        // base64(hmac.new(b"0123456789-0123456789-0123456789", b'msg_1.1700000000.{"a":1}', sha256).digest())
        let made = signature(b"0123456789-0123456789-0123456789", "msg_1", 1_700_000_000, b"{\"a\":1}").unwrap();
        assert_eq!(made, "v1,TtRdhpM5u0rh3olvOwUIHZv/P/9bqZff7C++j0JkEx4=");
    }
}
