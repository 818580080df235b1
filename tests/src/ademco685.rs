//! Ademco 685 lines, written from the published manuals as [`crate::surgard`] is: LF before, CR after.

/// A Contact ID line: header, account, `18`, qualifier and code, group, contact.
pub fn contact_id(header: &str, account: &str, event: &str, contact: u32) -> String {
    format!("{header} {account} 18 {event} 01 C{contact:03}")
}

/// A link check.
pub fn link_check(header: &str) -> String {
    format!("{header} OKAY @")
}

/// A line as bytes.
pub fn frame(line: &str) -> Vec<u8> {
    format!("\n{line}\r").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_printed_in_the_manuals() {
        assert_eq!(frame(&contact_id("11", "4321", "E101", 1)), b"\n11 4321 18 E101 01 C001\r");
        assert_eq!(frame(&link_check("00")), b"\n00 OKAY @\r");
    }
}
