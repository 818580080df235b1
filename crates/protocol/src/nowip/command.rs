//! Commands to a unit, and how their answers are read.
//!
//! ```text
//! type 2   0RRRR select   1RRRR list   200NN equipment   3N speech   7 speak   8 listen   9 clear   D clear down
//!          Cnnnn enter programming
//! type 8   4 00 PPP LLL value   set      5 00 PPP   read
//! ```
//! Those of type 2 are the commands in DTMF without `A` and `#` (B). Parameters have a length instead of a filling, and
//! no checksum.

use super::document::Kind;
use crate::bs8521::{self, Expects, read_equipment};

/// Characters of a parameter's value at most (B).
pub const VALUE_CHARACTERS_MAX: usize = 391;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// One that DTMF has, too.
    Unit(bs8521::Command),
    /// Programming.
    Program(Program),
}

/// Programming. It changes telephone numbers and codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// Begin, with the security code of four digits.
    Enter(String),
    /// Set a parameter, three digits, to a value.
    Set {
        /// Its number.
        parameter: String,
        /// Printable, at most [`VALUE_CHARACTERS_MAX`].
        value: String,
    },
    /// Read a parameter.
    Read(String),
    /// End.
    Leave,
}

/// What the unit answered, after it was read for the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Done,
    /// The record of an outstanding call.
    Record(bs8521::Answer),
    /// How many calls are outstanding.
    Outstanding(u8),
    /// A parameter's value; empty after "set".
    Value(String),
    /// The unit has no such thing.
    None,
}

impl Command {
    /// The document that carries it: its kind and data; none if a value does not fit.
    pub fn data(&self) -> Option<(Kind, String)> {
        match self {
            Command::Unit(command) => {
                let digits = command.digits();
                let data = digits.strip_prefix('A').unwrap_or(&digits);
                Some((Kind::Command, data.strip_suffix('#').unwrap_or(data).to_owned()))
            }
            Command::Program(Program::Enter(code)) => is_decimal(code, 4).then(|| (Kind::Command, format!("C{code}"))),
            Command::Program(Program::Set { parameter, value }) => {
                let fits = is_decimal(parameter, 3)
                    && (1..=VALUE_CHARACTERS_MAX).contains(&value.len())
                    && value.bytes().all(|byte| byte.is_ascii_graphic());
                fits.then(|| (Kind::Programming, format!("400{parameter}{:03}{value}", value.len())))
            }
            Command::Program(Program::Read(parameter)) => {
                is_decimal(parameter, 3).then(|| (Kind::Programming, format!("500{parameter}")))
            }
            Command::Program(Program::Leave) => Some((Kind::Command, "20032".to_owned())),
        }
    }

    /// Whether a document of this kind can answer it.
    pub fn is_answered_by(&self, kind: Kind) -> bool {
        match (self, kind) {
            (Command::Program(Program::Set { .. } | Program::Read(_)), Kind::Programmed)
            | (Command::Program(Program::Enter(_)), Kind::Acknowledgement | Kind::Response)
            | (Command::Program(Program::Leave), Kind::Response) => true,
            (Command::Unit(command), Kind::Acknowledgement) => {
                // A controller may confirm "select" without a record (B).
                command.expects() == Expects::Acknowledge || matches!(command, bs8521::Command::Select(_))
            }
            (Command::Unit(command), Kind::Response) => command.expects() != Expects::Acknowledge,
            _ => false,
        }
    }

    /// Reads an answer of a kind that can answer it; none if it is no answer to this.
    pub fn read(&self, kind: Kind, data: &str) -> Option<Answer> {
        if kind == Kind::Acknowledgement {
            return Some(Answer::Done);
        }
        match self {
            Command::Program(Program::Enter(_)) => Some(Answer::Done),
            Command::Program(Program::Set { parameter, .. } | Program::Read(parameter)) => {
                read_parameter(data, parameter)
            }
            Command::Program(Program::Leave) => switched(data),
            Command::Unit(command) => match command.expects() {
                Expects::Acknowledge => Some(Answer::Done),
                Expects::Record => bs8521::Answer::decode(data.as_bytes()).ok().map(Answer::Record),
                Expects::Outstanding => {
                    is_decimal(data, 2).then(|| data.parse().ok()).flatten().map(Answer::Outstanding)
                }
                Expects::Equipment => switched(data),
            },
        }
    }
}

