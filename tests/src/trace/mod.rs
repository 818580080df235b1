//! Does each acknowledgement follow the storing of what it acknowledges? Answered from a system-call trace.
//!
//! A stored message is one whose text was written to a file that was then synced, or sent on a connection
//! that then answered COMMIT. The sync must have begun after the write ended and must have ended well
//! before the acknowledgement begins. Nothing the receiver says about itself is believed.

mod calls;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::process::{Command, Stdio};

use calls::{Call, Moment};

/// Ends a Sur-Gard line.
const DC4: u8 = 0x14;
const ACK: u8 = 0x06;

/// What a trace must contain to be judged.
const CALLS: &str = "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync";

/// A program and arguments that run another program and write its trace to a file. Strings are long enough
/// for a page of the journal.
pub fn wrapper(file: &Path) -> Vec<String> {
    let trace = format!("trace={CALLS}");
    // With the filter in the kernel the other calls run at their own speed.
    let words = ["strace", "-f", "--seccomp-bpf", "-yy", "-s", "9000", "-e", &trace, "-e", "signal=none", "-o"];
    words.iter().map(ToString::to_string).chain([file.to_string_lossy().into_owned()]).collect()
}

/// Whether strace is there at all.
pub fn is_installed() -> bool {
    Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok()
}

/// Why traces cannot be made here, if they cannot.
pub fn unavailable() -> Option<&'static str> {
    match Command::new("strace").args(["-o", "/dev/null", "true"]).output() {
        Err(_) => Some("strace is missing; on Debian: apt-get install strace"),
        Ok(output) if !output.status.success() => Some("strace may not trace here (ptrace is forbidden)"),
        Ok(_) => None,
    }
}

/// What to look for in a trace.
#[derive(Clone, Debug)]
pub struct Question {
    /// Texts that name the lines' descriptors: a terminal's path, a port's `:1025`.
    pub lines: Vec<String>,
    /// A text unique to each message.
    pub keys: Vec<String>,
}

/// What a trace shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledgements of messages with a key.
    pub acknowledged: usize,
    /// The keys among them that were not stored when the acknowledgement began.
    pub too_early: Vec<String>,
}

/// Judges a trace.
pub fn judge(trace: &str, question: &Question) -> Verdict {
    let calls = calls::parse(trace);
    let mut judge = Judge::new(question);
    for moment in calls::moments(&calls) {
        match moment {
            Moment::Begin(call) => judge.begin(call),
            Moment::End(call) => judge.end(call),
        }
    }
    judge.verdict
}

struct Judge<'a> {
    question: &'a Question,
    /// Bytes of an unfinished frame, by line.
    heard: HashMap<&'a str, Vec<u8>>,
    /// The keys of frames that wait for an answer, by line; none for a heartbeat.
    owed: HashMap<&'a str, VecDeque<Option<&'a str>>>,
    /// Written to a file or sent on a connection, and when that ended.
    written: Vec<(&'a str, String, usize)>,
    stored: HashSet<&'a str>,
    verdict: Verdict,
}

impl<'a> Judge<'a> {
    fn new(question: &'a Question) -> Judge<'a> {
        Judge {
            question,
            heard: HashMap::new(),
            owed: HashMap::new(),
            written: Vec::new(),
            stored: HashSet::new(),
            verdict: Verdict::default(),
        }
    }

    /// An acknowledgement counts from the moment it begins.
    fn begin(&mut self, call: &Call) {
        let Some(line) = self.line_of(call) else { return };
        if !call.is_write() {
            return;
        }
        for _ in call.bytes().iter().filter(|byte| **byte == ACK) {
            if let Some(Some(key)) = self.owed.entry(line).or_default().pop_front() {
                self.verdict.acknowledged += 1;
                if !self.stored.contains(key) {
                    self.verdict.too_early.push(key.to_owned());
                }
            }
        }
    }

    fn end(&mut self, call: &Call) {
        if !call.succeeded() {
            return;
        }
        match self.line_of(call) {
            Some(line) if call.is_read() => self.hear(line, &call.bytes()),
            Some(_) => {}
            None if call.is_write() => {
                let bytes = call.bytes();
                let text = String::from_utf8_lossy(&bytes);
                for key in self.question.keys.iter().filter(|key| text.contains(key.as_str())) {
                    self.written.push((key, call.descriptor().to_owned(), call.end));
                }
            }
            None if call.is_sync() || (call.is_read() && contains(&call.bytes(), "COMMIT")) => self.store(call),
            None => {}
        }
    }

    /// A sync covers what was written before it began; a commit reply what was sent before it came.
    fn store(&mut self, call: &Call) {
        let until = if call.is_sync() { call.begin } else { call.end };
        let (stored, rest) = std::mem::take(&mut self.written)
            .into_iter()
            .partition::<Vec<_>, _>(|(_, descriptor, end)| descriptor == call.descriptor() && *end < until);
        self.stored.extend(stored.into_iter().map(|(key, ..)| key));
        self.written = rest;
    }

    fn hear(&mut self, line: &'a str, bytes: &[u8]) {
        let heard = self.heard.entry(line).or_default();
        for byte in bytes {
            heard.push(*byte);
            if *byte == DC4 {
                let key = self.question.keys.iter().find(|key| contains(heard, key));
                self.owed.entry(line).or_default().push_back(key.map(String::as_str));
                heard.clear();
            }
        }
    }

    fn line_of(&self, call: &Call) -> Option<&'a str> {
        self.question.lines.iter().find(|line| call.descriptor().contains(line.as_str())).map(String::as_str)
    }
}

