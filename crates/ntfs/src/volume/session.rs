//! The marks of a volume in use.

use linkwright_ntfs_format::volume_information::VolumeFlags;

use crate::engine::{Engine, Session};
use crate::error::Result;
use crate::options::{Access, JournalMode};
use crate::txn::SessionStart;

impl Engine {
    /// Takes the log over and sets the dirty flag before the first change
    /// reaches the volume, both durable.
    pub(super) fn mark_open(&mut self) -> Result<()> {
        if self.session != Session::Untouched {
            return Ok(());
        }
        let (_, information) = self.volume_information()?;
        let clean_before = !information.flags.contains(VolumeFlags::DIRTY);
        if self.options.journal == JournalMode::On {
            self.store.begin(SessionStart {
                serial: self.geometry.serial(),
                clean_before,
            })?;
        }
        self.session = Session::Marked { clean_before };
        self.write_dirty_flag(true)
    }

    /// Brings the dirty flag into place, alone.
    fn write_dirty_flag(&mut self, dirty: bool) -> Result<()> {
        let (at, mut information) = self.volume_information()?;
        information.flags.set(VolumeFlags::DIRTY, dirty);
        self.patch_value(at, 0, &information.encode())?;
        let key = self.record_location(at.record)?.key();
        let set = self.cache.write_set_of(key)?;
        self.commit_apart(&set)
    }

    /// Has the dirty flag taken away at the end; whether it was set.
    pub(crate) fn clear_dirty_at_close(&mut self) -> Result<bool> {
        let (_, information) = self.volume_information()?;
        let dirty = match self.session {
            Session::Marked { clean_before } => !clean_before,
            Session::Untouched => information.flags.contains(VolumeFlags::DIRTY),
        };
        if dirty {
            self.mark_open()?;
            self.session = Session::Marked { clean_before: true };
        }
        Ok(dirty)
    }

    /// Writes everything out, takes the mark away and leaves the log empty.
    pub(crate) fn close(&mut self) -> Result<()> {
        if self.options.access == Access::ReadOnly {
            return Ok(());
        }
        self.sync()?;
        if let Session::Marked { clean_before } = self.session {
            self.checkpoint()?;
            if clean_before {
                self.write_dirty_flag(false)?;
                self.cache.mark_clean();
            }
            self.store.end()?;
            self.session = Session::Untouched;
        }
        Ok(())
    }
}
