//! Which commands a call can be given, and each command in words.

use std::fmt::Write;

use telecare_protocol::call::{Control, Operator, Volume};

/// A kind of operator command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    /// Speak to the unit.
    Speak,
    /// Listen to the unit.
    Listen,
    /// Both at once.
    Duplex,
    /// One at a time.
    Simplex,
    /// Another loudness.
    Volume,
    /// End the speech with this unit.
    Clear,
    /// End the call in the unit's own way.
    ClearDown,
    /// Release the line at once.
    HangUp,
    /// Go to the oldest outstanding call of a scheme.
    Next,
    /// Open the path to a unit of a scheme.
    Select,
    /// Door release.
    Door,
    /// The key safe.
    KeySafe,
    /// Every door.
    UnlockAll,
    /// A relay on or off.
    Relay,
    /// A code of the protocol's own.
    Code,
}

impl Command {
    /// Whether it switches something at the unit's end.
    pub fn is_control(self) -> bool {
        matches!(self, Command::Door | Command::KeySafe | Command::UnlockAll | Command::Relay | Command::Code)
    }

    /// Every kind.
    pub const ALL: [Command; 15] = [
        Command::Speak,
        Command::Listen,
        Command::Duplex,
        Command::Simplex,
        Command::Volume,
        Command::Clear,
        Command::ClearDown,
        Command::HangUp,
        Command::Next,
        Command::Select,
        Command::Door,
        Command::KeySafe,
        Command::UnlockAll,
        Command::Relay,
        Command::Code,
    ];

    /// The kind of a command.
    pub fn of(wanted: &Operator) -> Command {
        match wanted {
            Operator::Speak => Command::Speak,
            Operator::Listen => Command::Listen,
            Operator::Duplex => Command::Duplex,
            Operator::Simplex => Command::Simplex,
            Operator::Volume(_) => Command::Volume,
            Operator::Clear => Command::Clear,
            Operator::ClearDown => Command::ClearDown,
            Operator::HangUp => Command::HangUp,
            Operator::Next => Command::Next,
            Operator::Select(_) => Command::Select,
            Operator::Control(Control::Door(_)) => Command::Door,
            Operator::Control(Control::KeySafe) => Command::KeySafe,
            Operator::Control(Control::UnlockAll) => Command::UnlockAll,
            Operator::Control(Control::Relay(..)) => Command::Relay,
            Operator::Control(Control::Code(_)) => Command::Code,
        }
    }

    /// The name used in JSON, metrics and the log of an alarm.
    pub fn as_str(self) -> &'static str {
        match self {
            Command::Speak => "speak",
            Command::Listen => "listen",
            Command::Duplex => "duplex",
            Command::Simplex => "simplex",
            Command::Volume => "volume",
            Command::Clear => "clear",
            Command::ClearDown => "clear-down",
            Command::HangUp => "hang-up",
            Command::Next => "next",
            Command::Select => "select",
            Command::Door => "door",
            Command::KeySafe => "key-safe",
            Command::UnlockAll => "unlock-all",
            Command::Relay => "relay",
            Command::Code => "code",
        }
    }
}

/// A command with its arguments, as the log of an alarm and JSON have it: "door-1", "relay-2-on", "select 0027".
pub fn words(wanted: &Operator) -> String {
    let mut words = Command::of(wanted).as_str().to_owned();
    let argument: &dyn std::fmt::Display = match wanted {
        Operator::Volume(Volume::Up) => &"up",
        Operator::Volume(Volume::Down) => &"down",
        Operator::Volume(Volume::Quiet) => &"quiet",
        Operator::Volume(Volume::Normal) => &"normal",
        Operator::Volume(Volume::Loud) => &"loud",
        Operator::Select(unit) => {
            // Writing to a string does not fail.
            let _ = write!(words, " {unit}");
            return words;
        }
        Operator::Control(Control::Door(number) | Control::Code(number)) => number,
        Operator::Control(Control::Relay(number, on)) => &format!("{number}-{}", if *on { "on" } else { "off" }),
        Operator::Speak
        | Operator::Listen
        | Operator::Duplex
        | Operator::Simplex
        | Operator::Clear
        | Operator::ClearDown
        | Operator::HangUp
        | Operator::Next
        | Operator::Control(Control::KeySafe | Control::UnlockAll) => return words,
    };
    let _ = write!(words, "-{argument}");
    words
}

/// A set of commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Supports(u16);

impl Supports {
    /// None at all.
    pub const NONE: Supports = Supports(0);

    /// These.
    pub fn of(commands: &[Command]) -> Supports {
        Supports(commands.iter().fold(0, |bits, command| bits | Supports::bit(*command)))
    }

    /// Whether it has one.
    pub fn has(self, command: Command) -> bool {
        self.0 & Supports::bit(command) != 0
    }

    /// Those it has.
    pub fn iter(self) -> impl Iterator<Item = Command> {
        Command::ALL.into_iter().filter(move |command| self.has(*command))
    }

    fn bit(command: Command) -> u16 {
        Command::ALL.iter().position(|known| *known == command).map_or(0, |place| 1 << place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_it_was_made_of() {
        assert_eq!(Supports::NONE.iter().count(), 0);
        for command in Command::ALL {
            assert_eq!(Supports::of(&[command]).iter().collect::<Vec<_>>(), [command]);
        }
        let all = Supports::of(&Command::ALL);
        assert_eq!(all.iter().collect::<Vec<_>>(), Command::ALL);
    }

    #[test]
    fn a_command_is_said_with_its_arguments() {
        let table = [
            (Operator::Speak, "speak"),
            (Operator::Volume(Volume::Up), "volume-up"),
            (Operator::Select("0027".to_owned()), "select 0027"),
            (Operator::Control(Control::Door(1)), "door-1"),
            (Operator::Control(Control::Relay(2, false)), "relay-2-off"),
            (Operator::Control(Control::UnlockAll), "unlock-all"),
        ];
        for (wanted, expected) in table {
            assert_eq!(words(&wanted), expected);
        }
    }
}
