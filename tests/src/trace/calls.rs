//! Reading strace's output: calls with their beginning and end, also when another thread came between.

use std::collections::HashMap;

/// One system call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Line of the trace at which it began.
    pub begin: usize,
    /// Line of the trace at which it ended.
    pub end: usize,
    name: String,
    /// Everything between the brackets and the result.
    text: String,
}

/// A beginning or an end, in the order of the trace.
#[derive(Clone, Copy, Debug)]
pub enum Moment<'a> {
    /// It begins.
    Begin(&'a Call),
    /// It ends.
    End(&'a Call),
}

impl Call {
    /// Whether it reads from its descriptor.
    pub fn is_read(&self) -> bool {
        matches!(self.name.as_str(), "read" | "readv" | "recvfrom" | "recvmsg")
    }

    /// Whether it writes to its descriptor.
    pub fn is_write(&self) -> bool {
        matches!(self.name.as_str(), "write" | "writev" | "sendto" | "sendmsg" | "pwrite64" | "pwritev")
    }

    /// Whether it syncs its descriptor.
    pub fn is_sync(&self) -> bool {
        matches!(self.name.as_str(), "fsync" | "fdatasync")
    }

    /// Whether it ended without an error.
    pub fn succeeded(&self) -> bool {
        let result = self.text.rsplit_once(" = ").map(|(_, result)| result);
        result.is_some_and(|result| result.trim_start().starts_with(|c: char| c.is_ascii_digit()))
    }

    /// The first argument: number and name of the descriptor.
    pub fn descriptor(&self) -> &str {
        let end = self.text.find([',', ')', ' ']).unwrap_or(self.text.len());
        // A terminal's name holds a space: `9</dev/pts/3<char 136:3>>`.
        let end = match self.text.get(..end) {
            Some(start) if start.ends_with("<char") => self.text.find(">>").map_or(end, |at| at + 2),
            _ => end,
        };
        &self.text[..end]
    }

    /// The bytes of every string among its arguments, one after the other.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = self.text.as_bytes().iter().copied().peekable();
        let mut inside = false;
        while let Some(byte) = rest.next() {
            match (inside, byte) {
                (false, b'"') => inside = true,
                (false, _) => {}
                (true, b'"') => inside = false,
                (true, b'\\') => bytes.push(escaped(&mut rest)),
                (true, byte) => bytes.push(byte),
            }
        }
        bytes
    }
}

/// Reads a trace made with `-f`: each line begins with a process id.
pub fn parse(trace: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut unfinished: HashMap<&str, usize> = HashMap::new();
    for (number, line) in trace.lines().enumerate() {
        let Some((pid, text)) = line.split_once(' ') else { continue };
        let text = text.trim_start();
        if let Some(resumed) = text.strip_prefix("<... ") {
            let Some(call) = unfinished.remove(pid).and_then(|at| calls.get_mut(at)) else { continue };
            let Some((_, rest)) = resumed.split_once(" resumed>") else { continue };
            call.text.push_str(rest);
            call.end = number;
        } else if let Some((name, rest)) = text.split_once('(') {
            let begun = rest.strip_suffix("<unfinished ...>");
            // A call that never ends keeps an end after everything.
            let end = if begun.is_some() { usize::MAX } else { number };
            if begun.is_some() {
                unfinished.insert(pid, calls.len());
            }
            calls.push(Call { begin: number, end, name: name.to_owned(), text: begun.unwrap_or(rest).to_owned() });
        }
    }
    calls
}

/// Beginnings and ends in the order in which they happened.
pub fn moments(calls: &[Call]) -> Vec<Moment<'_>> {
    let mut moments: Vec<(usize, bool, Moment<'_>)> = Vec::new();
    for call in calls {
        moments.push((call.begin, false, Moment::Begin(call)));
        if call.end != usize::MAX {
            moments.push((call.end, true, Moment::End(call)));
        }
    }
    moments.sort_by_key(|(line, is_end, _)| (*line, *is_end));
    moments.into_iter().map(|(_, _, moment)| moment).collect()
}

fn escaped(rest: &mut std::iter::Peekable<impl Iterator<Item = u8>>) -> u8 {
    match rest.next() {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'v') => 0x0b,
        Some(b'f') => 0x0c,
        Some(digit @ b'0'..=b'7') => {
            let mut value = u32::from(digit - b'0');
            for _ in 0..2 {
                match rest.next_if(|byte| (b'0'..=b'7').contains(byte)) {
                    Some(digit) => value = value * 8 + u32::from(digit - b'0'),
                    None => break,
                }
            }
            u8::try_from(value).unwrap_or_default()
        }
        Some(other) => other,
        None => b'\\',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_back_as_bytes() {
        let trace = r#"1 writev(3</a>, [{iov_base="a\"\\\24", iov_len=4}, {iov_base="\0011\n", iov_len=3}], 2) = 7"#;
        let calls = parse(trace);
        assert_eq!(calls[0].bytes(), b"a\"\\\x14\x011\n");
        assert_eq!(calls[0].descriptor(), "3</a>");
        assert!(calls[0].succeeded());
    }

    #[test]
    fn a_terminals_descriptor_is_whole() {
        let calls = parse(r#"1 write(9</dev/pts/3<char 136:3>>, "\6", 1) = -1 EIO (Input/output error)"#);
        assert_eq!(calls[0].descriptor(), "9</dev/pts/3<char 136:3>>");
        assert!(!calls[0].succeeded());
    }
}
