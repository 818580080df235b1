//! `encode`: a frame from named fields, the reverse of `decode`.

use std::io::{self, Write};

use telecare_api::shapes::escaped;
use telecare_protocol::Protocol;

use super::decode::protocol;
use crate::Verdict;
use crate::frame::FrameArguments;

#[derive(clap::Args)]
pub struct Arguments {
    /// One that telephones, surgard, ademco-685, espa-444 or sia-dc09.
    #[arg(long, value_parser = protocol)]
    protocol: Protocol,
    /// Write a heartbeat instead of an event.
    #[arg(long)]
    heartbeat: bool,
    #[command(flatten)]
    fields: FrameArguments,
}

/// Prints the frame, framing included, bytes that cannot be printed as \xNN.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let fields = &arguments.fields;
    let bytes = match arguments.protocol {
        Protocol::SurGard if arguments.heartbeat => fields.heartbeat(),
        Protocol::SurGard => fields.surgard(&[])?,
        Protocol::Ademco685 if arguments.heartbeat => fields.ademco685_heartbeat(),
        Protocol::Ademco685 => fields.ademco685(&[])?,
        Protocol::SiaDc09 if arguments.heartbeat => {
            let account = fields.account.as_deref().ok_or_else(|| crate::Usage("a NULL needs --account".to_owned()))?;
            fields.sia_dc09_null(account)?
        }
        Protocol::SiaDc09 => fields.sia_dc09(&[])?,
        protocol if arguments.heartbeat => return Err(crate::Usage(format!("{protocol} has no heartbeat")).into()),
        Protocol::Espa444 => fields.espa444(&[])?,
        protocol @ (Protocol::Tt92 | Protocol::TtNew | Protocol::TtOld) => fields.tunstall(protocol, &[])?,
        Protocol::ContactId => fields.contact_id(&[])?,
        Protocol::FastFormat => fields.fast_format(&[])?,
        Protocol::Bs8521 => fields.bs8521(&[])?,
        Protocol::Detect | Protocol::Own => {
            return Err(crate::Usage(format!("{} has no frames of its own", arguments.protocol)).into());
        }
    };
    writeln!(io::stdout().lock(), "{}", escaped(&bytes))?;
    Ok(Verdict::Done)
}
