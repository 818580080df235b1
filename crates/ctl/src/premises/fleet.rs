//! What many units are: each a device of its own, with messages of its own.

use telecare_protocol::nowip::{Document, Kind};
use telecare_protocol::scaip::Request;
use telecare_protocol::sia_dc09::{UnitSettings, clear};
use telecare_protocol::sia_frame::{Address, Check, Head};
use telecare_protocol::{Protocol, bs8521, digital};
use time::OffsetDateTime;

use crate::device::Device;
use crate::digital::reference;
use crate::frame::MAC;

/// The account of the first unit.
const FIRST_ACCOUNT: u32 = 100_000;
/// So many numbers of alarms are told apart.
pub(super) const NUMBERS: u32 = 10_000;

/// What many units are.
#[derive(Clone, Debug)]
pub enum Fleet {
    /// Premises units with these settings.
    Premises(UnitSettings),
    /// SCAIP or NOW-IP units with these settings; each is the user that its account names.
    Digital(Protocol, digital::UnitSettings),
}

impl Fleet {
    /// The account of a unit.
    pub fn account(&self, index: u32) -> String {
        FIRST_ACCOUNT.saturating_add(index).to_string()
    }

    /// A unit.
    pub fn device(&self, index: u32) -> Device {
        let account = self.account(index);
        match self {
            Fleet::Premises(settings) => Device::premises(UnitSettings { account, ..settings.clone() }),
            Fleet::Digital(_, settings) => {
                let credentials = settings.credentials.clone();
                let credentials =
                    credentials.map(|credentials| digital::Credentials { user: account.clone(), ..credentials });
                Device::digital(digital::UnitSettings { user: account, credentials, ..settings.clone() })
            }
        }
    }

    /// A unit's sign of life.
    pub fn poll(&self, index: u32) -> Vec<u8> {
        let account = self.account(index);
        match self {
            Fleet::Premises(_) => premises("NULL", account, ""),
            Fleet::Digital(Protocol::NowIp, _) => nowip(Kind::Heartbeat, &format!("{account:0>8}0000")),
            Fleet::Digital(..) => Request::heartbeat(&reference(), &account).write().into_bytes(),
        }
    }

    /// The nth alarm, of one of the units: a test, so that a rehearsal frightens no one. The zone, the reference or the
    /// dwelling tells one of a unit from the next.
    pub fn alarm(&self, index: u32, number: u32) -> Vec<u8> {
        let account = self.account(index);
        match self {
            Fleet::Premises(_) => {
                let data = format!("#{account}|Nri1/RX{:04}", number % NUMBERS);
                premises("SIA-DCS", account, &data)
            }
            Fleet::Digital(Protocol::NowIp, _) => {
                let frame = bs8521::Frame {
                    category: "0".to_owned(),
                    speech: "0".to_owned(),
                    conformance: "00".to_owned(),
                    controller: format!("{account:0>8}"),
                    local_unit: format!("{:04}", number % NUMBERS),
                    event: "058".to_owned(),
                    location: "00".to_owned(),
                    priority: "0".to_owned(),
                    status: "00".to_owned(),
                };
                nowip(Kind::Alarm, &frame.data().unwrap_or_default())
            }
            Fleet::Digital(..) => Request::test_call(&reference(), &account).write().into_bytes(),
        }
    }
}

/// A frame that the unit makes anew, with its own sequence, stamp and key.
fn premises(token: &str, account: String, data: &str) -> Vec<u8> {
    let address = Address { line: Some("0".to_owned()), account: Some(account), ..Address::default() };
    let head = Head { enciphered: false, token: token.to_owned(), sequence: 1, address };
    clear(head, Check::Hex, data, &[], "")
}

fn nowip(kind: Kind, data: &str) -> Vec<u8> {
    Document::new(kind, data, MAC, OffsetDateTime::now_utc().time()).write()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use telecare_protocol::sip::Transport;
    use telecare_protocol::{Codes, DecodeOptions, Mode, What, decode};

    use super::*;

    #[test]
    fn every_unit_speaks_for_itself_and_every_alarm_is_another_one() {
        let at = SocketAddr::from(([192, 0, 2, 1], 5060));
        let digital = |protocol| digital::UnitSettings::new(protocol, "", at, Transport::Udp);
        for (protocol, fleet) in [
            (Protocol::SiaDc09, Fleet::Premises(UnitSettings::default())),
            (Protocol::Scaip, Fleet::Digital(Protocol::Scaip, digital(Protocol::Scaip))),
            (Protocol::NowIp, Fleet::Digital(Protocol::NowIp, digital(Protocol::NowIp))),
        ] {
            let read = |bytes: &[u8]| {
                let options = DecodeOptions::default();
                decode(protocol, bytes, Mode::Strict, &Codes::builtin(), &options).remove(0).what
            };
            for number in [0, 7] {
                let What::Report(report) = read(&fleet.alarm(3, number)) else { panic!("{protocol}") };
                assert_eq!(report.identity.as_deref(), Some("100003"), "{protocol}");
            }
            assert_ne!(fleet.alarm(3, 1), fleet.alarm(3, 2));
            assert!(matches!(read(&fleet.poll(3)), What::Control(_)), "{protocol}");
            let mut device = fleet.device(3);
            assert!(device.send(&fleet.alarm(3, 1)).is_some());
            assert_eq!(device.held(), 1);
        }
    }
}
