//! DC-03 blocks and Texecom's messages from named options.

use telecare_protocol::dc03::{Block, DATA_BYTES_MAX, encode, report};
use telecare_protocol::texecom::{self, Message};
use telecare_protocol::{Codes, Mode, contact_id};

use super::{CONTACT_ID, FieldDefault, FrameArguments, Slot, contact_id_widths, no_valid_line, one_letter};
use crate::Usage;

const BLOCKS: [Slot; 3] = [("account", None), ("data", None), ("message", Some(""))];

impl FrameArguments {
    /// The DC-03 blocks of these fields, with `defaults` as above: account, event, its text if there is one, end.
    pub fn dc03(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let blocks = self.blocks("sia-dc03", &[], false, defaults)?;
        Ok(blocks.iter().flat_map(encode).collect())
    }

    /// The Texecom message of these fields, with `defaults` as above.
    pub fn texecom(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let message = match self.form.as_deref().unwrap_or("cid") {
            "cid" => {
                let [account, qualifier, code, group, zone] =
                    self.fill(&CONTACT_ID, &["form"], defaults, "texecom form cid")?;
                let sent = one_letter("qualifier", &qualifier)?;
                let qualifier = contact_id::Qualifier::from_char(sent)
                    .ok_or_else(|| Usage("--qualifier must be E, R or P".to_owned()))?
                    .digit();
                contact_id_widths([&account, &code, &group, &zone])?;
                let message_type = "18".to_owned();
                Message::ContactId(contact_id::Message::ContactId {
                    account,
                    message_type,
                    qualifier,
                    code,
                    group,
                    zone,
                })
            }
            "sia" => Message::Sia(self.blocks("texecom form sia", &["form"], true, defaults)?),
            _ => return Err(Usage("--form of texecom must be cid or sia".to_owned())),
        };
        texecom::encode(&message).ok_or_else(|| Usage("these fields make no valid message".to_owned()))
    }

    /// The poll of a Texecom panel.
    pub fn texecom_poll(&self, account: &str) -> Result<Vec<u8>, Usage> {
        let account = self.account.as_deref().unwrap_or(account).to_owned();
        let bytes = texecom::encode(&Message::Poll { account, flags: 0 });
        let bytes = bytes.filter(|bytes| texecom::read(bytes).is_ok());
        bytes.ok_or_else(|| Usage("--account of a poll must be 4 digits".to_owned()))
    }

    fn blocks(
        &self,
        layout: &str,
        others: &[&str],
        reverse_channel: bool,
        defaults: &[FieldDefault],
    ) -> Result<Vec<Block>, Usage> {
        let [account, data, text] = self.fill(&BLOCKS, others, defaults, layout)?;
        if [&account, &data, &text].iter().any(|data| data.chars().count() > DATA_BYTES_MAX) {
            return Err(Usage(format!("a block takes {DATA_BYTES_MAX} characters")));
        }
        let mut letters = data.chars();
        let function = letters.next().ok_or_else(|| Usage("--data is empty".to_owned()))?;
        let block = |function, data: &str| Block { reverse_channel, ..Block::new(function, data) };
        let event = block(function, letters.as_str());
        // The encoder writes what it is told; what no panel would send must be asked for byte by byte.
        report(&event, Some(&account), Mode::Strict, &Codes::builtin())
            .map_err(|error| no_valid_line(&error.fault()))?;
        let mut blocks = vec![block('#', &account), event];
        blocks.extend((!text.is_empty()).then(|| block('A', &text)));
        blocks.push(Block::new('0', ""));
        Ok(blocks)
    }
}
