//! What kind of thing was said: type of message, status code and device type together, without any rank.

use super::{MessageType, Request};

/// What kind of thing a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The unit is alive.
    Heartbeat,
    /// An alarm is withdrawn.
    Reset,
    /// News of an alarm.
    Information,
    /// An alarm was not meant.
    Cancel,
    /// A test.
    Test,
    /// Somebody needs help, or it cannot be told that nobody does.
    LifeAlarm,
    /// Something about a person.
    Care,
    /// Equipment on which an alarm depends has failed.
    TechnicalUrgent,
    /// Equipment.
    Technical,
    /// Something is well again, or a state.
    Restoral,
}

/// Status codes of a manual alarm, and what an absent one is taken for (B).
pub(super) const MANUAL_ALARM: u16 = 10;
/// The last status code of the table (B).
pub(super) const STATUS_CODE_LAST: u16 = 127;

/// "Abort" and "cancel".
const CANCELS: [u16; 2] = [2, 19];
/// Over the primary channel and the redundant one.
const TESTS: [u16; 2] = [102, 103];
/// Automatic alarm, manual alarm, alert, assistance, temperature rising; and, because what nobody can say is shown
/// high, "unknown" and "undefined".
const ALARMS: [u16; 7] = [9, 10, 11, 110, 126, 0, 1];
/// "Activated" and "active": alarms where they come from what a person presses.
const ACTIVATIONS: [u16; 2] = [6, 7];
/// The unit's button, personal and fixed triggers, bogus caller, lift.
const PRESSED: [u16; 5] = [2, 3, 4, 27, 46];
/// Devices that find out about danger: falls, attacks, wandering, seizures, gas, smoke, heat, carbon monoxide, a person
/// down, flood, fire.
const LIFE_DEVICES: [u16; 12] = [5, 6, 7, 15, 17, 21, 23, 25, 26, 30, 33, 47];
/// What even such a device says when all is well.
const RESTORALS: [u16; 16] = [15, 70, 72, 86, 91, 92, 93, 94, 97, 102, 103, 112, 113, 114, 115, 116];
const RESTORAL_LAST: u16 = 124;
const CARE: [u16; 11] = [3, 22, 77, 81, 100, 101, 106, 107, 117, 119, 120];
const TECHNICAL_URGENT: [u16; 21] =
    [14, 23, 24, 25, 26, 27, 31, 42, 51, 52, 63, 66, 67, 73, 78, 85, 95, 105, 122, 123, 125];
const TECHNICAL: [u16; 17] = [16, 32, 33, 34, 35, 36, 37, 38, 39, 40, 43, 44, 45, 65, 68, 79, 104];

impl Request {
    /// What kind of thing it says; the first row that fits counts (C).
    pub fn class(&self) -> Class {
        match self.message_type {
            MessageType::Heartbeat => return Class::Heartbeat,
            MessageType::Reset => return Class::Reset,
            MessageType::Information => return Class::Information,
            MessageType::Event => {}
        }
        let status = self.status_code.unwrap_or(MANUAL_ALARM);
        let pressed = ACTIVATIONS.contains(&status) && PRESSED.contains(&self.device_type);
        if CANCELS.contains(&status) {
            Class::Cancel
        } else if TESTS.contains(&status) {
            Class::Test
        } else if ALARMS.contains(&status) || status > STATUS_CODE_LAST || pressed || self.is_of_life_device() {
            Class::LifeAlarm
        } else if CARE.contains(&status) {
            Class::Care
        } else if TECHNICAL_URGENT.contains(&status) {
            Class::TechnicalUrgent
        } else if TECHNICAL.contains(&status) {
            Class::Technical
        } else {
            Class::Restoral
        }
    }

    /// Whether a device that finds out about danger says anything but that all is well.
    pub(super) fn is_of_life_device(&self) -> bool {
        let status = self.status_code.unwrap_or(MANUAL_ALARM);
        LIFE_DEVICES.contains(&self.device_type) && !RESTORALS.contains(&status) && status != RESTORAL_LAST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(kind: MessageType, device: u16, status: Option<u16>) -> Class {
        Request { message_type: kind, ..Request::new("1", "1", device, status) }.class()
    }

    #[test]
    fn the_first_row_that_fits_counts() {
        use MessageType::{Event, Heartbeat, Information, Reset};
        for (kind, device, status, expected) in [
            (Heartbeat, 2, Some(9), Class::Heartbeat),
            (Heartbeat, 2, Some(102), Class::Heartbeat),
            (Reset, 5, Some(10), Class::Reset),
            (Information, 5, Some(10), Class::Information),
            (Event, 23, Some(19), Class::Cancel),
            (Event, 3, Some(2), Class::Cancel),
            (Event, 23, Some(102), Class::Test),
            (Event, 2, Some(103), Class::Test),
            (Event, 3, Some(9), Class::LifeAlarm),
            (Event, 3, None, Class::LifeAlarm),
            (Event, 45, Some(11), Class::LifeAlarm),
            (Event, 45, Some(110), Class::LifeAlarm),
            (Event, 20, Some(126), Class::LifeAlarm),
            (Event, 45, Some(128), Class::LifeAlarm),
            (Event, 45, Some(0), Class::LifeAlarm),
            (Event, 3, Some(6), Class::LifeAlarm),
            (Event, 14, Some(6), Class::Restoral),
            (Event, 23, Some(16), Class::LifeAlarm),
            (Event, 23, Some(124), Class::Restoral),
            (Event, 23, Some(70), Class::Restoral),
            (Event, 12, Some(117), Class::Care),
            (Event, 2, Some(67), Class::TechnicalUrgent),
            (Event, 2, Some(31), Class::TechnicalUrgent),
            (Event, 3, Some(16), Class::Technical),
            (Event, 3, Some(36), Class::Technical),
            (Event, 2, Some(86), Class::Restoral),
            (Event, 2, Some(50), Class::Restoral),
        ] {
            assert_eq!(class(kind, device, status), expected, "{kind:?} {device} {status:?}");
        }
    }

    /// How many status codes of the unit itself are of each class, so that no list loses one unseen.
    #[test]
    fn every_status_code_has_its_class() {
        let count = |wanted: Class| {
            (0..=STATUS_CODE_LAST).filter(|code| class(MessageType::Event, 45, Some(*code)) == wanted).count()
        };
        let counts = [Class::Cancel, Class::Test, Class::LifeAlarm, Class::Care].map(count);
        assert_eq!(counts, [2, 2, 7, 11]);
        let counts = [Class::TechnicalUrgent, Class::Technical, Class::Restoral].map(count);
        assert_eq!(counts, [21, 17, 128 - 2 - 2 - 7 - 11 - 21 - 17]);
        for device in LIFE_DEVICES {
            let quiet = (0..=STATUS_CODE_LAST)
                .filter(|code| class(MessageType::Event, device, Some(*code)) != Class::LifeAlarm)
                .count();
            assert_eq!(quiet, 2 + 2 + (RESTORALS.len() - 2) + 1, "{device}");
        }
    }
}
