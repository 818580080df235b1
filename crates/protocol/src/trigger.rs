//! What a signal means, protocol-neutral: the left column of the policy table.

use std::fmt;
use std::str::FromStr;

use crate::report::UnknownName;

/// What raised an event. Protocol code maps its own codes to these and never says how urgent they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the table below gives each its words")]
pub enum Trigger {
    Pendant,
    FixedTrigger,
    Fall,
    PersonDown,
    Panic,
    PersonalAttack,
    Duress,
    HoldUp,
    Medical,
    Emergency,
    MoreHelp,
    Seizure,
    LoneWorker,
    SpeechRequest,
    Silent,
    FaultyCall,
    Unreadable,
    Unknown,
    Smoke,
    Fire,
    Heat,
    CarbonMonoxide,
    Gas,
    BogusCaller,
    Intruder,
    Lift,
    Tamper,
    Inactivity,
    MissedCheck,
    PropertyExit,
    Occupancy,
    Movement,
    DoorOpen,
    Enuresis,
    Medication,
    Flood,
    HighTemperature,
    LowTemperature,
    TemperatureRise,
    Environment,
    Mains,
    Battery,
    PowerSupply,
    TelephoneLine,
    Radio,
    Communication,
    System,
    ManualTest,
    PeriodicTest,
    UnderTest,
    Service,
    HelpArrived,
    Cancel,
    Opening,
    Closing,
    Bypass,
    Access,
    Information,
    NoEvent,
    CallerIdentity,
    HardwareReceiver,
    LinkLost,
    LineDown,
    LineNoise,
    MissedTest,
    Incident,
    Telephone,
}

/// Each trigger with its name (policy, code tables, storage, JSON) and its words (headline).
const TABLE: &[(Trigger, &str, &str)] = &[
    (Trigger::Pendant, "pendant", "Pendant"),
    (Trigger::FixedTrigger, "fixed-trigger", "Pull cord or unit button"),
    (Trigger::Fall, "fall", "Fall"),
    (Trigger::PersonDown, "person-down", "Person down"),
    (Trigger::Panic, "panic", "Panic button"),
    (Trigger::PersonalAttack, "personal-attack", "Personal attack"),
    (Trigger::Duress, "duress", "Duress"),
    (Trigger::HoldUp, "hold-up", "Hold-up"),
    (Trigger::Medical, "medical", "Medical"),
    (Trigger::Emergency, "emergency", "Emergency"),
    (Trigger::MoreHelp, "more-help", "More help needed"),
    (Trigger::Seizure, "seizure", "Seizure"),
    (Trigger::LoneWorker, "lone-worker", "Lone worker"),
    (Trigger::SpeechRequest, "speech-request", "Speech waiting"),
    (Trigger::Silent, "silent", "Silent call"),
    (Trigger::FaultyCall, "faulty-call", "Call that delivered nothing"),
    (Trigger::Unreadable, "unreadable", "Unreadable signal"),
    (Trigger::Unknown, "unknown", "Unknown code"),
    (Trigger::Smoke, "smoke", "Smoke"),
    (Trigger::Fire, "fire", "Fire"),
    (Trigger::Heat, "heat", "Heat"),
    (Trigger::CarbonMonoxide, "carbon-monoxide", "Carbon monoxide"),
    (Trigger::Gas, "gas", "Gas"),
    (Trigger::BogusCaller, "bogus-caller", "Bogus caller"),
    (Trigger::Intruder, "intruder", "Intruder"),
    (Trigger::Lift, "lift", "Lift"),
    (Trigger::Tamper, "tamper", "Tamper"),
    (Trigger::Inactivity, "inactivity", "Inactivity"),
    (Trigger::MissedCheck, "missed-check", "Missed check"),
    (Trigger::PropertyExit, "property-exit", "Property exit"),
    (Trigger::Occupancy, "occupancy", "Bed, chair or room occupancy"),
    (Trigger::Movement, "movement", "Movement"),
    (Trigger::DoorOpen, "door-open", "Door open"),
    (Trigger::Enuresis, "enuresis", "Enuresis"),
    (Trigger::Medication, "medication", "Medication dispenser"),
    (Trigger::Flood, "flood", "Flood"),
    (Trigger::HighTemperature, "high-temperature", "High temperature"),
    (Trigger::LowTemperature, "low-temperature", "Low temperature"),
    (Trigger::TemperatureRise, "temperature-rise", "Temperature rising fast"),
    (Trigger::Environment, "environment", "Environment"),
    (Trigger::Mains, "mains", "Mains power"),
    (Trigger::Battery, "battery", "Battery"),
    (Trigger::PowerSupply, "power-supply", "Power supply"),
    (Trigger::TelephoneLine, "telephone-line", "Telephone line"),
    (Trigger::Radio, "radio", "Radio"),
    (Trigger::Communication, "communication", "Communication"),
    (Trigger::System, "system", "System"),
    (Trigger::ManualTest, "manual-test", "Manual test"),
    (Trigger::PeriodicTest, "periodic-test", "Periodic test"),
    (Trigger::UnderTest, "under-test", "System under test"),
    (Trigger::Service, "service", "Service visit"),
    (Trigger::HelpArrived, "help-arrived", "Help arrived"),
    (Trigger::Cancel, "cancel", "Cancel"),
    (Trigger::Opening, "opening", "Disarmed"),
    (Trigger::Closing, "closing", "Armed"),
    (Trigger::Bypass, "bypass", "Bypass"),
    (Trigger::Access, "access", "Door access"),
    (Trigger::Information, "information", "Information"),
    (Trigger::NoEvent, "no-event", "No event"),
    (Trigger::CallerIdentity, "caller-identity", "Caller number"),
    (Trigger::HardwareReceiver, "hardware-receiver", "Hardware receiver"),
    (Trigger::LinkLost, "link-lost", "Link to hardware receiver"),
    (Trigger::LineDown, "line-down", "Line"),
    (Trigger::LineNoise, "line-noise", "Line noise"),
    (Trigger::MissedTest, "missed-test", "Expected call"),
    (Trigger::Incident, "incident", "Incident"),
    (Trigger::Telephone, "telephone", "Telephone call"),
];