/// By the standard library's search for text, which is compiled with optimisation and this crate is not.
fn contains(bytes: &[u8], part: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = "7 read(9</dev/pts/3<char 136:3>>, \"S011[#4711|NRP01]\\24\", 1024) = 18\n";
    const WRITE: &str = "8 pwrite64(4</j/journal-wal>, \"\\0\\1#4711|..\"..., 4096, 56) = 4096\n";
    const SYNC: &str = "8 fdatasync(4</j/journal-wal>)           = 0\n";
    const ANSWER: &str = "7 write(9</dev/pts/3<char 136:3>>, \"\\6\", 1) = 1\n";

    #[track_caller]
    fn check(trace: &[&str], acknowledged: usize, too_early: usize) {
        let question = Question { lines: vec!["/dev/pts/3".to_owned()], keys: vec!["4711".to_owned()] };
        let verdict = judge(&trace.concat(), &question);
        assert_eq!((verdict.acknowledged, verdict.too_early.len()), (acknowledged, too_early), "{trace:?}");
    }

    #[test]
    fn a_sync_between_write_and_answer_is_needed() {
        check(&[READ, WRITE, SYNC, ANSWER], 1, 0);
        check(&[READ, WRITE, ANSWER, SYNC], 1, 1);
        check(&[READ, SYNC, WRITE, ANSWER], 1, 1);
        check(&[READ, WRITE, ANSWER], 1, 1);
        check(&[READ, WRITE, SYNC], 0, 0);
    }

    #[test]
    fn a_failed_sync_or_one_of_another_file_stores_nothing() {
        let failed = "8 fdatasync(4</j/journal-wal>) = -1 EIO (Input/output error)\n";
        check(&[READ, WRITE, failed, ANSWER], 1, 1);
        check(&[READ, WRITE, "8 fdatasync(5</j/journal>) = 0\n", ANSWER], 1, 1);
    }

    #[test]
    fn a_sync_must_begin_after_the_write_and_end_before_the_answer() {
        let (begin, end) = ("8 fdatasync(4</j/journal-wal> <unfinished ...>\n", "8 <... fdatasync resumed>) = 0\n");
        let write = WRITE.replacen('8', "9", 1);
        check(&[READ, begin, &write, end, ANSWER], 1, 1);
        check(&[READ, &write, begin, ANSWER, end], 1, 1);
        check(&[READ, &write, begin, end, ANSWER], 1, 0);
    }

    #[test]
    fn a_commit_reply_stores_too() {
        let sent = "6 sendto(5<TCP:[127.0.0.1:4->127.0.0.1:5432]>, \"..4711..\", 90, 0, NULL, 0) = 90\n";
        let reply =
            "6 recvfrom(5<TCP:[127.0.0.1:4->127.0.0.1:5432]>, \"C\\0\\0\\0\\vCOMMIT\\0\", 99, 0, NULL, NULL) = 12\n";
        check(&[READ, sent, reply, ANSWER], 1, 0);
        check(&[READ, reply, sent, ANSWER], 1, 1);
    }

    #[test]
    fn frames_in_pieces_and_heartbeats_are_told_apart() {
        let pieces = [
            "7 read(9</dev/pts/3<char 136:3>>, \"1011           @    \\24S011[#47\", 1024) = 29\n",
            "7 read(9</dev/pts/3<char 136:3>>,  <unfinished ...>\n",
            "7 <... read resumed>\"11|NRP01]\\24\", 1024) = 10\n",
        ];
        check(&[pieces[0], ANSWER, pieces[1], pieces[2], WRITE, SYNC, ANSWER], 1, 0);
        check(&[pieces[0], ANSWER, pieces[1], pieces[2], ANSWER, WRITE, SYNC], 1, 1);
    }
}
