//! Writing without changing what lies below.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::device::{check_read, check_write};
use crate::pages::{PAGE_LEN, Pages, Piece, pieces};
use crate::{BlockDevice, DeviceError};

/// A device whose writes are kept in memory; the base is only ever read. For
/// dry runs, and for looking at a volume as it would be after a repair.
#[derive(Debug)]
pub struct Overlay {
    base: Arc<dyn BlockDevice>,
    changed: RwLock<Pages>,
}

impl Overlay {
    /// An overlay over `base`, without changes yet.
    pub fn new(base: Arc<dyn BlockDevice>) -> Self {
        Self {
            base,
            changed: RwLock::default(),
        }
    }

    /// Bytes of memory that hold changes.
    pub fn changed_bytes(&self) -> u64 {
        self.read_changed().allocated_bytes()
    }

    /// Forgets all writes.
    pub fn revert(&self) {
        *self.write_changed() = Pages::default();
    }

    /// Brings the page of a piece into memory, so that a part of it can be
    /// written.
    fn load(&self, changed: &mut Pages, piece: &Piece) -> Result<(), DeviceError> {
        if changed.contains(piece.page) {
            return Ok(());
        }
        let mut page = Box::new([0; PAGE_LEN]);
        let start = piece.page.saturating_mul(PAGE_LEN as u64);
        let there = self.base.len().saturating_sub(start).min(PAGE_LEN as u64);
        let whole = piece.within.len() == PAGE_LEN;
        if !whole && let Some(bytes) = usize::try_from(there).ok().and_then(|n| page.get_mut(..n)) {
            self.base.read_at(start, bytes)?;
        }
        changed.insert(piece.page, page);
        Ok(())
    }

    fn read_changed(&self) -> RwLockReadGuard<'_, Pages> {
        self.changed.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_changed(&self) -> RwLockWriteGuard<'_, Pages> {
        self.changed.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlockDevice for Overlay {
    fn len(&self) -> u64 {
        self.base.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        check_read(self.len(), offset, buf.len())?;
        // The lock is held over the base's read, so that a read sees one state.
        let changed = self.read_changed();
        self.base.read_at(offset, buf)?;
        for piece in pieces(offset, buf.len()) {
            changed.read(&piece, buf);
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        check_write(self.len(), offset, buf.len() as u64)?;
        let mut changed = self.write_changed();
        for piece in pieces(offset, buf.len()) {
            self.load(&mut changed, &piece)?;
            changed.write(&piece, buf);
        }
        Ok(())
    }

    /// Does nothing: an overlay lives as long as the process.
    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn describe(&self) -> String {
        format!("{} (changes kept in memory)", self.base.describe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryDevice;

    #[test]
    fn writes_are_seen_here_and_not_below() {
        let base = Arc::new(MemoryDevice::from_bytes(&[1; 10_000]));
        let overlay = Overlay::new(base.clone());
        overlay.write_at(4000, &[0; 200]).unwrap();
        overlay.write_at(9_990, &[2; 10]).unwrap();
        let mut seen = [9; 10_000];
        overlay.read_at(0, &mut seen).unwrap();
        assert_eq!(
            (seen[3999], seen[4000], seen[4199], seen[4200]),
            (1, 0, 0, 1)
        );
        assert_eq!((seen[9_989], seen[9_990]), (1, 2));
        let mut below = [9; 10_000];
        base.read_at(0, &mut below).unwrap();
        assert!(below.iter().all(|byte| *byte == 1));
        overlay.revert();
        overlay.read_at(0, &mut seen).unwrap();
        assert!(seen.iter().all(|byte| *byte == 1));
        assert_eq!(overlay.changed_bytes(), 0);
    }

    #[test]
    fn the_end_is_the_base_s_end() {
        let overlay = Overlay::new(Arc::new(MemoryDevice::new(5000)));
        assert!(overlay.write_at(4999, &[1, 1]).is_err());
        assert_eq!(overlay.changed_bytes(), 0);
        overlay.write_at(4999, &[1]).unwrap();
        let mut byte = [0];
        overlay.read_at(4999, &mut byte).unwrap();
        assert_eq!(byte, [1]);
    }
}
