//! A block as a value, and writing one.

use super::{ETX, RS, SOH, STX, US};

/// One block: `SOH header STX id US data RS id US data ... ETX BCC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// 1 call to pager, 2 status information, 3 status request, 4 call to subscriber line, 5 other.
    pub header: char,
    /// Its records, in the order sent; the order is free.
    pub records: Vec<Record>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is: 1 call address, 2 display message, 3 beep coding, 4 call type, 5 number of transmissions,
    /// 6 priority, 7 call status, 8 system status. A text: "01" is not "1" (B).
    pub id: String,
    /// Its data as sent. Bytes above 7F are ISO-8859-1 (B).
    pub data: String,
}

impl Block {
    /// A block of these records.
    pub fn new(header: char, records: &[(&str, &str)]) -> Block {
        let record = |(id, data): &(&str, &str)| Record { id: (*id).to_owned(), data: (*data).to_owned() };
        Block { header, records: records.iter().map(record).collect() }
    }

    /// The data of the first record of a kind.
    pub fn data(&self, id: &str) -> Option<&str> {
        self.records.iter().find(|record| record.id == id).map(|record| record.data.as_str())
    }
}

/// The check byte: exclusive or of the bytes after SOH up to and including ETX. It may take any value (A).
pub fn bcc(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

/// The bytes of a block. Fields are written as they are, a character beyond ISO-8859-1 as a question mark.
pub fn encode(block: &Block) -> Vec<u8> {
    let latin = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
    let mut bytes = vec![SOH, latin(block.header), STX];
    for (number, record) in block.records.iter().enumerate() {
        bytes.extend((number > 0).then_some(RS));
        bytes.extend(record.id.chars().map(latin));
        bytes.push(US);
        bytes.extend(record.data.chars().map(latin));
    }
    bytes.push(ETX);
    bytes.push(bcc(bytes.get(1..).unwrap_or_default()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_the_check_byte() {
        let block = Block::new('1', &[("1", "1"), ("2", "A")]);
        assert_eq!(encode(&block), b"\x011\x021\x1f1\x1e2\x1fA\x03\x5d");
        assert_eq!((block.data("2"), block.data("6")), (Some("A"), None));
    }
}
