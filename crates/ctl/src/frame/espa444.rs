//! ESPA 4.4.4 blocks from named options.

use telecare_protocol::Mode;
use telecare_protocol::espa::{Block, Record, encode, read};

use super::{FieldDefault, FrameArguments, Slot, no_valid_line, one_letter};
use crate::Usage;

/// The fields of a block; one that is empty is no record.
const SLOTS: [Slot; 9] = [
    ("header", None),
    ("address", None),
    ("message", None),
    ("beep", None),
    ("type", None),
    ("transmissions", None),
    ("priority", None),
    ("call-status", None),
    ("system-status", None),
];
/// What is not given and has no other default.
const NOTHING: [FieldDefault; 9] = [
    ("header", "1"),
    ("address", ""),
    ("message", ""),
    ("beep", ""),
    ("type", ""),
    ("transmissions", ""),
    ("priority", ""),
    ("call-status", ""),
    ("system-status", ""),
];

impl FrameArguments {
    /// The ESPA 4.4.4 block of these fields, with `defaults` as above.
    pub fn espa444(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let defaults = [defaults, &NOTHING].concat();
        let [header, values @ ..] = self.fill(&SLOTS, &[], &defaults, "espa-444")?;
        let record = |(n, data): (usize, String)| Record { id: (n + 1).to_string(), data };
        let records = values.into_iter().enumerate().filter(|(_, data)| !data.is_empty()).map(record).collect();
        let bytes = encode(&Block { header: one_letter("header", &header)?, records });
        match read(&bytes, Mode::Strict) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(no_valid_line(&error.fault())),
        }
    }
}
