//! Osborne-Hoffman messages from named options.

use telecare_protocol::contact_id::Qualifier;
use telecare_protocol::osborne_hoffman::{Event, Heartbeat, Message, read};
use telecare_protocol::{Mode, Protocol};

use super::{CONTACT_ID, FieldDefault, FrameArguments, SIA_BLOCK, Slot, no_valid_line, one_letter};
use crate::Usage;

/// Of every form.
const HEAD: [&str; 4] = ["form", "sequence", "receiver", "line"];
const SIA: [Slot; 3] = [("account", None), ("code", None), ("address", Some(""))];

impl FrameArguments {
    /// The message of these fields as open text, with `defaults` where the form has such a field.
    pub fn osborne_hoffman(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let protocol = Protocol::OsborneHoffman;
        let (token, account, data) = match self.form.as_deref().unwrap_or("cid") {
            "cid" => {
                let layout = format!("{protocol} form cid");
                let [account, qualifier, code, group, zone] = self.fill(&CONTACT_ID, &HEAD, defaults, &layout)?;
                let Some(qualifier) = Qualifier::from_char(one_letter("qualifier", &qualifier)?) else {
                    return Err(Usage("--qualifier must be E, R or P".to_owned()));
                };
                ("ADM-CID", account, format!("{}{code} {group} {zone}", qualifier.digit()))
            }
            "sia" => {
                let [account, code, address] = self.fill(&SIA, &HEAD, defaults, &format!("{protocol} form sia"))?;
                ("SIA-DCS", account, format!("N{code}{address}"))
            }
            "S" => {
                let [account, data] = self.fill(&SIA_BLOCK, &HEAD, defaults, &format!("{protocol} form S"))?;
                ("SIA-DCS", account, data)
            }
            _ => return Err(Usage(format!("--form of {protocol} must be cid, sia or S"))),
        };
        let event = Event {
            token: token.to_owned(),
            sequence: self.sequence.clone().unwrap_or_else(|| "0001".to_owned()),
            receiver: self.receiver.clone().unwrap_or_else(|| "0001".to_owned()),
            line: self.line.clone().unwrap_or_else(|| "0001".to_owned()),
            account: Some(account),
            data,
            panel_id: None,
            system_account: None,
            time: None,
            rest: String::new(),
        };
        let text = Message::Event(event).encode();
        // The encoder writes what it is told; what no panel would send must be asked for byte by byte.
        read(&text, Mode::Strict).map(|_| text).map_err(|error| no_valid_line(&error.fault()))
    }

    /// The heartbeat with these head fields, as open text.
    pub fn osborne_hoffman_heartbeat(&self) -> Vec<u8> {
        let or = |value: &Option<String>, usual: &str| value.clone().unwrap_or_else(|| usual.to_owned());
        let heartbeat = Heartbeat {
            receiver: or(&self.receiver, "0001"),
            line: or(&self.line, "0001"),
            account: or(&self.account, "009999"),
            panel_id: Some("00000000".to_owned()),
            time: None,
        };
        Message::Heartbeat(heartbeat).encode()
    }
}
