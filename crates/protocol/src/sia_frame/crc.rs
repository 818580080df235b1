//! The checksum: CRC-16/ARC, polynomial 8005 reflected, from 0, not inverted (A).

use crc::{CRC_16_ARC, Crc};

const ARC: Crc<u16> = Crc::<u16>::new(&CRC_16_ARC);

/// The CRC over the body of a frame: from the first quote to the byte before CR.
pub fn crc(body: &[u8]) -> u16 {
    ARC.checksum(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values() {
        for (body, expected) in [
            (&b"123456789"[..], 0xBB3D),
            (b"A", 0x30C0),
            (b"\"", 0x1980),
            (b"\"SIA-DCS\"0001R1L1[#1234|NMA003]", 0x338D),
        ] {
            assert_eq!(crc(body), expected, "{body:?}");
        }
    }
}
