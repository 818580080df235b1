//! SIA DC-09 frames from named options.

use telecare_protocol::contact_id::Qualifier;
use telecare_protocol::sia_dc09::{Extended, clear};
use telecare_protocol::sia_frame::{Address, Check, Head};

use super::{CONTACT_ID, FieldDefault, FrameArguments, Slot, one_letter};
use crate::Usage;

const TEXT: [Slot; 2] = [("account", None), ("data", None)];
const HEAD: [&str; 3] = ["form", "receiver", "line"];
const LAYOUT: &str = "sia-dc09";

impl FrameArguments {
    /// The frame of these fields, in clear, without a stamp and with sequence 0001.
    pub fn sia_dc09(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let token = self.form.as_deref().unwrap_or("SIA-DCS");
        let (account, data) = match token {
            "SIA-DCS" => {
                let [account, data] = self.fill(&TEXT, &HEAD, defaults, "sia-dc09 SIA-DCS")?;
                telecare_protocol::sia::parse(&data)
                    .ok_or_else(|| Usage("--data is not a SIA block, like Nri1/QA001".to_owned()))?;
                (account, data)
            }
            "ADM-CID" => {
                let [account, qualifier, code, group, zone] =
                    self.fill(&CONTACT_ID, &HEAD, defaults, "sia-dc09 ADM-CID")?;
                let qualifier = Qualifier::from_char(one_letter("qualifier", &qualifier)?)
                    .ok_or_else(|| Usage("--qualifier must be E, R or P".to_owned()))?;
                for ((name, width), value) in
                    [("code", 3), ("group", 2), ("zone", 3)].into_iter().zip([&code, &group, &zone])
                {
                    if value.len() != width {
                        return Err(Usage(format!("--{name} takes {width} digits, {value:?} has {}", value.len())));
                    }
                }
                (account, format!("{}{code} {group} {zone}", qualifier.digit()))
            }
            _ => return Err(Usage("--form must be SIA-DCS or ADM-CID".to_owned())),
        };
        let data = format!("#{account}|{data}");
        Ok(clear(self.dc09_head(token, &account, 1)?, Check::Hex, &data, &self.dc09_extended()?, ""))
    }

    /// Supervision.
    pub fn sia_dc09_null(&self, account: &str) -> Result<Vec<u8>, Usage> {
        Ok(clear(self.dc09_head("NULL", account, 0)?, Check::Hex, "", &[], ""))
    }

    fn dc09_head(&self, token: &str, account: &str, sequence: u16) -> Result<Head, Usage> {
        let hex = |name: &str, text: &str, widths: std::ops::RangeInclusive<usize>| {
            if widths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Ok(());
            }
            let (least, most) = (widths.start(), widths.end());
            Err(Usage(format!("--{name} of {LAYOUT} takes {least} to {most} hex characters, not {text:?}")))
        };
        hex("account", account, 3..=16)?;
        let line = self.line.clone().unwrap_or_else(|| "0".to_owned());
        hex("line", &line, 1..=6)?;
        if let Some(receiver) = &self.receiver {
            hex("receiver", receiver, 1..=6)?;
        }
        let address = Address {
            receiver: self.receiver.clone(),
            line: Some(line),
            account: Some(account.to_owned()),
            bare: false,
        };
        Ok(Head { enciphered: false, token: token.to_owned(), sequence, address })
    }

    fn dc09_extended(&self) -> Result<Vec<Extended>, Usage> {
        let one = |text: &String| {
            let mut characters = text.chars();
            let kind = characters.next().filter(char::is_ascii_uppercase);
            let kind = kind.ok_or_else(|| Usage(format!("--extended {text:?} does not begin with its letter")))?;
            Ok(Extended { kind, text: characters.as_str().to_owned() })
        };
        self.extended.iter().map(one).collect()
    }
}
