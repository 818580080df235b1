//! Digital units: what of them can be told on the command line, and what they tell in words.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use telecare_protocol::Protocol;
use telecare_protocol::digital::{Credentials, Refusal, UnitCommand, UnitFault, UnitSettings};
use telecare_protocol::scaip::{Media, VoiceReply};
use telecare_protocol::sip::Transport;
use uuid::Uuid;

use crate::Usage;
use crate::device::Told;
use crate::link::{Target, TlsArguments};
use crate::premises::secret;

/// Times that a unit sends a document in all.
pub const ATTEMPTS: u32 = 4;
/// Characters of a reference that nobody has used.
const REFERENCE_CHARS: usize = 16;

/// A digital unit [scaip, nowip].
#[derive(clap::Args, Default)]
pub struct DigitalArguments {
    /// The user of the unit's SIP address; its account or controller by default [scaip, nowip].
    #[arg(long)]
    user: Option<String>,
    /// Its password where the line asks for one; @FILE reads it from a file. Other users of this host see a command line:
    /// better the environment, or a file [scaip, nowip].
    #[arg(long, env = "TELECARE_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    #[command(flatten)]
    pub tls: TlsArguments,
}

impl DigitalArguments {
    /// The settings of a unit with these arguments, that speaks for this identity.
    pub fn settings(
        &self,
        protocol: Protocol,
        identity: &str,
        (to, remote): (&Target, SocketAddr),
        ack_wait: Option<Duration>,
        faults: BTreeSet<UnitFault>,
    ) -> Result<UnitSettings, Usage> {
        let transport = match to {
            Target::Udp(_) => Transport::Udp,
            Target::Tcp(_) => Transport::Tcp,
            Target::Tls(_) => Transport::Tls,
            Target::Serial { .. } | Target::Listen(_) | Target::VoiceModem(_) => return Err(wrong_target(protocol)),
        };
        let user = self.user.as_deref().unwrap_or(identity);
        let password = self.password.as_deref().map(secret).transpose()?;
        if password.is_none() && faults.contains(&UnitFault::WrongPassword) {
            return Err(Usage("--fault wrong-password needs the right one: --password".to_owned()));
        }
        let usual = UnitSettings::new(protocol, user, remote, transport);
        Ok(UnitSettings {
            credentials: password.map(|password| Credentials { user: user.to_owned(), password }),
            ack_wait: ack_wait.unwrap_or(usual.ack_wait),
            attempts: ATTEMPTS,
            faults,
            ..usual
        })
    }
}

/// Where digital units are not.
pub fn wrong_target(protocol: Protocol) -> Usage {
    Usage(format!("{protocol} goes to udp:HOST:PORT, tcp:HOST:PORT or tls:HOST:PORT"))
}

/// A reference of its own for each message.
pub fn reference() -> String {
    Uuid::new_v4().simple().to_string().chars().take(REFERENCE_CHARS).collect()
}

/// What a unit tells, and what it tells after that.
pub fn told(command: UnitCommand) -> (Told, Option<Told>) {
    match command {
        UnitCommand::Send(bytes) => (Told::Send(bytes), None),
        UnitCommand::Answered { status, after } => {
            (Told::Step(format!("SIP {status} after {:.1} ms", after.as_secs_f64() * 1000.0)), None)
        }
        UnitCommand::Acknowledged { attempts, voice, .. } => match voice {
            Some(voice) => (Told::Step(wanted(&voice)), Some(Told::Acknowledged { attempts })),
            None => (Told::Acknowledged { attempts }, None),
        },
        UnitCommand::Polled { .. } => (Told::Polled, None),
        UnitCommand::Refused(_, refusal) => (Told::Step(refused(&refusal)), Some(Told::Refused)),
        UnitCommand::GaveUp(_) => (Told::LinkFailed, None),
        UnitCommand::Commanded(data) => (Told::Heard(format!("command {data}")), None),
    }
}

fn wanted(voice: &VoiceReply) -> String {
    let way = match voice.media {
        Media::Duplex => "both ways".to_owned(),
        Media::Microphone => "to listen".to_owned(),
        Media::Speaker => "to speak".to_owned(),
        Media::Other(number) => format!("mre {number}"),
    };
    let number = voice.number.as_deref().unwrap_or("the number that is set in the unit");
    format!("voice is wanted, {way}: call {number}")
}

fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Sip(401) => "refused by SIP: 401, whoever asks has to prove itself".to_owned(),
        Refusal::Sip(status) => format!("refused by SIP: {status}"),
        Refusal::Scaip { number, text: Some(text) } => format!("refused: snu {number}, {text}"),
        Refusal::Scaip { number, text: None } => format!("refused: snu {number}"),
    }
}

#[cfg(test)]
mod tests {
    use telecare_protocol::automation::LineNumber;
    use telecare_protocol::scaip::{CallHandling, Snu};

    use super::*;

    #[test]
    fn what_a_unit_tells_in_words() {
        let voice = |media, number: Option<&str>| {
            let (call, number) = (CallHandling::Transferred, number.map(str::to_owned));
            let after = Duration::ZERO;
            let voice = Some(VoiceReply { media, call, number });
            UnitCommand::Acknowledged { message: LineNumber(0), attempts: 2, after, voice }
        };
        let step = |text: &str| Told::Step(text.to_owned());
        let refused = |refusal| UnitCommand::Refused(LineNumber(0), refusal);
        let taken = Some(Told::Acknowledged { attempts: 2 });
        for (command, expected) in [
            (
                UnitCommand::Answered { status: 200, after: Duration::from_micros(1_250) },
                (step("SIP 200 after 1.2 ms"), None),
            ),
            (voice(Media::Duplex, Some("tel:+44")), (step("voice is wanted, both ways: call tel:+44"), taken)),
            (refused(Refusal::Sip(403)), (step("refused by SIP: 403"), Some(Told::Refused))),
            (
                refused(Refusal::Scaip { number: Snu::MissingElement, text: Some("no dty".to_owned()) }),
                (step("refused: snu 7 (mandatory tag missing), no dty"), Some(Told::Refused)),
            ),
            (UnitCommand::GaveUp(LineNumber(0)), (Told::LinkFailed, None)),
        ] {
            assert_eq!(told(command), expected);
        }
    }

    #[test]
    fn references_are_letters_and_digits_and_differ() {
        let (one, other) = (reference(), reference());
        assert_ne!(one, other);
        assert!(one.len() == REFERENCE_CHARS && one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