impl Trigger {
    /// Every trigger, in the order of the enum.
    pub fn all() -> impl Iterator<Item = Trigger> {
        TABLE.iter().map(|(trigger, _, _)| *trigger)
    }

    /// The name used in policy, code tables, storage and JSON.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The name in words, for a headline.
    pub fn words(self) -> &'static str {
        self.row().2
    }

    /// Whether a person, a hazard or something nobody could read raised it. A fact about the trigger, for
    /// choosing which of several events a sentence speaks of; how urgent it is, policy says.
    pub fn calls_for_help(self) -> bool {
        self <= Trigger::Lift
    }

    fn row(self) -> &'static (Trigger, &'static str, &'static str) {
        const NOT_LISTED: &(Trigger, &str, &str) = &(Trigger::Unknown, "unknown", "Unknown code");
        TABLE.iter().find(|(trigger, _, _)| *trigger == self).unwrap_or(NOT_LISTED)
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Trigger {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let row = TABLE.iter().find(|(_, slug, _)| *slug == name);
        row.map(|(trigger, _, _)| *trigger).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place in the enum; its last variant closes the range that the table must cover.
    fn position(trigger: Trigger) -> usize {
        trigger as usize
    }

    #[test]
    fn table_covers_every_variant_once_and_in_order() {
        let listed: Vec<_> = Trigger::all().map(position).collect();
        let last = position(Trigger::Telephone);
        assert_eq!(listed, (0..=last).collect::<Vec<_>>());
    }

    #[test]
    fn names_are_unique_and_parse_back() {
        for trigger in Trigger::all() {
            assert_eq!(trigger.as_str().parse(), Ok(trigger));
        }
        assert!("no-such-trigger".parse::<Trigger>().is_err());
    }

    #[test]
    fn only_the_first_block_calls_for_help() {
        for trigger in [Trigger::Pendant, Trigger::Unknown, Trigger::CarbonMonoxide, Trigger::Lift] {
            assert!(trigger.calls_for_help(), "{trigger}");
        }
        for trigger in [Trigger::Tamper, Trigger::PeriodicTest, Trigger::LinkLost, Trigger::HardwareReceiver] {
            assert!(!trigger.calls_for_help(), "{trigger}");
        }
    }
}
