//! The marks of a volume in use.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::volume_information::{VolumeFlags, VolumeInformation};
use linkwright_ntfs_format::{RecordNumber, fixup, record};

use crate::engine::{Engine, Session};
use crate::error::{CorruptKind, Place, Result};
use crate::options::{Access, JournalMode};
use crate::txn::{FlagPlace, Found, SessionStart};

impl Engine {
    /// Takes the log over and marks the volume as in use before the first
    /// change reaches it. The marks are durable with the first commit.
    pub(super) fn mark_open(&mut self) -> Result<()> {
        if self.session != Session::Untouched {
            return Ok(());
        }
        let (_, information) = self.volume_information()?;
        let clean_before = !information.flags.contains(VolumeFlags::DIRTY);
        let flag = self.flag_place()?;
        if self.options.journal == JournalMode::On {
            self.store.begin(SessionStart {
                serial: self.geometry.serial(),
                clean_before,
                flag,
            })?;
        }
        self.session = Session::Marked { clean_before };
        self.put_dirty_flag(flag, true)
    }

    /// Sets or clears the dirty flag on the device, and in memory.
    fn put_dirty_flag(&mut self, flag: FlagPlace, dirty: bool) -> Result<()> {
        self.store.put_flag(flag, dirty)?;
        let (at, mut information) = self.volume_information()?;
        let key = self.record_location(at.record)?.key();
        if information.flags.contains(VolumeFlags::DIRTY) != dirty
            && !self.cache.forget_if_clean(key)
        {
            information.flags.set(VolumeFlags::DIRTY, dirty);
            self.patch_value(at, 0, &information.encode())?;
        }
        Ok(())
    }

    /// Where the dirty flag lies in what is committed: a change in memory may
    /// have moved it.
    fn flag_place(&self) -> Result<FlagPlace> {
        if let Some(flag) = self.flag_in(RecordNumber::VOLUME)? {
            return Ok(flag);
        }
        let (at, _) = self.volume_information()?;
        let place = Place::attribute(RecordNumber::VOLUME, AttributeType::VOLUME_INFORMATION);
        self.flag_in(at.record)?
            .ok_or_else(|| place.corrupt(CorruptKind::MissingAttribute))
    }

    /// The same, if it lies in this record.
    fn flag_in(&self, number: RecordNumber) -> Result<Option<FlagPlace>> {
        let place = Place::record(number);
        let location = self.record_location(number)?;
        let mut bytes = self.read_committed(&location)?;
        fixup::remove(&mut bytes).map_err(|e| place.format(e))?;
        for attribute in record::attributes(&bytes) {
            let attribute = attribute.map_err(|e| place.format(e))?;
            if attribute.type_code() != AttributeType::VOLUME_INFORMATION {
                continue;
            }
            let Some(value) = attribute.resident_value_offset() else {
                return Err(place.corrupt(CorruptKind::AttributeForm));
            };
            let inside = fixup::stored_at(&bytes, value + VolumeInformation::FLAGS_OFFSET)
                .map_err(|e| place.format(e))?;
            let mut start = 0;
            for segment in location.segments() {
                if inside < start + segment.len {
                    return Ok(Some(FlagPlace {
                        offset: segment.offset + u64::try_from(inside - start).unwrap_or(0),
                        bit: DIRTY_BIT,
                    }));
                }
                start += segment.len;
            }
        }
        Ok(None)
    }

    /// The flag is durable before anything that waits is brought into place.
    /// A record that cannot be read is half in place already.
    pub(super) fn mark_before_replay(&mut self) -> Result<()> {
        match self.flag_place() {
            Ok(flag) => self.store.put_flag(flag, true),
            Err(error @ crate::Error::Io(_)) => Err(error),
            Err(_) => Ok(()),
        }
    }

    /// Goes on with a session that was cut off, once all that it committed is
    /// in place: one whose marks were whole stays open, one that had just
    /// begun or nearly ended is ended.
    pub(super) fn resume(&mut self, resumed: Resumed) -> Result<()> {
        let Session::Marked { clean_before } = self.session else {
            return Ok(());
        };
        let flag = self.flag_place()?;
        // As it is, the copy of the record follows.
        let as_is = self.store.is_flag_set(flag)?;
        if resumed == Resumed::Open {
            return self.put_dirty_flag(flag, clean_before || as_is);
        }
        // The volume may have looked at rest to others: a flag of theirs stays.
        let ours = clean_before && !self.store.is_foreign_flag(flag)?;
        self.put_dirty_flag(flag, as_is && !ours)?;
        self.store.end()?;
        self.session = Session::Untouched;
        Ok(())
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

    /// Writes everything out, takes the marks away and leaves the log empty.
    pub(crate) fn close(&mut self) -> Result<()> {
        if self.options.access == Access::ReadOnly {
            return Ok(());
        }
        self.sync()?;
        if let Session::Marked { clean_before } = self.session {
            let flag = self.flag_place()?;
            self.store.settle_last(flag)?;
            self.forget_pending();
            if clean_before {
                self.put_dirty_flag(flag, false)?;
            }
            self.store.end()?;
            self.session = Session::Untouched;
        }
        Ok(())
    }
}

/// The bit of [`VolumeFlags::DIRTY`] in the first byte of the flags.
const DIRTY_BIT: u8 = 1;

/// How a session that was cut off goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resumed {
    /// Its marks were whole: as before.
    Open,
    /// Its marks were being set or removed.
    AtTheEdge,
}

impl Resumed {
    pub(super) const fn of(found: &Found) -> Self {
        if found.marked {
            Self::Open
        } else {
            Self::AtTheEdge
        }
    }
}
