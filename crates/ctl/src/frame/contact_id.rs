//! Contact ID messages, their relatives and groups of the fast format from named options.

use telecare_protocol::contact_id::{InvalidField, Message, Qualifier};
use telecare_protocol::fast_format::Group;

use super::{CONTACT_ID, FieldDefault, FrameArguments, Slot, contact_id_widths, one_letter};
use crate::Usage;

const EXPRESS: [Slot; 2] = [("account", None), ("event", None)];
const EXPRESS_ZONE: [Slot; 3] = [("account", None), ("event", None), ("zone", None)];
const GROUP: [Slot; 3] = [("account", None), ("channels", None), ("status", Some("7"))];

impl FrameArguments {
    /// The message of these fields, check digit included, with `defaults` for a Contact ID message.
    pub fn contact_id(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let message = match self.form.as_deref().unwrap_or("cid") {
            "cid" => {
                let [account, qualifier, code, group, zone] =
                    self.fill(&CONTACT_ID, &["form"], defaults, "contact-id form cid")?;
                let qualifier = match Qualifier::from_char(one_letter("qualifier", &qualifier)?) {
                    Some(qualifier) => qualifier.digit(),
                    None => return Err(Usage("--qualifier must be E, R or P".to_owned())),
                };
                contact_id_widths([&account, &code, &group, &zone])?;
                Message::ContactId { account, message_type: "18".to_owned(), qualifier, code, group, zone }
            }
            "4+1" => {
                let [account, event] = self.fill(&EXPRESS, &["form"], &[], "contact-id form 4+1")?;
                Message::Express { account, event: one_letter("event", &event)?, zone: None }
            }
            "4+2" => {
                let [account, event, zone] = self.fill(&EXPRESS_ZONE, &["form"], &[], "contact-id form 4+2")?;
                let (event, zone) = (one_letter("event", &event)?, one_letter("zone", &zone)?);
                Message::Express { account, event, zone: Some(zone) }
            }
            _ => return Err(Usage("--form of contact-id must be cid, 4+1 or 4+2".to_owned())),
        };
        written(message.encode())
    }

    /// The group of these fields, with `defaults`.
    pub fn fast_format(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let [account, channels, status] = self.fill(&GROUP, &[], defaults, "fast-format")?;
        let status = one_letter("status", &status)?;
        written(Group { account, channels, status }.encode())
    }
}

fn written(digits: Result<String, InvalidField>) -> Result<Vec<u8>, Usage> {
    digits.map(String::into_bytes).map_err(|error| Usage(error.to_string()))
}
