//! Blocks of ESPA 4.4.4 and of SIA DC-03.

use super::{Decoded, Mode};
use crate::{Codes, Fault, dc03, espa};

pub(super) fn espa(bytes: &[u8], mode: Mode, codes: &Codes) -> Vec<Decoded> {
    espa::decode_all(bytes, mode).into_iter().map(|(raw, found)| espa_sign(raw, found, mode, codes)).collect()
}

/// A block, or a sign between blocks. What a line's own table of texts makes of it, its session knows.
fn espa_sign(input: Vec<u8>, found: espa::Found, mode: Mode, codes: &Codes) -> Decoded {
    let read = match found {
        espa::Found::Sign(name) => return Decoded::control(input, name),
        espa::Found::Junk => Err(Fault { name: "NoBlock".to_owned(), fields: Vec::new() }),
        espa::Found::Block(read) => read
            .and_then(|read| espa::report(&read, codes, &espa::Texts::default(), mode))
            .map_err(|error| error.fault()),
    };
    Decoded::read(input, read)
}

/// Blocks one after the other: an account holds for those after it, up to the end of its group.
pub(super) fn dc03(bytes: &[u8], mode: Mode, codes: &Codes) -> Vec<Decoded> {
    let mut account = None;
    let mut one = |(input, found): (Vec<u8>, dc03::Found)| {
        let block = match found {
            dc03::Found::Nothing => {
                return Decoded::error(input, Fault { name: "NoBlock".to_owned(), fields: Vec::new() });
            }
            dc03::Found::Block(Err(error)) => return Decoded::error(input, error.fault()),
            dc03::Found::Block(Ok(block)) => block,
        };
        match block.kind() {
            dc03::Kind::Account => account = dc03::account(&block),
            dc03::Kind::End | dc03::Kind::Abort => account = None,
            _ => {}
        }
        let report = dc03::report(&block, account.as_deref(), mode, codes);
        match (report, block.kind().sign()) {
            (Ok(Some(report)), _) => Decoded::report(input, report),
            (Ok(None), sign) => Decoded::control(input, sign.unwrap_or("block")),
            (Err(error), _) => Decoded::error(input, error.fault()),
        }
    };
    dc03::decode_all(bytes).into_iter().map(&mut one).collect()
}
