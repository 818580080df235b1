//! Reading one block, and all in some bytes that were kept without their times.

use super::block::{ACKNOWLEDGE_REQUESTED, FRAME_BYTES, REVERSE_CHANNEL, length, parity};
use super::{Block, BlockError};

/// What some bytes are.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A block, or why there is none.
    Block(Result<Block, BlockError>),
    /// Nothing at all.
    Nothing,
}

/// Reads the bytes of one block, neither more nor less.
pub fn read(bytes: &[u8]) -> Result<Block, BlockError> {
    let (Some(header), Some(function)) = (bytes.first().copied(), bytes.get(1).copied()) else {
        return Err(BlockError::NoEnd);
    };
    let (end, whole) = (bytes.len().saturating_sub(1), length(header));
    if bytes.len() < whole {
        return Err(BlockError::NoEnd);
    }
    if bytes.len() > whole {
        return Err(BlockError::Overrun);
    }
    let (before, received) = bytes.split_at_checked(end).ok_or(BlockError::NoEnd)?;
    let (computed, received) = (parity(before), received.first().copied().unwrap_or_default());
    if computed != received {
        return Err(BlockError::BadParity { computed, received });
    }
    Ok(Block {
        acknowledge: header & ACKNOWLEDGE_REQUESTED != 0,
        reverse_channel: header & REVERSE_CHANNEL != 0,
        function,
        data: before.get(2..).unwrap_or_default().to_vec(),
    })
}

/// The bytes of the first block by its own length, and what follows it; none where it is not whole.
pub fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let whole = length(*bytes.first()?);
    bytes.split_at_checked(whole)
}

/// Every block in the bytes, cut by their own lengths; a rest that is no whole block is an error. At least one result.
pub fn decode_all(bytes: &[u8]) -> Vec<(Vec<u8>, Found)> {
    let (mut all, mut rest) = (Vec::new(), bytes);
    while let Some((block, tail)) = split(rest) {
        all.push((block.to_vec(), Found::Block(read(block))));
        rest = tail;
    }
    if all.is_empty() && rest.is_empty() {
        return vec![(Vec::new(), Found::Nothing)];
    }
    if !rest.is_empty() {
        all.push((rest.to_vec(), Found::Block(Err(BlockError::NoEnd))));
    }
    all
}

/// Whether broken bytes are a damaged block rather than noise: with a function that there is, or mostly text.
pub(super) fn is_like_a_block(bytes: &[u8]) -> bool {
    let Some((function, data)) = bytes.get(1..).and_then(<[u8]>::split_first) else { return false };
    let text = data.iter().filter(|byte| matches!(byte, b' '..=b'~')).count();
    let known = super::Kind::of(*function) != super::Kind::Unknown;
    bytes.len() >= FRAME_BYTES && (known || text.saturating_mul(4) >= data.len().saturating_mul(3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dc03::encode;

    proptest! {
        #[test]
        fn a_block_comes_back(acknowledge: bool, reverse_channel: bool, function: u8,
                              data in proptest::collection::vec(any::<u8>(), 0..64)) {
            let block = Block { acknowledge, reverse_channel, function, data };
            let bytes = encode(&block);
            prop_assert_eq!(read(&bytes), Ok(block));
            prop_assert!(read(&bytes[1..]).is_err() || bytes.len() > 3);
        }

        #[test]
        fn no_single_bit_is_wrong_unseen(data in "[ -~]{0,63}", at in 0usize..66, bit in 0u32..8) {
            let mut bytes = encode(&Block::new('N', &data));
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(read(&bytes).is_err());
            // Nor is a part of it a block, where the length is what is damaged.
            let whole = split(&bytes).map(|(block, _)| read(block));
            prop_assert!(at != 0 || bit > 5 || whole.is_none_or(|read| read.is_err()));
        }
    }
}
