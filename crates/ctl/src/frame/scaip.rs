//! SCAIP documents from named options.

use std::str::FromStr;

use telecare_protocol::scaip::{CallerId, Dialects, MessageType, Read, Request, read};

use super::{FieldDefault, FrameArguments, Slot, no_valid_line};
use crate::Usage;

const SLOTS: [Slot; 9] = [
    ("account", None),
    ("code", None),
    ("reference", None),
    ("kind", None),
    ("crd", None),
    ("location", None),
    ("priority", None),
    ("message", None),
    ("text", None),
];
/// What is not given and has no other default.
const NOTHING: [FieldDefault; 7] = [
    ("reference", "1"),
    ("kind", "ME"),
    ("crd", ""),
    ("location", "0"),
    ("priority", "0"),
    ("message", ""),
    ("text", ""),
];

impl FrameArguments {
    /// The SCAIP document of these fields, with `defaults` as above.
    pub fn scaip(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let defaults = [defaults, &NOTHING].concat();
        let [account, code, reference, kind, caller, location, priority, message, text] =
            self.fill(&SLOTS, &[], &defaults, "scaip")?;
        let (device, status) = match code.split_once('/') {
            Some((device, status)) => (device, Some(number("code", status)?)),
            None => (code.as_str(), None),
        };
        let kind = MessageType::ALL.into_iter().find(|known| known.as_str() == kind);
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let request = Request {
            message_type: kind.ok_or_else(|| Usage("--kind of scaip must be ME, RE, IN or PI".to_owned()))?,
            callers: said(caller).iter().map(|caller| CallerId::read(caller)).collect(),
            location: number("location", &location)?,
            priority: number("priority", &priority)?,
            status_text: said(message),
            location_text: said(text),
            ..Request::new(&reference, &account, number("code", device)?, status)
        };
        let document = request.write().into_bytes();
        // The writer writes what it is told; what no unit would send must be asked for byte by byte.
        match read(&document, Dialects::default()) {
            Read::Request(_) => Ok(document),
            Read::Bad(bad) => Err(no_valid_line(&bad.fault)),
            Read::Answer(_) => Err(Usage("these fields make an answer".to_owned())),
        }
    }

    /// A sign of life.
    pub fn scaip_heartbeat(&self, reference: &str, account: &str) -> Vec<u8> {
        Request::heartbeat(reference, account).write().into_bytes()
    }
}

fn number<N: FromStr>(name: &str, text: &str) -> Result<N, Usage> {
    text.parse().map_err(|_| Usage(format!("--{name} of scaip does not take {text:?}")))
}