/// What was switched: TT and NN, NN 00 if there is no such thing (vectors V10, V11).
fn switched(data: &str) -> Option<Answer> {
    read_equipment(data.as_bytes()).map(|code| if code == 0 { Answer::None } else { Answer::Done })
}

/// TT, PPP and the value; PPP 000 if there is no such parameter (vectors V13, V14).
fn read_parameter(data: &str, asked: &str) -> Option<Answer> {
    let (head, value) = data.split_at_checked(5)?;
    let parameter = head.get(2..)?;
    if !is_decimal(head, 5) {
        return None;
    }
    match parameter {
        "000" => Some(Answer::None),
        _ if parameter == asked => Some(Answer::Value(value.to_owned())),
        _ => None,
    }
}

fn is_decimal(digits: &str, width: usize) -> bool {
    digits.len() == width && digits.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tones::Digit;

    #[test]
    fn data_of_every_command() {
        let set = |parameter: &str, value: &str| {
            Command::Program(Program::Set { parameter: parameter.into(), value: value.into() })
        };
        for (command, kind, data) in [
            (Command::Unit(bs8521::Command::Select("0027".into())), Kind::Command, "00027"),
            (Command::Unit(bs8521::Command::List("0000".into())), Kind::Command, "10000"),
            (Command::Unit(bs8521::Command::Equipment(1)), Kind::Command, "20001"),
            (Command::Unit(bs8521::Command::Speech(Digit::Eight)), Kind::Command, "38"),
            (Command::Unit(bs8521::Command::Speak), Kind::Command, "7"),
            (Command::Unit(bs8521::Command::Listen), Kind::Command, "8"),
            (Command::Unit(bs8521::Command::Clear), Kind::Command, "9"),
            (Command::Unit(bs8521::Command::ClearDown), Kind::Command, "D"),
            (Command::Program(Program::Enter("1234".into())), Kind::Command, "C1234"),
            (Command::Program(Program::Leave), Kind::Command, "20032"),
            (set("018", "1234"), Kind::Programming, "4000180041234"),
            (Command::Program(Program::Read("018".into())), Kind::Programming, "500018"),
        ] {
            assert_eq!(command.data(), Some((kind, data.to_owned())));
        }
        assert_eq!(set("18", "1").data(), None);
        assert_eq!(set("018", "").data(), None);
        assert_eq!(set("018", &"1".repeat(VALUE_CHARACTERS_MAX + 1)).data(), None);
        assert_eq!(set("018", "1 2").data(), None);
        assert_eq!(Command::Program(Program::Enter("12".into())).data(), None);
    }

    #[test]
    fn answers_are_read_for_their_command() {
        let select = Command::Unit(bs8521::Command::Select("0027".into()));
        let clear = Command::Unit(bs8521::Command::Clear);
        let door = Command::Unit(bs8521::Command::Equipment(1));
        let read = Command::Program(Program::Read("018".into()));
        let record = bs8521::Answer::decode(b"002701011800").unwrap();
        for (command, data, answer) in [
            (&select, "002701011800", Some(Answer::Record(record))),
            (&select, "00270101180", None),
            (&clear, "03", Some(Answer::Outstanding(3))),
            (&clear, "99999", None),
            (&door, "0001", Some(Answer::Done)),
            (&door, "0000", Some(Answer::None)),
            (&door, "00", None),
        ] {
            assert!(command.is_answered_by(Kind::Response));
            assert_eq!(command.read(Kind::Response, data), answer, "{data}");
        }
        for (data, answer) in [
            ("000181234", Some(Answer::Value("1234".into()))),
            ("00018", Some(Answer::Value(String::new()))),
            ("00000", Some(Answer::None)),
            ("00019", None),
            ("0001", None),
            ("00é18", None),
        ] {
            assert_eq!(read.read(Kind::Programmed, data), answer, "{data}");
        }
        assert!(!read.is_answered_by(Kind::Response));
        assert!(select.is_answered_by(Kind::Acknowledgement), "possible");
        assert!(!clear.is_answered_by(Kind::Acknowledgement), "it owes a number");
    }
}
