//! One directory that grows: what a link costs at 10,000 entries, and at ten
//! times as many, and so on.
//!
//! At each of these sizes a window of links is timed, a tenth of the size but
//! 10,000 at least, with the sync after it: so that what was left to be written
//! back counts where it came from. The files, of 100 names each, are made
//! outside the windows.

use std::path::Path;
use std::time::Instant;

use linkwright_ntfs::{CreateOptions, FileId, FileKind, OpenOptions, Volume};
use serde::{Deserialize, Serialize};

use super::Told;
use crate::Outcome;
use crate::volumes::{in_file, size, wide};

/// The size at which the first window begins.
pub const FIRST: u64 = 10_000;
/// Links of a window at least.
pub const WINDOW: u64 = 10_000;
/// Names of a file.
const NAMES: u64 = 100;
/// Names are numbers below this: more than any run makes, and a power of two
/// so that an odd factor permutes them.
const SPACE: u64 = 1 << 24;
/// The odd factor, near the golden section of the space.
const FACTOR: u64 = 10_368_889;

/// A window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Entries of the directory at its beginning.
    pub entries: u64,
    /// Seconds for each link in it.
    pub seconds: f64,
}

/// Links of the window that begins at `entries`.
#[must_use]
pub fn window(entries: u64) -> u64 {
    (entries / 10).max(WINDOW)
}

pub(super) fn run(image: &Path, order: &str, cache: usize, entries: u64) -> Outcome<Told> {
    let shuffled = match order {
        "ascending" => false,
        "shuffled" => true,
        _ => return Err(format!("no order: {order}").into()),
    };
    let all = entries + window(entries);
    if all > SPACE {
        return Err(format!("{all} names are too many").into());
    }
    // Half of it stays free: a volume that is nearly full is another question.
    let device = in_file(image, 2 * size(all.div_ceil(NAMES), all))?;
    let options = OpenOptions {
        cache_bytes: cache,
        ..OpenOptions::read_write()
    };
    let volume = Volume::open(device, options)?;
    let mut directory = Growing::new(volume, shuffled)?;
    let start = Instant::now();
    let (mut at, mut marks) = (FIRST.min(entries), Vec::new());
    loop {
        directory.grow_to(at)?;
        marks.push(directory.mark()?);
        if at >= entries {
            break;
        }
        at = (at * 10).min(entries);
    }
    directory.volume.close()?;
    Ok(Told {
        count: all,
        marks,
        ..Told::of(start.elapsed().as_secs_f64())
    })
}

struct Growing {
    volume: Volume,
    shuffled: bool,
    /// Where the files are, apart from their names.
    files_in: FileId,
    names_in: FileId,
    files: Vec<FileId>,
    names: u64,
}

impl Growing {
    fn new(volume: Volume, shuffled: bool) -> Outcome<Self> {
        let make = |name: &str| {
            let none = CreateOptions::default();
            volume.create(FileId::ROOT, &wide(name), FileKind::Directory, &none)
        };
        let (files_in, names_in) = (make("files")?, make("names")?);
        Ok(Self {
            volume,
            shuffled,
            files_in,
            names_in,
            files: Vec::new(),
            names: 0,
        })
    }

    fn grow_to(&mut self, names: u64) -> Outcome<()> {
        self.make_files(names)?;
        while self.names < names {
            self.link()?;
        }
        self.volume.sync()?;
        Ok(())
    }

    fn mark(&mut self) -> Outcome<Mark> {
        let entries = self.names;
        let links = window(entries);
        self.make_files(entries + links)?;
        self.volume.sync()?;
        let start = Instant::now();
        for _ in 0..links {
            self.link()?;
        }
        self.volume.sync()?;
        let seconds = start.elapsed().as_secs_f64() / links as f64;
        Ok(Mark { entries, seconds })
    }

    fn make_files(&mut self, names: u64) -> Outcome<()> {
        while (self.files.len() as u64) * NAMES < names {
            let name = wide(&format!("file{:08}", self.files.len()));
            let none = CreateOptions::default();
            let (parent, kind) = (self.files_in, FileKind::File);
            self.files
                .push(self.volume.create(parent, &name, kind, &none)?);
        }
        Ok(())
    }

    fn link(&mut self) -> Outcome<()> {
        let number = if self.shuffled {
            (self.names * FACTOR) % SPACE
        } else {
            self.names
        };
        let file = self.files[usize::try_from(self.names / NAMES)?];
        let name = wide(&format!("a link with number {number:08}"));
        self.volume.hard_link(file, self.names_in, &name)?;
        self.names += 1;
        Ok(())
    }
}
