//! The journal's directory: its rights, its disk, and how long that takes to sync.

use std::fs::{self, File, Metadata};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{statfs, statvfs};

use super::account::Account;
use super::{Area, Finding};

const AREA: Area = Area("journal");
/// Syncs that are timed.
const SYNCS: usize = 20;
/// Bytes before each, as one entry.
const SYNC_BYTES: usize = 4096;
/// A slower sync than this delays what the receiver promises.
const SYNC_GOOD: Duration = Duration::from_millis(20);
/// Free space below which somebody should look, and below which alarms will soon not be stored (bytes).
const FREE_WORRY: u64 = 1 << 30;
const FREE_BROKEN: u64 = 200 << 20;

pub(super) fn look(directory: &Path, account: &Account) -> Vec<Finding> {
    let shown = directory.display();
    let Ok(metadata) = fs::metadata(directory) else {
        return vec![missing(directory, account)];
    };
    if !metadata.is_dir() {
        return vec![AREA.broken(format!("{shown} is not a directory"), "name another one in journal.directory")];
    }
    let mut findings = rights(directory, &metadata, account);
    findings.extend(file_system(directory));
    findings.extend(in_it(directory));
    findings.push(sync_time(directory));
    findings
}

fn missing(directory: &Path, account: &Account) -> Finding {
    let shown = directory.display();
    let parent = directory.ancestors().skip(1).find(|above| above.exists()).unwrap_or(Path::new("/"));
    match fs::metadata(parent) {
        Ok(above) if account.may(&above, 3) => AREA.ok(format!("{shown} is made at the first start")),
        _ => AREA.broken(
            format!("{shown} is missing and {} cannot make it", account.name),
            format!("install -d -o {0} -g {0} -m 700 {shown}", account.name),
        ),
    }
}

fn rights(directory: &Path, metadata: &Metadata, account: &Account) -> Vec<Finding> {
    let (shown, name) = (directory.display(), &account.name);
    let mut findings = Vec::new();
    if account.may(metadata, 7) {
        findings.push(AREA.ok(format!("{shown} can be written by {name}")));
    } else {
        let remedy = format!("chown {name}: {shown}; chmod u+rwx {shown}");
        findings.push(AREA.broken(format!("{shown} cannot be written by {name}"), remedy));
    }
    if metadata.mode() & 0o007 != 0 {
        let remedy = format!("chmod o-rwx {shown}");
        findings.push(AREA.worry(format!("{shown} is open to everybody; it holds what people's units said"), remedy));
    }
    let foreign: Vec<String> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.metadata().is_ok_and(|file| file.is_file() && !account.may(&file, 6)))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    if !foreign.is_empty() {
        let what = format!("{name} cannot write {} in {shown}", foreign.join(", "));
        findings.push(AREA.broken(what, format!("chown -R {name}: {shown}")));
    }
    findings
}

fn file_system(directory: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(system) = statfs(directory) {
        findings.push(kind(system.f_type as u64));
    }
    if let Ok(space) = statvfs(directory) {
        findings.push(free(space.f_bavail.saturating_mul(space.f_frsize), space.f_favail));
    }
    findings
}

/// File systems by their numbers in `linux/magic.h`.
fn kind(number: u64) -> Finding {
    let remedy = "put journal.directory on a local disk (ext4 or xfs)";
    match number & 0xFFFF_FFFF {
        0x0102_1994 | 0x8584_58F6 => AREA.broken("it lies in memory (tmpfs): a power cut loses it", remedy),
        0x6969 => AREA.broken("it lies on NFS: locks and syncs are not to be relied on", remedy),
        0xFF53_4D42 | 0xFE53_4D42 | 0x517B => AREA.broken("it lies on a Windows share", remedy),
        0x6573_5546 => AREA.worry("it lies on a FUSE file system: whether that syncs, nobody can tell", remedy),
        0x794C_7630 => {
            AREA.worry("it lies in a container's own layer, which goes with the container", "mount a volume there")
        }
        0xEF53 => AREA.ok("on ext4"),
        0x5846_5342 => AREA.ok("on xfs"),
        0x9123_683E => AREA.ok("on btrfs"),
        0x2FC1_2FC1 => AREA.ok("on zfs"),
        other => AREA.ok(format!("on a file system of kind {other:#x}")),
    }
}

