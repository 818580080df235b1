//! Cutting a string of digits into groups, which stand between white space.

use super::{FrameError, Group};
use crate::contact_id::letters;

/// One group and what it held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The digits as they came.
    pub raw: Vec<u8>,
    /// The group, or why there is none.
    pub group: Result<Group, FrameError>,
}

/// Reads every group; at least one result, also for no digits at all. That a call takes two equal copies for one
/// message is the call's business.
pub fn decode_all(digits: &[u8]) -> Vec<Read> {
    let groups = digits.split(u8::is_ascii_whitespace).filter(|group| !group.is_empty());
    let mut reads: Vec<Read> = groups.map(read).collect();
    if reads.is_empty() {
        reads.push(read(&[]));
    }
    reads
}

/// An account that is not decimal may be written in keys; what has a `*` or a `#` is.
fn read(digits: &[u8]) -> Read {
    let is_keys = digits.iter().any(|digit| matches!(digit, b'*' | b'#'));
    let group = if is_keys { Group::decode(&letters(digits)) } else { Group::decode(digits) };
    Read { raw: digits.to_vec(), group }
}
