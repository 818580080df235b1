//! Decoding one block: check byte first, then its records.

use std::time::{Duration, Instant};

use super::deframe::{Deframer, Sign};
use super::{Block, BlockError, ETX, RS, Record, SOH, STX, US, bcc};
use crate::Mode;

/// A block and the deviations that did not prevent reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What was read.
    pub block: Block,
    /// `MaskedBcc`: the sender keeps 7 bits of the check byte only (vector E16). `Blanks`: blanks around a record's
    /// identifier (E27). `NoSeparator`: a record without US (E25). `ControlCharacter`: a control character in a
    /// text.
    pub warnings: Vec<&'static str>,
}

/// What a stretch of bytes holds, for tools.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A block, read or not.
    Block(Result<Read, BlockError>),
    /// A sign on the line by its name: `enquiry`, `end`, `acknowledgement`, `refusal`.
    Sign(&'static str),
    /// Bytes outside both.
    Junk,
}

/// Reads one block, SOH and check byte included. In tolerant mode deviations that leave no doubt are warnings. A
/// check byte of 7 bits is one where nothing but the display message has bytes above 7F; whoever reads from a line
/// takes such a block only when it comes a second time, because one damaged bit looks the same.
pub fn read(frame: &[u8], mode: Mode) -> Result<Read, BlockError> {
    let Some((&received, sent)) = frame.split_last() else { return Err(BlockError::NoEnd) };
    let body = sent.strip_prefix(&[SOH]).ok_or(BlockError::BadLayout)?;
    let content = body.strip_suffix(&[ETX]).ok_or(BlockError::NoEnd)?;
    if let Some(index) = sent.iter().position(|byte| *byte == 0) {
        return Err(BlockError::IllegalCharacter { index });
    }
    let computed = bcc(body);
    if computed == received {
        return content_of(content, mode);
    }
    // Whatever else is wrong then, the damage is the reason.
    let damaged = BlockError::BadChecksum { computed, received };
    if mode == Mode::Strict || computed & 0x7F != received {
        return Err(damaged);
    }
    let mut found = content_of(content, mode).map_err(|_| damaged.clone())?;
    let plain = |record: &Record| record.id == "2" || record.data.is_ascii();
    let whole = |record: &Record| record.id.is_ascii() && !record.data.contains(char::from(US));
    if !found.block.records.iter().all(|record| plain(record) && whole(record)) {
        return Err(damaged);
    }
    found.warnings.insert(0, "MaskedBcc");
    Ok(found)
}

/// Header and records, from SOH to ETX.
fn content_of(content: &[u8], mode: Mode) -> Result<Read, BlockError> {
    let [header, STX, text @ ..] = content else { return Err(BlockError::BadLayout) };
    if !header.is_ascii_graphic() {
        return Err(BlockError::BadLayout);
    }
    let mut warnings = Vec::new();
    // A record separator before ETX is met: what stands behind it is no record (vector E08).
    let parts = text.split(|byte| *byte == RS).filter(|part| !part.is_empty());
    let records = parts.map(|part| record(part, mode, &mut warnings)).collect::<Result<_, _>>()?;
    if let Some(at) = text.iter().position(|byte| is_control(*byte)) {
        if mode == Mode::Strict {
            // Counted from SOH.
            return Err(BlockError::IllegalCharacter { index: at.saturating_add(3) });
        }
        warnings.push("ControlCharacter");
    }
    warnings.dedup();
    Ok(Read { block: Block { header: char::from(*header), records }, warnings })
}

fn record(part: &[u8], mode: Mode, warnings: &mut Vec<&'static str>) -> Result<Record, BlockError> {
    let text = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
    let at = part.iter().position(|byte| *byte == US);
    let (id, data) = match at.and_then(|at| part.split_at_checked(at)) {
        Some((id, [_, data @ ..])) => (text(id), text(data)),
        Some((id, [])) => (text(id), String::new()),
        None => {
            warnings.push("NoSeparator");
            (text(part), String::new())
        }
    };
    let trimmed = id.trim_matches(' ');
    if trimmed != id {
        warnings.push("Blanks");
    }
    if mode == Mode::Strict && (trimmed != id || at.is_none()) {
        return Err(BlockError::BadRecord { record: id });
    }
    Ok(Record { id: trimmed.to_owned(), data })
}

/// A byte that is neither a character nor one of the separators.
fn is_control(byte: u8) -> bool {
    !matches!(byte, RS | US) && matches!(byte, 0x00..=0x1F | 0x7F..=0x9F)
}

/// Every block and sign in some bytes, in order, with the bytes of each. A block without SOH is read as one: framing
/// at the beginning is optional. There is always at least one result.
pub fn decode_all(bytes: &[u8], mode: Mode) -> Vec<(Vec<u8>, Found)> {
    let bare = bytes.get(1) == Some(&STX);
    let bytes = if bare { [&[SOH], bytes].concat() } else { bytes.to_vec() };
    // Time stands still: no silence parts what was given in one piece.
    let now = Instant::now();
    let (mut deframer, mut found, mut held, mut junk) = (Deframer::without_times(), Vec::new(), Vec::new(), 0);
    for byte in bytes {
        held.push(byte);
        let sign = deframer.push(byte, now);
        junk = deframer.take_junk().saturating_add(junk);
        if let Some(sign) = sign {
            found.extend(name(sign, std::mem::take(&mut held), junk > 0, mode));
            junk = 0;
        }
    }
    let far = now.checked_add(Duration::from_secs(1)).unwrap_or(now);
    if let Some(sign) = deframer.expire(Duration::ZERO, far) {
        found.extend(name(sign, std::mem::take(&mut held), junk > 0, mode));
    }
    if !held.is_empty() || found.is_empty() {
        found.push((held, Found::Junk));
    }
    found
}