fn free(bytes: u64, files: u64) -> Finding {
    let words = format!("{:.1} GiB free", bytes as f64 / f64::from(1 << 30));
    let remedy = "make room; journal.size-max-mib bounds the journal itself";
    if bytes < FREE_BROKEN || files < 16 {
        AREA.broken(format!("the disk is full: {words}, {files} files"), remedy)
    } else if bytes < FREE_WORRY {
        AREA.worry(format!("the disk is nearly full: {words}"), remedy)
    } else {
        AREA.ok(words)
    }
}

/// What lies in the directory: whether a receiver runs on it, and files that were set aside.
fn in_it(directory: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lock = File::open(directory.join("lock"));
    if lock.is_ok_and(|lock| lock.try_lock().is_err()) {
        findings.push(AREA.ok("a receiver is running on it"));
    }
    let names = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let aside = names.filter(|name| {
        let name = name.to_string_lossy();
        let is_aside = name.contains(".failed-") || name.contains(".damaged-");
        is_aside && !name.ends_with("-wal") && !name.ends_with("-shm")
    });
    let count = aside.count();
    if count > 0 {
        let remedy =
            "telecare-ctl journal status shows them, journal recover copies what they still have; then move them away";
        findings.push(AREA.worry(format!("{count} journal files were set aside"), remedy));
    }
    findings
}

/// Times syncs of a small file beside the journal.
fn sync_time(directory: &Path) -> Finding {
    let path = directory.join(format!(".doctor-{}", std::process::id()));
    let timed = time_syncs(&path);
    let _ = fs::remove_file(&path);
    match timed {
        Ok(times) => judge_syncs(&times),
        Err(error) => AREA
            .worry(format!("the disk's sync cannot be timed: {error}"), "run this as root or as the receiver's user"),
    }
}

fn time_syncs(path: &Path) -> std::io::Result<Vec<Duration>> {
    let mut file = File::create_new(path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let begun = Instant::now();
        file.write_all(&[0; SYNC_BYTES])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort();
    Ok(times)
}

fn judge_syncs(sorted: &[Duration]) -> Finding {
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let (median, longest) = (sorted.get(sorted.len() / 2), sorted.last());
    let words = format!("a sync takes {:.1} ms, the longest of {} {:.1} ms", ms(median), sorted.len(), ms(longest));
    if median.is_some_and(|median| *median > SYNC_GOOD) {
        let remedy = "every acknowledgement waits for one: a faster disk, or one that is not shared";
        return AREA.worry(words, remedy);
    }
    AREA.ok(words)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn memory_and_network_are_no_place_for_a_journal() {
        let table =
            [(0x0102_1994, State::Broken), (0x6969, State::Broken), (0x6573_5546, State::Worry), (0xEF53, State::Ok)];
        for (number, state) in table {
            assert_eq!(kind(number).state, state, "{number:x}");
        }
        // The kernel's number is signed on some machines.
        assert_eq!(kind(0xFFFF_FFFF_FF53_4D42).state, State::Broken);
    }

    #[test]
    fn a_full_disk_and_a_slow_sync_are_told() {
        assert_eq!(free(10 << 30, 1_000).state, State::Ok);
        assert_eq!(free(500 << 20, 1_000).state, State::Worry);
        assert_eq!(free(100 << 20, 1_000).state, State::Broken);
        assert_eq!(free(10 << 30, 3).state, State::Broken);
        let times = |ms: u64| vec![Duration::from_millis(ms); SYNCS];
        assert_eq!(judge_syncs(&times(2)).state, State::Ok);
        assert_eq!(judge_syncs(&times(45)).state, State::Worry);
    }
}
