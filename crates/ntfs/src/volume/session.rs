//! The marks of a volume in use, and when what was done reaches the device.

use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::log::{EMPTY_FILL, LogState};
use linkwright_ntfs_format::volume_information::VolumeFlags;

use crate::attr::AttrKey;
use crate::engine::{Engine, Session};
use crate::error::{Place, Result};
use crate::options::Durability;

/// The log is emptied in pieces of this many bytes.
const LOG_STEP: usize = 1 << 20;

/// How far a group of operations is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Handed to the operating system.
    Written,
    /// Durable.
    Flushed,
}

impl Engine {
    /// What a finished operation calls for.
    pub(crate) fn after_operation(&mut self) -> Result<()> {
        if self.cache.in_frame() {
            return Ok(());
        }
        match self.options.durability {
            Durability::Immediate => self.write_out(Reach::Flushed),
            Durability::Written => self.write_out(Reach::Written),
            Durability::OnSync if self.cache.dirty_bytes() > self.cache.limit() / 2 => {
                self.write_out(Reach::Flushed)
            }
            Durability::OnSync => Ok(()),
        }
    }

    /// Makes everything done so far durable.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.write_out(Reach::Flushed)
    }

    fn write_out(&mut self, reach: Reach) -> Result<()> {
        if self.cache.dirty_bytes() > 0 {
            self.mark_open()?;
            let set = self.cache.write_set()?;
            self.store.commit(&set)?;
            self.cache.mark_clean();
        }
        if reach == Reach::Flushed && self.session != Session::Untouched {
            self.store.flush()?;
            self.pending.clear();
            self.state.pending_len = 0;
        }
        Ok(())
    }

    /// Marks the volume as open before the first change reaches it: the log
    /// is emptied, the dirty flag set, both durable.
    fn mark_open(&mut self) -> Result<()> {
        if self.session != Session::Untouched {
            return Ok(());
        }
        let (_, information) = self.volume_information()?;
        let clean_before = !information.flags.contains(VolumeFlags::DIRTY);
        self.session = Session::Marked { clean_before };
        self.write_dirty_flag(true)?;
        self.empty_log()
    }

    fn write_dirty_flag(&mut self, dirty: bool) -> Result<()> {
        let (at, mut information) = self.volume_information()?;
        information.flags.set(VolumeFlags::DIRTY, dirty);
        self.patch_value(at, 0, &information.encode())?;
        let key = self.record_location(at.record)?.key();
        let set = self.cache.write_set_of(key)?;
        self.store.commit(&set)?;
        self.store.flush()
    }

    /// Fills the log with 0xFF unless it is so already: an empty log is taken
    /// over by every driver (NTFS.md 2.13). The restart pages go last, so that
    /// a log half emptied is still known for what it was.
    fn empty_log(&mut self) -> Result<()> {
        if self.log_state()? == LogState::Empty {
            return Ok(());
        }
        let key = AttrKey::unnamed(AttributeType::DATA);
        let Some(map) = self.stream_map(RecordNumber::LOG_FILE, key)? else {
            return Ok(());
        };
        let place = Place::attribute(RecordNumber::LOG_FILE, key.type_code);
        let len = map.sizes.data;
        let step = u64::try_from(LOG_STEP).unwrap_or(u64::MAX);
        let fill = vec![EMPTY_FILL; LOG_STEP];
        let mut end = len;
        while end > 0 {
            let start = end.saturating_sub(step);
            let count = usize::try_from(end - start).unwrap_or(0);
            let location = self.location(&map.runs, start, count, place)?;
            for segment in location.segments() {
                self.store
                    .write_fresh(segment.offset, fill.get(..segment.len).unwrap_or_default())?;
            }
            end = start;
        }
        self.store.flush()
    }

    /// Writes everything out and takes the mark away.
    pub(crate) fn close(&mut self) -> Result<()> {
        if self.options.access == crate::options::Access::ReadOnly {
            return Ok(());
        }
        self.sync()?;
        if let Session::Marked { clean_before } = self.session {
            if clean_before {
                self.write_dirty_flag(false)?;
                self.cache.mark_clean();
            }
            self.session = Session::Untouched;
        }
        Ok(())
    }
}
