//! Frames from named options: the reverse of what `decode` prints, by the same names.

mod ademco685;
mod automation;
mod contact_id;
mod dc03;
mod espa444;
mod nowip;
mod osborne_hoffman;
mod scaip;
mod sia_dc09;
mod tunstall;

pub use nowip::MAC;
use telecare_protocol::contact_id::Qualifier;
use telecare_protocol::sia;
use telecare_protocol::surgard::{Body, DC4, Header, Line, encode, read};
use telecare_protocol::{Fault, Mode};

use crate::Usage;
use crate::decoded::fields_in_words;

/// The fields of a frame. Which of them a protocol and a form have, their layout says.
#[derive(clap::Args, Clone, Default)]
pub struct FrameArguments {
    /// Account [surgard, ademco-685, sia-dc03, texecom, osborne-hoffman, sia-dc09, contact-id, fast-format, tt92, ttnew, ttold].
    /// Controller, `cid` [scaip].
    #[arg(long)]
    pub account: Option<String>,
    /// Event code: Contact ID 3 digits, SIA 2 letters, Tunstall 1 digit [surgard 5, 3, contact-id, tt92, ttnew, ttold].
    /// Device type and status code, like 0002/0102 [scaip].
    #[arg(long)]
    pub code: Option<String>,
    /// E new, R restored, P still present; E by default [surgard 5, contact-id].
    #[arg(long)]
    pub qualifier: Option<String>,
    /// Group or partition; 00 by default [surgard 5, 1, contact-id].
    #[arg(long)]
    pub group: Option<String>,
    /// Zone or user; 000 by default [surgard 5, 1, contact-id].
    #[arg(long)]
    pub zone: Option<String>,
    /// Zone or user of a SIA event; 0000 by default [surgard 3]. Call address [espa-444].
    #[arg(long)]
    pub address: Option<String>,
    /// SIA block, its function first, like Nri1/BA01 [surgard S, sia-dc03, texecom sia, sia-dc09 SIA-DCS].
    #[arg(long)]
    pub data: Option<String>,
    /// Form of the line. Sur-Gard: 5 Contact ID (by default), 3 SIA, S SIA block, 1 pulse. Ademco 685
    /// and contact-id: cid Contact ID (by default), 4+1, 4+2. Osborne-Hoffman: cid (by default), sia, S SIA block.
    /// Texecom: cid (by default), sia. sia-dc09: its token, SIA-DCS (by default) or ADM-CID.
    #[arg(long)]
    pub form: Option<String>,
    /// Channels, 8, 16 or 24 digits [fast-format].
    #[arg(long)]
    pub channels: Option<String>,
    /// C contact or U user; C by default [ademco-685 cid]. ME event (by default), RE reset, IN information, PI heartbeat
    /// [scaip].
    #[arg(long)]
    pub kind: Option<String>,
    /// Sequence, four hex digits; 0001 by default [osborne-hoffman].
    #[arg(long)]
    pub sequence: Option<String>,
    /// Receiver number; 01 by default, 1 with Ademco 685, 0001 with Osborne-Hoffman, none with sia-dc09 [surgard,
    /// ademco-685, osborne-hoffman, sia-dc09].
    #[arg(long)]
    pub receiver: Option<String>,
    /// Line of the receiver; 1 by default, 0001 with Osborne-Hoffman [surgard, ademco-685, osborne-hoffman]. Account
    /// prefix, 0 by default [sia-dc09].
    #[arg(long)]
    pub line: Option<String>,
    /// Event: BS 8521 3 digits [also nowip]; letter of a pulse line; digit of 4+1 and 4+2 [bs8521, surgard 1, contact-id].
    #[arg(long)]
    pub event: Option<String>,
    /// Controller or scheme, 8 digits [bs8521, nowip].
    #[arg(long)]
    pub controller: Option<String>,
    /// Dwelling, 4 digits; 0000 by default [bs8521, nowip].
    #[arg(long, alias = "local_unit")]
    pub local_unit: Option<String>,
    /// Location: 2 digits, 00 by default [bs8521, nowip]; 4 digits, 0000 by default [tt92, ttnew]; by its table, 0 by
    /// default [scaip].
    #[arg(long)]
    pub location: Option<String>,
    /// Priority, 1 digit; 0 by default [bs8521, nowip, scaip, espa-444: none by default].
    #[arg(long)]
    pub priority: Option<String>,
    /// Status: 2 digits, 00 by default [bs8521, nowip]; 1 digit, 7 by default [fast-format].
    #[arg(long)]
    pub status: Option<String>,
    /// System category, 1 digit; 0 by default [bs8521, nowip]. Equipment class, 1 by default, 2 and 3 are schemes [tt92,
    /// ttnew].
    #[arg(long)]
    pub category: Option<String>,
    /// Speech, 1 digit; 1 by default [bs8521]; 0 by default, and no call is made [nowip].
    #[arg(long)]
    pub speech: Option<String>,
    /// Type: 2 digits, 00 by default [bs8521, nowip]; 1 digit, 1 by default [tt92, ttnew]; 1 reset, 2 speech, 3 standard
    /// [espa-444].
    #[arg(long = "type")]
    pub conformance: Option<String>,
    /// Header: 1 call to pager (by default), 2 status, 3 status request, 4 call to subscriber line [espa-444].
    #[arg(long)]
    pub header: Option<String>,
    /// Display message [espa-444]. Text about the event [sia-dc03, texecom sia, scaip].
    #[arg(long)]
    pub message: Option<String>,
    /// Text about the place [scaip].
    #[arg(long)]
    pub text: Option<String>,
    /// How its voice would come, like sip: or tel:+441632960001; no-voice: for not at all [scaip].
    #[arg(long, value_name = "SCHEME:ADDRESS")]
    pub crd: Option<String>,
    /// Reference; 1 by default, with call one of its own [scaip].
    #[arg(long)]
    pub reference: Option<String>,
    /// Beep coding [espa-444].
    #[arg(long)]
    pub beep: Option<String>,
    /// Number of transmissions [espa-444].
    #[arg(long)]
    pub transmissions: Option<String>,
    /// What became of a call: 2 in queue, 6 acknowledged [espa-444].
    #[arg(long, alias = "call_status")]
    pub call_status: Option<String>,
    /// The system itself: 1 transmitter failure [espa-444].
    #[arg(long, alias = "system_status")]
    pub system_status: Option<String>,
    /// Extended data, its letter first: TM, "IHALL PULLCORD", X001W07.2500; several with commas between them [sia-dc09].
    #[arg(long, value_delimiter = ',')]
    pub extended: Vec<String>,
}

