//! Why a message cannot be read.

use crate::dc03::BlockError;
use crate::{Fault, contact_id};

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum MessageError {
    /// It broke off.
    NoEnd,
    /// It begins like no message.
    UnknownMessage,
    /// It begins like one and is not as long or not made as such.
    BadLayout,
    /// More bytes than any message has.
    TooLong,
    /// More accounts than are answered together.
    TooManyAccounts,
    /// A block in it is damaged.
    Block(BlockError),
    /// Its Contact ID digits are wrong.
    ContactId(contact_id::FrameError),
}

impl MessageError {
    /// The names, for metrics that start at zero.
    pub const NAMES: [&'static str; 9] = [
        "NoEnd",
        "UnknownMessage",
        "BadLayout",
        "TooLong",
        "TooManyAccounts",
        "BadParity",
        "BadChecksum",
        "IllegalDigit",
        "UnknownType",
    ];

    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            MessageError::NoEnd => "NoEnd",
            MessageError::UnknownMessage => "UnknownMessage",
            MessageError::BadLayout => "BadLayout",
            MessageError::TooLong => "TooLong",
            MessageError::TooManyAccounts => "TooManyAccounts",
            MessageError::Block(error) => error.name(),
            MessageError::ContactId(error) => match error.name() {
                // Sixteen digits of a type that has another number of them.
                "TooShort" | "TooLong" => "BadLayout",
                name => name,
            },
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            MessageError::NoEnd => "the message has no end",
            MessageError::UnknownMessage => "no message begins like that",
            MessageError::BadLayout => "the message is not made like its kind",
            MessageError::TooLong => "the message is longer than any",
            MessageError::TooManyAccounts => "the message speaks of too many accounts",
            MessageError::Block(error) => error.reason(),
            MessageError::ContactId(_) => "the Contact ID digits are wrong",
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let fields = match self {
            MessageError::Block(error) => error.fault().fields,
            MessageError::ContactId(error) => error.fault().fields,
            MessageError::NoEnd
            | MessageError::UnknownMessage
            | MessageError::BadLayout
            | MessageError::TooLong
            | MessageError::TooManyAccounts => Vec::new(),
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
