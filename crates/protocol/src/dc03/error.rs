//! Why a block cannot be read.

use crate::{Fault, Value};

/// What is wrong with a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum BlockError {
    /// It broke off before the length that it says.
    NoEnd,
    /// It goes on although its sender asked for an acknowledgement: its length is another.
    Overrun,
    /// Its parity is another than its bytes give.
    BadParity {
        /// What they give.
        computed: u8,
        /// What came.
        received: u8,
    },
    /// A function that no list has; in strict mode only.
    UnknownFunction {
        /// The function.
        function: u8,
    },
    /// Data that is not of the event grammar; in strict mode only.
    BadData,
}

impl BlockError {
    /// The names of those that a line meets, for metrics that start at zero.
    pub const NAMES: [&'static str; 3] = ["NoEnd", "Overrun", "BadParity"];

    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            BlockError::NoEnd => "NoEnd",
            BlockError::Overrun => "Overrun",
            BlockError::BadParity { .. } => "BadParity",
            BlockError::UnknownFunction { .. } => "UnknownFunction",
            BlockError::BadData => "BadData",
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            BlockError::NoEnd => "the block is shorter than its length says",
            BlockError::Overrun => "the block is longer than its length says",
            BlockError::BadParity { .. } => "the parity does not match",
            BlockError::UnknownFunction { .. } => "the function is in no list",
            BlockError::BadData => "the data is not of the event grammar",
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let hex = |name: &str, byte: u8| (name.to_owned(), Value::Text(format!("{byte:02X}")));
        let fields = match self {
            BlockError::NoEnd | BlockError::Overrun | BlockError::BadData => Vec::new(),
            BlockError::BadParity { computed, received } => {
                vec![hex("computed", *computed), hex("received", *received)]
            }
            BlockError::UnknownFunction { function } => vec![hex("function", *function)],
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