/// A field of a layout, and its value when none is given.
type Slot = (&'static str, Option<&'static str>);
/// A field and its value when none is given.
pub type FieldDefault = (&'static str, &'static str);

const BS8521: [Slot; 9] = [
    ("category", Some("0")),
    ("speech", Some("1")),
    ("type", Some("00")),
    ("controller", None),
    ("local-unit", Some("0000")),
    ("event", None),
    ("location", Some("00")),
    ("priority", Some("0")),
    ("status", Some("00")),
];
const CONTACT_ID: [Slot; 5] =
    [("account", None), ("qualifier", Some("E")), ("code", None), ("group", Some("00")), ("zone", Some("000"))];
const SIA: [Slot; 3] = [("account", None), ("code", None), ("address", Some("0000"))];
const SIA_BLOCK: [Slot; 2] = [("account", None), ("data", None)];
const PULSE: [Slot; 4] = [("account", None), ("event", None), ("group", Some("")), ("zone", Some("000"))];

impl FrameArguments {
    /// The BS 8521 frame of these fields, with `defaults` as below.
    pub fn bs8521(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        let frame = self.bs8521_frame(&BS8521, defaults, "bs8521")?;
        frame.encode().map(String::into_bytes).map_err(|error| Usage(error.to_string()))
    }

