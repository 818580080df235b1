//! Lines of hardware receivers' automation outputs from named options.

use telecare_protocol::contact_id::Qualifier;
use telecare_protocol::{Mode, Protocol, iti, radionics, sia, sia_dc07, surgard};

use super::{CONTACT_ID, FieldDefault, FrameArguments, SIA_BLOCK, Slot, contact_id_widths, no_valid_line, one_letter};
use crate::Usage;

const RECORD: [Slot; 1] = [("data", None)];
/// Data of a DC-07 frame stands in brackets, with the account before a bar.
const HEAD: [&str; 4] = ["form", "receiver", "line", "sequence"];

impl FrameArguments {
    /// The line of these fields in one of the automation outputs, with `defaults` as above.
    pub fn automation(&self, protocol: Protocol, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        match protocol {
            Protocol::Radionics6500 => self.radionics(defaults),
            Protocol::SiaDc07 => self.dc07(defaults),
            Protocol::Iti => {
                let [record] = self.fill(&RECORD, &[], defaults, "iti")?;
                Ok(iti::encode(&record))
            }
            // A CP-220 writes as a 685 does, unless it is set otherwise.
            Protocol::Ademco685 | Protocol::Cp220 => self.ademco685(defaults),
            _ => self.surgard(defaults),
        }
    }

    /// The heartbeat of one of the automation outputs.
    pub fn automation_heartbeat(&self, protocol: Protocol) -> Vec<u8> {
        match protocol {
            Protocol::Radionics6500 => {
                let (header, body) = (self.radionics_header("0"), radionics::Body::Heartbeat);
                radionics::encode(&radionics::Line { header: Some(header), body }, &radionics::Settings::default())
            }
            Protocol::SiaDc07 => sia_dc07::encode("NULL", 0, self.receiver_or("1"), self.line_or("1"), ""),
            Protocol::Iti => iti::encode(iti::OKAY),
            Protocol::Ademco685 | Protocol::Cp220 => self.ademco685_heartbeat(),
            _ => self.heartbeat(),
        }
    }

    fn radionics(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        const HEAD: [&str; 3] = ["form", "receiver", "line"];
        let body = match self.form.as_deref().unwrap_or("a") {
            "a" => {
                let [account, qualifier, code, group, zone] =
                    self.fill(&CONTACT_ID, &HEAD, defaults, "radionics-6500 form a")?;
                contact_id_widths([&account, &code, &group, &zone])?;
                surgard::Body::ContactId { account, qualifier: known(&qualifier)?, code, group, zone }
            }
            "S" => {
                let [account, data] = self.fill(&SIA_BLOCK, &HEAD, defaults, "radionics-6500 form S")?;
                let block = sia::parse(&data).ok_or_else(|| Usage("--data is not a SIA block".to_owned()))?;
                surgard::Body::SiaBlock { account, block }
            }
            _ => return Err(Usage("--form of radionics-6500 must be a or S".to_owned())),
        };
        let settings = radionics::Settings::default();
        let bytes = radionics::encode(&surgard::Line { header: Some(self.radionics_header("1")), body }, &settings);
        let line = bytes.strip_suffix(&[settings.trailer]).unwrap_or(&bytes);
        match radionics::read(line, &settings, Mode::Strict) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(no_valid_line(&error.fault())),
        }
    }

    fn radionics_header(&self, line: &str) -> surgard::Header {
        surgard::Header { receiver: self.receiver_or("01").to_owned(), line: self.line_or(line).to_owned() }
    }

    fn dc07(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let sequence = self.sequence.as_deref().unwrap_or("1").parse().ok().filter(|sequence| *sequence <= 9999);
        let sequence = sequence.ok_or_else(|| Usage("--sequence must be 0 to 9999".to_owned()))?;
        let (token, data) = match self.form.as_deref().unwrap_or("cid") {
            "cid" => {
                let [account, qualifier, code, group, zone] =
                    self.fill(&CONTACT_ID, &HEAD, defaults, "sia-dc07 form cid")?;
                contact_id_widths([&account, &code, &group, &zone])?;
                ("ADM-CID", format!("#{account}|{}{code} {group} {zone}", known(&qualifier)?.digit()))
            }
            "S" => {
                let [account, data] = self.fill(&SIA_BLOCK, &HEAD, defaults, "sia-dc07 form S")?;
                ("SIA-DCS", format!("#{account}|{data}"))
            }
            _ => return Err(Usage("--form of sia-dc07 must be cid or S".to_owned())),
        };
        let bytes = sia_dc07::encode(token, sequence, self.receiver_or("1"), self.line_or("1"), &data);
        match sia_dc07::read(&bytes, Mode::Strict) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(no_valid_line(&error.fault())),
        }
    }

    fn receiver_or<'a>(&'a self, usual: &'a str) -> &'a str {
        self.receiver.as_deref().unwrap_or(usual)
    }

    fn line_or<'a>(&'a self, usual: &'a str) -> &'a str {
        self.line.as_deref().unwrap_or(usual)
    }
}

fn known(qualifier: &str) -> Result<Qualifier, Usage> {
    let known = Qualifier::from_char(one_letter("qualifier", qualifier)?);
    known.ok_or_else(|| Usage("--qualifier must be E, R or P".to_owned()))
}
