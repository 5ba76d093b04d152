//! Image files that a load runs on: pre-written, or fresh and sparse.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use linkwright_device::{BlockDevice, MemoryDevice};

use crate::Outcome;

/// Bytes compared and written at a time.
const PIECE: usize = 64 << 10;

/// What a write to the image costs the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every byte was written before: its pages are in the cache and its
    /// blocks have their place on the disk.
    Warm,
    /// A sparse file: pages and blocks come as they are written.
    Fresh,
}

impl Kind {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Fresh => "fresh",
        }
    }
}

/// An image file that is brought back to a base before each run.
pub struct Image<'a> {
    base: &'a MemoryDevice,
    kind: Kind,
    path: PathBuf,
}

impl<'a> Image<'a> {
    /// The image `path`, which is made or written over.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(base: &'a MemoryDevice, kind: Kind, path: PathBuf) -> Outcome<Self> {
        let image = Self { base, kind, path };
        if kind == Kind::Warm {
            let file = File::create(&image.path)?;
            let zeros = vec![0; 1 << 20];
            let mut at = 0;
            while at < base.len() {
                file.write_all_at(&zeros, at)?;
                at += zeros.len() as u64;
            }
            file.set_len(base.len())?;
            file.sync_all()?;
        }
        Ok(image)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it the base again, and durable, so that no later write waits for
    /// this one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn reset(&self) -> Outcome<()> {
        match self.kind {
            Kind::Warm => self.write_differences()?,
            Kind::Fresh => self.write_sparse()?,
        }
        Ok(())
    }

    fn write_differences(&self) -> Outcome<()> {
        let file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        let (mut wanted, mut there) = (vec![0; PIECE], vec![0; PIECE]);
        let mut at = 0;
        while at < self.base.len() {
            let len = usize::try_from((self.base.len() - at).min(PIECE as u64))?;
            self.base.read_at(at, &mut wanted[..len])?;
            file.read_exact_at(&mut there[..len], at)?;
            if wanted[..len] != there[..len] {
                file.write_all_at(&wanted[..len], at)?;
            }
            at += len as u64;
        }
        Ok(file.sync_all()?)
    }

    fn write_sparse(&self) -> Outcome<()> {
        // A file of its own, not the old one cut: nothing of it is cached.
        if self.path.exists() {
            std::fs::remove_file(&self.path)?;
        }
        let file = File::create(&self.path)?;
        file.set_len(self.base.len())?;
        for range in self.base.allocated_ranges() {
            let mut bytes = vec![0; usize::try_from(range.end - range.start)?];
            self.base.read_at(range.start, &mut bytes)?;
            file.write_all_at(&bytes, range.start)?;
        }
        Ok(file.sync_all()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_come_back_to_the_base() {
        let base = MemoryDevice::new((1 << 20) + 4096);
        base.write_at(PIECE as u64 + 7, b"base").unwrap();
        let folder = tempfile::tempdir().unwrap();
        for kind in [Kind::Warm, Kind::Fresh] {
            let image = Image::new(&base, kind, folder.path().join(kind.name())).unwrap();
            image.reset().unwrap();
            let file = OpenOptions::new().write(true).open(image.path()).unwrap();
            file.write_all_at(b"something else", 0).unwrap();
            file.write_all_at(b"more", base.len() - 4).unwrap();
            image.reset().unwrap();
            let mut wanted = vec![0; usize::try_from(base.len()).unwrap()];
            base.read_at(0, &mut wanted).unwrap();
            assert!(std::fs::read(image.path()).unwrap() == wanted, "{kind:?}");
        }
    }
}