    /// The Sur-Gard line of these fields. A field that is not given takes its value from `defaults`, where the
    /// form has such a field.
    pub fn surgard(&self, defaults: &[FieldDefault]) -> Result<Vec<u8>, Usage> {
        const HEAD: [&str; 3] = ["form", "receiver", "line"];
        let form = self.form.as_deref().unwrap_or("5");
        let body = match form {
            "5" => {
                let [account, qualifier, code, group, zone] =
                    self.fill(&CONTACT_ID, &HEAD, defaults, "surgard form 5")?;
                let mut letters = qualifier.chars();
                let qualifier = match (letters.next().and_then(Qualifier::from_char), letters.next()) {
                    (Some(qualifier), None) => qualifier,
                    _ => return Err(Usage("--qualifier must be E, R or P".to_owned())),
                };
                contact_id_widths([&account, &code, &group, &zone])?;
                Body::ContactId { account, qualifier, code, group, zone }
            }
            "3" => {
                let [account, code, address] = self.fill(&SIA, &HEAD, defaults, "surgard form 3")?;
                Body::Sia { account, code, address }
            }
            "S" => {
                let [account, data] = self.fill(&SIA_BLOCK, &HEAD, defaults, "surgard form S")?;
                let block = sia::parse(&data).ok_or_else(|| Usage("--data is not a SIA block".to_owned()))?;
                Body::SiaBlock { account, block }
            }
            "1" => {
                let [account, event, group, zone] = self.fill(&PULSE, &HEAD, defaults, "surgard form 1")?;
                let mut letters = event.chars();
                match (letters.next(), letters.next()) {
                    (Some(letter), None) => Body::Basic { account, letter, group, zone },
                    _ => return Err(Usage("--event of form 1 must be one letter".to_owned())),
                }
            }
            _ => return Err(Usage("--form must be 5, 3, S or 1".to_owned())),
        };
        let header = self.header();
        let header_digits = header.receiver.len() + header.line.len();
        let bytes = encode(&Line { header: Some(header), body });
        // The encoder writes what it is told; what no receiver would send must be asked for byte by byte.
        let line = bytes.strip_suffix(&[DC4]).unwrap_or(&bytes);
        match read(line, header_digits, Mode::Strict) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(no_valid_line(&error.fault())),
        }
    }

    /// The Sur-Gard heartbeat with these head fields.
    pub fn heartbeat(&self) -> Vec<u8> {
        encode(&Line { header: Some(self.header()), body: Body::Heartbeat })
    }

    fn header(&self) -> Header {
        Header {
            receiver: self.receiver.clone().unwrap_or_else(|| "01".to_owned()),
            line: self.line.clone().unwrap_or_else(|| "1".to_owned()),
        }
    }

    /// The values of a layout in its order. A field the layout does not have, and one it needs and has not
    /// got, are wrong usage.
    fn fill<const N: usize>(
        &self,
        slots: &[Slot; N],
        others: &[&str],
        defaults: &[FieldDefault],
        layout: &str,
    ) -> Result<[String; N], Usage> {
        let given = self.given();
        let known = |name: &str| slots.iter().any(|(slot, _)| *slot == name) || others.contains(&name);
        if let Some((name, _)) = given.iter().find(|(name, value)| value.is_some() && !known(name)) {
            return Err(Usage(format!("--{name} is not a field of {layout}")));
        }
        let mut values = [const { String::new() }; N];
        for (value, (name, default)) in values.iter_mut().zip(slots) {
            let told = given.iter().find(|(given, _)| given == name).and_then(|(_, value)| value.as_deref());
            let usual = defaults.iter().find(|(field, _)| field == name).map(|(_, value)| *value);
            let told = told.or(*default).or(usual).ok_or_else(|| Usage(format!("{layout} needs --{name}")))?;
            told.clone_into(value);
        }
        Ok(values)
    }

    fn given(&self) -> [(&'static str, &Option<String>); 31] {
        [
            ("account", &self.account),
            ("code", &self.code),
            ("qualifier", &self.qualifier),
            ("group", &self.group),
            ("zone", &self.zone),
            ("address", &self.address),
            ("data", &self.data),
            ("form", &self.form),
            ("channels", &self.channels),
            ("kind", &self.kind),
            ("sequence", &self.sequence),
            ("receiver", &self.receiver),
            ("line", &self.line),
            ("event", &self.event),
            ("controller", &self.controller),
            ("local-unit", &self.local_unit),
            ("location", &self.location),
            ("priority", &self.priority),
            ("status", &self.status),
            ("category", &self.category),
            ("speech", &self.speech),
            ("type", &self.conformance),
            ("header", &self.header),
            ("message", &self.message),
            ("text", &self.text),
            ("crd", &self.crd),
            ("reference", &self.reference),
            ("beep", &self.beep),
            ("transmissions", &self.transmissions),
            ("call-status", &self.call_status),
            ("system-status", &self.system_status),
        ]
    }
}

/// What Contact ID has room for, said by the option's name: a line's wrong length helps nobody find it.
fn contact_id_widths(values: [&str; 4]) -> Result<(), Usage> {
    for ((name, width), value) in [("account", 4), ("code", 3), ("group", 2), ("zone", 3)].into_iter().zip(values) {
        if value.len() != width {
            return Err(Usage(format!("--{name} takes {width} digits, {value:?} has {}", value.len())));
        }
    }
    Ok(())
}

fn one_letter(name: &str, text: &str) -> Result<char, Usage> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Ok(letter),
        _ => Err(Usage(format!("--{name} must be one character"))),
    }
}

fn no_valid_line(fault: &Fault) -> Usage {
    Usage(format!("these fields make no valid line: {} {}", fault.name, fields_in_words(&fault.fields)))
}
