//! `encode`: a frame from named fields, the reverse of `decode`.

use std::io::{self, Write};

use telecare_api::shapes::escaped;
use telecare_protocol::Protocol;
use telecare_protocol::osborne_hoffman::{Cipher, Key};

use super::decode::protocol;
use crate::Verdict;
use crate::device::is_hardware_receiver;
use crate::frame::FrameArguments;

#[derive(clap::Args)]
pub struct Arguments {
    /// What is spoken.
    #[arg(long, value_parser = protocol)]
    protocol: Protocol,
    /// Write a heartbeat instead of an event.
    #[arg(long)]
    heartbeat: bool,
    #[command(flatten)]
    fields: FrameArguments,
    /// Close it under this key, 48 hex digits [osborne-hoffman].
    #[arg(long, value_parser = super::decode::key)]
    key: Option<Key>,
}

/// Prints the frame, framing included, bytes that cannot be printed as \xNN.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let fields = &arguments.fields;
    if arguments.key.is_some() && arguments.protocol != Protocol::OsborneHoffman {
        return Err(crate::Usage(format!("{} has no key", arguments.protocol)).into());
    }
    let bytes = match arguments.protocol {
        protocol if is_hardware_receiver(protocol) && arguments.heartbeat => fields.automation_heartbeat(protocol),
        protocol if is_hardware_receiver(protocol) => fields.automation(protocol, &[])?,
        Protocol::OsborneHoffman => {
            let heartbeat = arguments.heartbeat;
            let text = if heartbeat { fields.osborne_hoffman_heartbeat() } else { fields.osborne_hoffman(&[])? };
            arguments.key.as_ref().map_or(text.clone(), |key| Cipher::new(key).close(&text))
        }
        Protocol::Texecom if arguments.heartbeat => fields.texecom_poll("9999")?,
        Protocol::SiaDc09 if arguments.heartbeat => {
            let account = fields.account.as_deref().ok_or_else(|| crate::Usage("a NULL needs --account".to_owned()))?;
            fields.sia_dc09_null(account)?
        }
        Protocol::SiaDc09 => fields.sia_dc09(&[])?,
        protocol if arguments.heartbeat => return Err(crate::Usage(format!("{protocol} has no heartbeat")).into()),
        Protocol::Espa444 => fields.espa444(&[])?,
        Protocol::SiaDc03 => fields.dc03(&[])?,
        Protocol::Texecom => fields.texecom(&[])?,
        protocol @ (Protocol::Tt92 | Protocol::TtNew | Protocol::TtOld) => fields.tunstall(protocol, &[])?,
        Protocol::ContactId => fields.contact_id(&[])?,
        Protocol::FastFormat => fields.fast_format(&[])?,
        Protocol::Bs8521 => fields.bs8521(&[])?,
        _ => {
            return Err(crate::Usage(format!("{} has no frames of its own", arguments.protocol)).into());
        }
    };
    writeln!(io::stdout().lock(), "{}", escaped(&bytes))?;
    Ok(Verdict::Done)
}