/// What a sign and the bytes before it are. A sign right behind bytes that are nothing is none to be sure of.
fn name(sign: Sign, mut held: Vec<u8>, junk: bool, mode: Mode) -> Vec<(Vec<u8>, Found)> {
    let what = match sign {
        Sign::Block(chunk) => {
            let before = held.drain(..held.len().saturating_sub(chunk.bytes.len())).collect::<Vec<u8>>();
            let block = (held, Found::Block(read(&chunk.bytes, mode)));
            let before = (!before.is_empty()).then_some((before, Found::Junk));
            return before.into_iter().chain([block]).collect();
        }
        Sign::Broken(_, error) => Found::Block(Err(error)),
        _ if junk => Found::Junk,
        Sign::Enquiry { .. } => Found::Sign("enquiry"),
        Sign::End => Found::Sign("end"),
        Sign::Positive => Found::Sign("acknowledgement"),
        Sign::Negative(_) => Found::Sign("refusal"),
    };
    vec![(held, what)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::espa::encode;

    const HELP: &[u8] = b"\x011\x021\x1f7\x1e2\x1fHELP\x1e\x03\x15";

    #[test]
    fn what_stands_between_blocks_is_told_too() {
        let all = decode_all(&[b"1\x052\x05", HELP, b"\x04abc"].concat(), Mode::Strict);
        let what: Vec<&Found> = all.iter().map(|(_, found)| found).collect();
        assert!(matches!(
            what[..],
            [Found::Sign("enquiry"), Found::Sign("enquiry"), Found::Block(Ok(_)), Found::Sign("end"), Found::Junk]
        ));
        assert_eq!(all[2].0, HELP);
        assert!(matches!(decode_all(b"", Mode::Strict)[..], [(_, Found::Junk)]));
        assert!(matches!(decode_all(&HELP[1..], Mode::Strict)[..], [(_, Found::Block(Ok(_)))]));
        assert!(matches!(decode_all(&HELP[..9], Mode::Strict)[..], [(_, Found::Block(Err(BlockError::NoEnd)))]));
    }

    /// An eighth bit that was damaged on its way would look like a sender that keeps seven bits of the check byte.
    #[test]
    fn a_check_byte_of_seven_bits_is_believed_of_texts_alone() {
        let masked = |block: &[u8]| -> Vec<u8> {
            let check = bcc(&block[1..]) & 0x7F;
            [block, &[check]].concat()
        };
        let found = read(&masked(b"\x011\x021\x1f12\x1e2\x1fK\xfcche\x03"), Mode::Tolerant).unwrap();
        assert_eq!(found.warnings, ["MaskedBcc"]);
        for damaged in [
            &b"\x011\x021\x1f1\xb2\x1e2\x1fFLAT\x03"[..],
            b"\x011\x021\x1f12\x1e\xb2\x1fFLAT\x03",
            b"\x011\x021\x1f12\x9e2\x1fFLAT\x03",
            b"\x011\x021\x1f12\x1e2\x1fFLAT\x9e6\x1f1\x03",
            b"\xb11\x021\x1f12\x1e2\x1fFLAT\x03",
        ] {
            assert!(read(&masked(damaged), Mode::Tolerant).is_err(), "{damaged:?}");
        }
        let even = masked(b"\x011\x021\x1f12\x1e2\x1fK\xfcche\x03");
        assert!(matches!(read(&even, Mode::Strict), Err(BlockError::BadChecksum { .. })));
    }

    fn block() -> impl Strategy<Value = Block> {
        let record = ("[0-9A-Za-z]{1,3}", "[ -~\u{a0}-\u{ff}]{0,40}").prop_map(|(id, data)| Record { id, data });
        ("[!-~]", proptest::collection::vec(record, 0..7))
            .prop_map(|(header, records)| Block { header: header.chars().next().unwrap(), records })
    }

    proptest! {
        #[test]
        fn any_block_comes_back(block in block()) {
            for mode in [Mode::Strict, Mode::Tolerant] {
                let found = read(&encode(&block), mode).unwrap();
                prop_assert_eq!((&found.block, &found.warnings[..]), (&block, &[][..]));
            }
        }

        /// One damaged bit is always noticed, but for the check byte that keeps seven bits.
        #[test]
        fn one_damaged_bit_is_noticed(block in block(), byte in 0usize..200, bit in 0u32..8) {
            let mut bytes = encode(&block);
            let byte = byte % bytes.len();
            bytes[byte] ^= 1 << bit;
            match read(&bytes, Mode::Tolerant) {
                Ok(found) => prop_assert!(found.warnings.contains(&"MaskedBcc")),
                Err(error) => prop_assert!(error.is_damage() || byte == 0),
            }
            prop_assert!(read(&bytes, Mode::Strict).is_err());
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for mode in [Mode::Strict, Mode::Tolerant] {
                let _ = read(&bytes, mode);
                prop_assert!(!decode_all(&bytes, mode).is_empty());
            }
        }
    }
}
