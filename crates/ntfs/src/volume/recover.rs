//! What is done about a session that did not end.

use std::sync::Arc;

use linkwright_device::{BlockDevice, Overlay};
use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::attribute::AttributeType;

use super::Volume;
use super::open::open_engine;
use super::session::Resumed;
use crate::attr::AttrKey;
use crate::engine::{Engine, Session};
use crate::error::{Error, Place, Result, Unsupported};
use crate::options::{Access, DirtyPolicy, OpenOptions, ShadowPolicy};
use crate::txn::LogRegion;

/// What recovery found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// A session of this engine did not end: its marks were on the volume.
    pub needed: bool,
    /// Groups of operations that were committed and brought into place.
    pub groups: u64,
    /// Bytes of metadata that they changed.
    pub bytes: u64,
}

impl Volume {
    /// Replays the journal of a session that did not end, drops what that
    /// session had not committed, and leaves the volume closed and clean.
    /// Opening the volume for writing does the same; this is for those who
    /// want nothing else. Nothing is written when nothing needs to be done.
    ///
    /// # Errors
    /// As [`Volume::open`] for writing.
    pub fn recover(device: Arc<dyn BlockDevice>) -> Result<RecoveryReport> {
        // That a session was begun in spite of shadow copies is done already.
        let options = OpenOptions {
            shadow_copies: ShadowPolicy::Ignore,
            ..OpenOptions::read_write()
        };
        let (mut engine, report) = open_engine(device, options)?;
        engine.close()?;
        Ok(report)
    }

    /// Takes the dirty flag away, on the word of the caller that the volume is
    /// sound: nothing is checked and nothing repaired. A session of this engine
    /// that did not end is finished first. Returns whether the flag was set;
    /// nothing is written when it was not.
    ///
    /// # Errors
    /// As [`Volume::open`] for writing with `options`, but for the flag: a log
    /// that holds another system's work, a hibernated Windows, shadow copies.
    pub fn clear_dirty(device: Arc<dyn BlockDevice>, options: OpenOptions) -> Result<bool> {
        let options = OpenOptions {
            access: Access::ReadWrite,
            dirty: DirtyPolicy::Ignore,
            ..options
        };
        let (mut engine, _) = open_engine(device, options)?;
        let dirty = engine.clear_dirty_at_close()?;
        engine.close()?;
        Ok(dirty)
    }

    /// The device as it will be after recovery: reads go through the journal,
    /// and nothing is written to `device`. For those who look at a volume
    /// below this engine, such as a checker.
    ///
    /// # Errors
    /// As [`Volume::recover`].
    pub fn recovered_view(device: Arc<dyn BlockDevice>) -> Result<Arc<dyn BlockDevice>> {
        let view: Arc<dyn BlockDevice> = Arc::new(Overlay::new(device));
        Self::recover(Arc::clone(&view))?;
        Ok(view)
    }
}

impl Engine {
    /// Looks for the journal of a session that did not end. For writing, what
    /// it committed is brought into place, and the session goes on; for
    /// reading, it is only seen. Needs `$MFT`'s first run and nothing else that
    /// a crash may have left half written.
    pub(super) fn recover(&mut self) -> Result<(RecoveryReport, Resumed)> {
        // A log that is not as it should be is an error for those who write,
        // later. One that the device did not give may hold committed work.
        let region = match self.log_region() {
            Err(error @ Error::Io(_)) => return Err(error),
            other => other.ok().flatten(),
        };
        self.store.set_region(region);
        let Some(found) = self.store.find_journal(self.geometry.serial())? else {
            return Ok((RecoveryReport::default(), Resumed::Open));
        };
        let report = RecoveryReport {
            needed: true,
            groups: found.groups,
            bytes: found.bytes(),
        };
        let mut resumed = Resumed::Open;
        let foreign = self.store.foreign_writes(&found)?;
        match (self.options.access, foreign) {
            (Access::ReadOnly, None) => self.store.look_through(found),
            (Access::ReadOnly, Some(_)) => {}
            (Access::ReadWrite, Some(offset)) => {
                return Err(Unsupported::ForeignWriter { offset }.into());
            }
            (Access::ReadWrite, None) => {
                if self.store.is_read_only() {
                    return Err(crate::error::InvalidInput::ReadOnly.into());
                }
                let clean_before = found.clean_before();
                resumed = Resumed::of(&found);
                if resumed == Resumed::AtTheEdge {
                    self.store.adopt(found);
                } else {
                    if clean_before && found.groups > 0 {
                        self.mark_before_replay()?;
                    }
                    self.store.replay(found)?;
                }
                self.session = Session::Marked { clean_before };
            }
        }
        self.cache.forget_clean();
        self.memo.clear();
        Ok((report, resumed))
    }

    /// Where `$LogFile` lies.
    fn log_region(&self) -> Result<Option<LogRegion>> {
        let key = AttrKey::unnamed(AttributeType::DATA);
        let Some(map) = self.stream_map(RecordNumber::LOG_FILE, key)? else {
            return Ok(None);
        };
        let place = Place::attribute(RecordNumber::LOG_FILE, key.type_code);
        let mut extents = Vec::new();
        for run in map.runs.runs() {
            let Some(lcn) = run.lcn else {
                return Ok(None);
            };
            let start = self.cluster_range(linkwright_ntfs_format::Lcn(lcn), run.length, place)?;
            extents.push((start, run.length * self.cluster_size()));
        }
        let region = LogRegion::new(extents, map.sizes.data.min(map.sizes.initialized))?;
        Ok(Some(region))
    }
}
