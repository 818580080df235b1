//! The bare sync: append 512 bytes to a file and wait until they are on the disk.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;

use super::paced;
use telecare_tests::figures::Samples;

/// About what the journal writes for a signal.
const RECORD: [u8; 512] = [b'x'; 512];

/// A file beside the journal.
#[derive(Debug)]
pub struct Sync(File);

impl Sync {
    /// Makes the file.
    pub fn new(directory: &Path) -> Result<Sync> {
        Ok(Sync(File::options().create(true).append(true).open(directory.join("floor"))?))
    }

    /// Records at a pace; what waits shares a sync.
    pub fn open_loop(&mut self, rate: f64, seconds: f64) -> Result<Samples> {
        let mut told = paced(rate, seconds);
        let mut took = Vec::new();
        while let Some(due) = told.blocking_recv() {
            let mut together = vec![due];
            while let Ok(due) = told.try_recv() {
                together.push(due);
            }
            for _ in &together {
                self.0.write_all(&RECORD)?;
            }
            self.0.sync_data()?;
            let now = Instant::now();
            took.extend(together.into_iter().map(|due| now - due));
        }
        Ok(Samples::of(took))
    }
}
