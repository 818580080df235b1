//! Ademco 685 lines from named options.

use telecare_protocol::contact_id::Qualifier;
use telecare_protocol::{Mode, ademco685};

use super::{FieldDefault, FrameArguments, Slot, contact_id_widths, no_valid_line, one_letter};
use crate::Usage;

const ADEMCO_CONTACT_ID: [Slot; 6] = [
    ("account", None),
    ("qualifier", Some("E")),
    ("code", None),
    ("group", Some("00")),
    ("kind", Some("C")),
    ("zone", Some("000")),
];
const ADEMCO_PULSE: [Slot; 2] = [("account", None), ("event", None)];
const ADEMCO_PULSE_ZONE: [Slot; 3] = [("account", None), ("event", None), ("zone", None)];

impl FrameArguments {
    /// The Ademco 685 line of these fields, with `defaults` as above.
    pub fn ademco685(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        use ademco685::Body;
        const HEAD: [&str; 3] = ["form", "receiver", "line"];
        let body = match self.form.as_deref().unwrap_or("cid") {
            "cid" => {
                let [account, qualifier, code, group, kind, zone] =
                    self.fill(&ADEMCO_CONTACT_ID, &HEAD, defaults, "ademco-685 form cid")?;
                let qualifier = one_letter("qualifier", &qualifier)?;
                let qualifier =
                    Qualifier::from_char(qualifier).ok_or_else(|| Usage("--qualifier must be E, R or P".to_owned()))?;
                contact_id_widths([&account, &code, &group, &zone])?;
                Body::ContactId { account, qualifier, code, group, kind: one_letter("kind", &kind)?, zone }
            }
            "4+1" => {
                let [account, event] = self.fill(&ADEMCO_PULSE, &HEAD, defaults, "ademco-685 form 4+1")?;
                Body::Pulse { account, event: one_letter("event", &event)? }
            }
            "4+2" => {
                let [account, event, zone] = self.fill(&ADEMCO_PULSE_ZONE, &HEAD, defaults, "ademco-685 form 4+2")?;
                let (event, zone) = (one_letter("event", &event)?, one_letter("zone", &zone)?);
                Body::PulseZone { account, event, zone, together: false }
            }
            _ => return Err(Usage("--form of ademco-685 must be cid, 4+1 or 4+2".to_owned())),
        };
        let header = self.ademco685_header();
        let header_digits = header.receiver.len() + header.line.len();
        let bytes = ademco685::encode(&ademco685::Line { header: Some(header), body });
        let line = bytes.strip_prefix(&[ademco685::LF]).and_then(|line| line.strip_suffix(&[ademco685::CR]));
        match ademco685::read(line.unwrap_or(&bytes), header_digits, Mode::Strict) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(no_valid_line(&error.fault())),
        }
    }

    /// The Ademco 685 heartbeat with these head fields.
    pub fn ademco685_heartbeat(&self) -> Vec<u8> {
        let line = ademco685::Line { header: Some(self.ademco685_header()), body: ademco685::Body::Heartbeat };
        ademco685::encode(&line)
    }

    fn ademco685_header(&self) -> ademco685::Header {
        ademco685::Header {
            receiver: self.receiver.clone().unwrap_or_else(|| "1".to_owned()),
            line: self.line.clone().unwrap_or_else(|| "1".to_owned()),
        }
    }
}
