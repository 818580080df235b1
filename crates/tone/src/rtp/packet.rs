//! One packet (RFC 3550, clause 5.1; A).

/// What of a packet counts here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Rises by one with each packet, and goes round.
    pub sequence: u16,
    /// In samples; goes round.
    pub timestamp: u32,
    /// Who sends.
    pub source: u32,
    /// What it carries.
    pub payload: &'a [u8],
}

/// Why bytes are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Fewer bytes than its head says.
    #[error("the packet is cut off")]
    TooShort,
    /// Another version than 2.
    #[error("RTP version {0}")]
    Version(u8),
    /// More padding than there is payload.
    #[error("the padding is longer than the payload")]
    Padding,
}

impl<'a> Packet<'a> {
    /// Reads the bytes of one datagram.
    pub fn read(bytes: &'a [u8]) -> Result<Packet<'a>, PacketError> {
        let (head, rest) = bytes.split_first_chunk::<12>().ok_or(PacketError::TooShort)?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *head;
        if first >> 6 != 2 {
            return Err(PacketError::Version(first >> 6));
        }
        let contributors = usize::from(first & 15) * 4;
        let mut payload = rest.get(contributors..).ok_or(PacketError::TooShort)?;
        if first & 0x10 != 0 {
            let (extension, rest) = payload.split_first_chunk::<4>().ok_or(PacketError::TooShort)?;
            let words = usize::from(u16::from_be_bytes([extension[2], extension[3]]));
            payload = rest.get(words * 4..).ok_or(PacketError::TooShort)?;
        }
        if first & 0x20 != 0 {
            let padding = usize::from(payload.last().copied().ok_or(PacketError::Padding)?);
            let length = payload.len().checked_sub(padding).filter(|_| padding > 0).ok_or(PacketError::Padding)?;
            payload = payload.get(..length).unwrap_or_default();
        }
        Ok(Packet {
            payload_type: second & 0x7F,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            source: u32::from_be_bytes([c0, c1, c2, c3]),
            payload,
        })
    }

    /// The bytes of a packet with nothing optional.
    pub fn write(&self, marker: bool) -> Vec<u8> {
        let mut bytes = vec![0x80, self.payload_type & 0x7F | if marker { 0x80 } else { 0 }];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.source.to_be_bytes());
        bytes.extend(self.payload);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_with_and_without_options() {
        let packet = Packet { payload_type: 8, sequence: 65_535, timestamp: 1 << 31, source: 7, payload: b"abcd" };
        let bytes = packet.write(true);
        assert_eq!(Packet::read(&bytes), Ok(packet));
        let mut full = bytes.clone();
        full[0] |= 0x31;
        full.splice(12..12, [1, 1, 1, 1, 0, 0, 0, 1, 9, 9, 9, 9]);
        full.extend([0, 0, 3]);
        assert_eq!(Packet::read(&full), Ok(packet));
        for length in 0..12 {
            assert_eq!(Packet::read(&bytes[..length]), Err(PacketError::TooShort));
        }
        full.truncate(20);
        assert_eq!(Packet::read(&full), Err(PacketError::TooShort));
        assert_eq!(Packet::read(&[0; 12]), Err(PacketError::Version(0)));
        assert_eq!(Packet::read(&[&[0xA0][..], &[0; 11]].concat()), Err(PacketError::Padding));
    }
}
