//! Why a block cannot be read.

use crate::{Fault, Value};

/// What is wrong with a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub enum BlockError {
    /// It broke off: a pause, or the next thing before ETX and check byte.
    NoEnd,
    /// More bytes than any block has.
    TooLong,
    /// The check byte is another than the bytes give.
    BadChecksum {
        /// What they give.
        computed: u8,
        /// What came.
        received: u8,
    },
    /// A character that the port found damaged (vector T12), or in strict mode one that no text has.
    IllegalCharacter {
        /// Its place in the block.
        index: usize,
    },
    /// No header of one character before STX.
    BadLayout,
    /// A header that no table has (vector E19).
    UnknownHeader {
        /// The header.
        header: char,
    },
    /// A record missing, too long, of an unknown kind or value; in strict mode only.
    BadRecord {
        /// Its identifier as sent.
        record: String,
    },
}

impl BlockError {
    /// The names, for metrics that start at zero.
    pub const NAMES: [&'static str; 7] =
        ["NoEnd", "TooLong", "BadChecksum", "IllegalCharacter", "BadLayout", "UnknownHeader", "BadRecord"];

    /// The fixed name, for vectors and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            BlockError::NoEnd => "NoEnd",
            BlockError::TooLong => "TooLong",
            BlockError::BadChecksum { .. } => "BadChecksum",
            BlockError::IllegalCharacter { .. } => "IllegalCharacter",
            BlockError::BadLayout => "BadLayout",
            BlockError::UnknownHeader { .. } => "UnknownHeader",
            BlockError::BadRecord { .. } => "BadRecord",
        }
    }

    /// A fixed sentence, for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            BlockError::NoEnd => "the block has no end",
            BlockError::TooLong => "the block is longer than any",
            BlockError::BadChecksum { .. } => "the check byte does not match",
            BlockError::IllegalCharacter { .. } => "a character is damaged or belongs to no text",
            BlockError::BadLayout => "the block has no header",
            BlockError::UnknownHeader { .. } => "the header is in no table",
            BlockError::BadRecord { .. } => "a record is missing, too long or of no known kind or value",
        }
    }

    /// Whether the same block, sent again, could be read: it was damaged on its way.
    pub fn is_damage(&self) -> bool {
        match self {
            BlockError::NoEnd
            | BlockError::TooLong
            | BlockError::BadChecksum { .. }
            | BlockError::IllegalCharacter { .. } => true,
            BlockError::BadLayout | BlockError::UnknownHeader { .. } | BlockError::BadRecord { .. } => false,
        }
    }

    /// The error as a report carries it.
    pub fn fault(&self) -> Fault {
        let text = |name: &str, text: String| (name.to_owned(), Value::Text(text));
        let fields = match self {
            BlockError::NoEnd | BlockError::TooLong | BlockError::BadLayout => Vec::new(),
            BlockError::BadChecksum { computed, received } => {
                vec![text("computed", format!("{computed:02X}")), text("received", format!("{received:02X}"))]
            }
            BlockError::IllegalCharacter { index } => {
                vec![("index".to_owned(), Value::Number(i64::try_from(*index).unwrap_or(i64::MAX)))]
            }
            BlockError::UnknownHeader { header } => vec![text("header", header.to_string())],
            BlockError::BadRecord { record } => vec![text("record", record.clone())],
        };
        Fault { name: self.name().to_owned(), fields }
    }
}
