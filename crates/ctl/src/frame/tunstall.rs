//! Opening frames of TT92, TTNEW and TTOLD from named options.

use telecare_protocol::Protocol;
use telecare_protocol::tunstall::{Frame, Map};

use super::{FieldDefault, FrameArguments, Slot};
use crate::Usage;

const FRAME: [Slot; 5] =
    [("account", None), ("code", None), ("location", Some("0000")), ("type", Some("1")), ("category", Some("1"))];
const OLD: [Slot; 2] = [("account", None), ("code", None)];

/// Digits of an account, filled up with `*`.
const ACCOUNT_DIGITS: usize = 12;

impl FrameArguments {
    /// The frame of these fields, checksum included; of TTOLD, which has none, one of its two copies.
    pub fn tunstall(&self, protocol: Protocol, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        if protocol == Protocol::TtOld {
            let [account, code] = self.fill(&OLD, &[], defaults, "ttold")?;
            let frame = format!("{account}{code}");
            let is_frame = (4..=5).contains(&frame.len()) && frame.bytes().all(|digit| digit.is_ascii_digit());
            return if is_frame {
                Ok(frame.into_bytes())
            } else {
                Err(Usage("ttold has an --account of 3 or 4 digits and a --code of 1".to_owned()))
            };
        }
        let layout = protocol.as_str();
        let [account, call, extra, kind, generic] = self.fill(&FRAME, &[], defaults, layout)?;
        let identity = format!("{account:*<ACCOUNT_DIGITS$}");
        let map = if protocol == Protocol::TtNew { Map::TtNew } else { Map::Tt92 };
        let frame = Frame { kind, reserved: "0".to_owned(), generic, call, identity, extra };
        frame.encode(map).map(String::into_bytes).map_err(|error| Usage(error.to_string()))
    }
}
