//! A block as a value, its parity, and writing one.

use super::DATA_BYTES_MAX;

/// Bits of the header that are the length.
pub(super) const LENGTH: u8 = 0x3F;
/// The header bit by which an acknowledgement is requested.
pub(super) const ACKNOWLEDGE_REQUESTED: u8 = 0x40;
/// The header bit that enables the reverse channel.
pub(super) const REVERSE_CHANNEL: u8 = 0x80;
/// Bytes of a block besides its data: header, function, parity.
pub(super) const FRAME_BYTES: usize = 3;

/// One block: `header function data parity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Whether its sender waits for an acknowledgement.
    pub acknowledge: bool,
    /// Whether its sender listens for data in the acknowledgement, of which we send none.
    pub reverse_channel: bool,
    /// What kind of block it is: a letter, digit or sign; see [`Kind`].
    pub function: u8,
    /// As sent; at most [`DATA_BYTES_MAX`].
    pub data: Vec<u8>,
}

/// What a function makes of a block (A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `0`: the group is over.
    End,
    /// `1`: its sender needs time.
    Wait,
    /// `2`: its sender gives the group up.
    Abort,
    /// `6`, `7`, `8`: an acknowledgement. 08 is met for 8.
    Acknowledge,
    /// `9`: a rejection. 09 is met.
    Reject,
    /// `#`: the account of the blocks after it.
    Account,
    /// `A`: words about the event before it.
    Text,
    /// `N`, `O`, `E`, `L`: packets of the event grammar.
    Events,
    /// Configuration, control, origin, program, remote login, extended, video: known by name, not read.
    Other,
    /// In no list.
    Unknown,
}

impl Block {
    /// A block whose sender waits for its acknowledgement.
    pub fn new(function: char, data: &str) -> Block {
        let latin = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
        let data = data.chars().map(latin).take(DATA_BYTES_MAX).collect();
        Block { acknowledge: true, reverse_channel: false, function: latin(function), data }
    }

    /// What kind it is.
    pub fn kind(&self) -> Kind {
        Kind::of(self.function)
    }

    /// The data as text; bytes above 7F as ISO-8859-1.
    pub fn text(&self) -> String {
        self.data.iter().map(|byte| char::from(*byte)).collect()
    }
}

impl Kind {
    /// The kind of a function.
    pub fn of(function: u8) -> Kind {
        match function {
            b'0' => Kind::End,
            b'1' => Kind::Wait,
            b'2' => Kind::Abort,
            b'6' | b'7' | b'8' | 0x08 => Kind::Acknowledge,
            b'9' | 0x09 => Kind::Reject,
            b'#' => Kind::Account,
            b'A' => Kind::Text,
            b'N' | b'O' | b'E' | b'L' => Kind::Events,
            b'C' | b'P' | b'@' | b'?' | b'&' | b'X' | b'V' | b'v' | b'I' => Kind::Other,
            _ => Kind::Unknown,
        }
    }

    /// Its name among the control signs that become no report; none for what does.
    pub fn sign(self) -> Option<&'static str> {
        match self {
            Kind::End => Some("end-of-data"),
            Kind::Wait => Some("wait"),
            Kind::Abort => Some("abort"),
            Kind::Acknowledge => Some("acknowledge"),
            Kind::Reject => Some("reject"),
            Kind::Account => Some("account"),
            Kind::Text | Kind::Events | Kind::Other | Kind::Unknown => None,
        }
    }
}

/// Bytes of a whole block with this header.
pub(super) fn length(header: u8) -> usize {
    usize::from(header & LENGTH).saturating_add(FRAME_BYTES)
}

/// The parity of everything before it: FF exclusive or with each byte.
pub fn parity(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0xFF, |sum, byte| sum ^ byte)
}

/// The bytes of a block. Data beyond [`DATA_BYTES_MAX`] is left out.
pub fn encode(block: &Block) -> Vec<u8> {
    let data = block.data.get(..DATA_BYTES_MAX).unwrap_or(&block.data);
    let mut header = u8::try_from(data.len()).unwrap_or_default();
    header |= if block.acknowledge { ACKNOWLEDGE_REQUESTED } else { 0 };
    header |= if block.reverse_channel { REVERSE_CHANNEL } else { 0 };
    let mut bytes = vec![header, block.function];
    bytes.extend_from_slice(data);
    bytes.push(parity(&bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dc03::{ACKNOWLEDGE, REJECT};

    #[test]
    fn captured_blocks() {
        assert_eq!(encode(&Block::new('8', "")), ACKNOWLEDGE);
        assert_eq!(encode(&Block::new('9', "")), REJECT);
        assert_eq!(encode(&Block::new('N', "ti11:46/BV")), b"\x4ANti11:46/BV\xE5");
        assert_eq!(encode(&Block { acknowledge: false, ..Block::new('N', "MA003/YT") }), b"\x08NMA003/YT\xA4");
        assert_eq!(encode(&Block::new('A', &"x".repeat(90))).len(), DATA_BYTES_MAX + FRAME_BYTES);
    }
}
