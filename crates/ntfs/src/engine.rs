//! The state of an open volume, which all layers of the engine work on, and
//! the frames that make operations atomic in memory.
//!
//! [`Engine`] stands behind the lock of [`crate::Volume`]: readers share it,
//! one writer at a time has it alone. Each layer adds its functions in its own
//! folder; a layer calls only those below it (docs/ARCHITECTURE.md).

use std::sync::{Arc, OnceLock};

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::geometry::Geometry;
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{NtTime, RecordNumber};

use crate::alloc::{PendingFrees, RecordCursor, Reserved};
use crate::cache::Cache;
use crate::dir::Waiting;
use crate::error::{Error, InvalidInput, Result};
use crate::memo::Memo;
use crate::meta::SecurityCache;
use crate::options::{Access, OpenOptions};
use crate::stream::StreamMap;
use crate::txn::Store;
use crate::usn::{Change, Journal};
use crate::volume::{Beside, Spill, Substitutes};

/// See the module's text.
pub(crate) struct Engine {
    pub(crate) geometry: Geometry,
    pub(crate) upcase: Arc<UpcaseTable>,
    pub(crate) options: OpenOptions,
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) state: State,
    pub(crate) frames: Vec<State>,
    pub(crate) session: Session,
    /// The time of the operation under way: all that it writes says the same.
    pub(crate) moment: Option<NtTime>,
    /// Whether the volume says that new names get an 8.3 name.
    pub(crate) short_names: OnceLock<bool>,
    /// What was decoded from blocks.
    pub(crate) memo: Memo,
    /// Clusters freed since the device was last known to be durable.
    pub(crate) pending: PendingFrees,
    /// Clusters in use in memory only.
    pub(crate) reserved: Reserved,
    /// Those that hold dirty blocks.
    pub(crate) spill: Spill,
    /// The group that is committed beside the caller.
    pub(crate) beside: Beside,
    /// Entries that wait for their places in directories.
    pub(crate) waiting: Waiting,
    /// What was damaged and read from its copy while opening.
    pub(crate) substitutes: Substitutes,
}

/// What is known beside the blocks, and must go back with them when an
/// operation fails: cheap to clone.
#[derive(Clone)]
pub(crate) struct State {
    /// Where the search for free clusters goes on.
    pub(crate) cluster_cursor: u64,
    /// Where the search for free records goes on.
    pub(crate) record_cursor: RecordCursor,
    /// Records that this session formatted and nobody took.
    pub(crate) formatted: core::ops::Range<u64>,
    /// How many of [`Engine::pending`] there are.
    pub(crate) pending_len: usize,
    /// How many of [`Engine::waiting`].
    pub(crate) waiting_len: usize,
    /// What most operations leave as it is.
    steady: Arc<Steady>,
}

/// The part of [`State`] that frames share until it changes.
#[derive(Clone)]
pub(crate) struct Steady {
    /// `$MFT`'s stream.
    pub(crate) mft: Arc<StreamMap>,
    /// `$MFT`'s bitmap.
    pub(crate) mft_bitmap: Arc<StreamMap>,
    /// `$Bitmap`'s stream.
    pub(crate) bitmap: Arc<StreamMap>,
    /// Descriptors looked up or made.
    pub(crate) security: Arc<SecurityCache>,
    /// The change journal, where one is active and the volume open for writing.
    pub(crate) journal: Option<Arc<Journal>>,
    /// What the operation under way changed, for the journal.
    pub(crate) changes: Vec<Change>,
}

impl core::ops::Deref for State {
    type Target = Steady;

    fn deref(&self) -> &Steady {
        &self.steady
    }
}

impl core::ops::DerefMut for State {
    fn deref_mut(&mut self) -> &mut Steady {
        Arc::make_mut(&mut self.steady)
    }
}

impl State {
    /// A state that knows `$MFT`'s first run only.
    pub(crate) fn bootstrap(mft: StreamMap) -> Self {
        let empty = Arc::new(StreamMap::empty());
        Self {
            cluster_cursor: 0,
            record_cursor: RecordCursor::default(),
            formatted: 0..0,
            pending_len: 0,
            waiting_len: 0,
            steady: Arc::new(Steady {
                mft: Arc::new(mft),
                mft_bitmap: Arc::clone(&empty),
                bitmap: empty,
                security: Arc::default(),
                journal: None,
                changes: Vec::new(),
            }),
        }
    }

    /// The runs of `$MFT`.
    pub(crate) fn mft_runs(&self) -> &RunList {
        &self.mft.runs
    }
}

/// What this session did to the marks of the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Session {
    /// Nothing was written yet.
    Untouched,
    /// The volume is marked as open; `clean_before` says whether closing may
    /// take the mark away.
    Marked {
        /// The volume was clean when this session began.
        clean_before: bool,
    },
}

impl Engine {
    /// Bytes of a cluster.
    pub(crate) fn cluster_size(&self) -> u64 {
        u64::from(self.geometry.cluster_size())
    }

    /// Bytes of a file record.
    pub(crate) fn record_size(&self) -> usize {
        // 512 to 4,096: checked when the boot sector was read.
        usize::try_from(self.geometry.record_size()).unwrap_or(0)
    }

    /// Clusters that hold `bytes`.
    pub(crate) fn clusters_for(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.cluster_size())
    }

    /// Number of file records in `$MFT`.
    pub(crate) fn record_count(&self) -> u64 {
        // A power of two: checked when the boot sector was read.
        self.state.mft.sizes.initialized >> self.geometry.record_size().trailing_zeros()
    }

    /// The time of the operation under way.
    pub(crate) fn now(&self) -> NtTime {
        self.moment.unwrap_or_else(|| self.options.clock.now())
    }

    /// Refuses when the volume may not be changed.
    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.options.access == Access::ReadOnly {
            return Err(InvalidInput::ReadOnly.into());
        }
        self.store.check_latch()
    }

    /// Opens a frame: everything until [`Self::keep_frame`] or
    /// [`Self::undo_frame`] belongs to it.
    pub(crate) fn begin_frame(&mut self) {
        self.cache.begin();
        self.frames.push(self.state.clone());
    }

    /// Keeps the work of the innermost frame.
    pub(crate) fn keep_frame(&mut self) {
        self.cache.keep();
        self.frames.pop();
    }

    /// Takes the work of the innermost frame back.
    pub(crate) fn undo_frame(&mut self) {
        self.cache.undo();
        self.memo.clear();
        if let Some(state) = self.frames.pop() {
            self.state = state;
        }
        self.pending.truncate(self.state.pending_len);
        self.waiting.truncate(self.state.waiting_len);
        if self.frames.is_empty() && self.cache.load().spilled == 0 {
            self.give_spill_back();
        }
    }

    /// Runs one operation whole or not at all. When clusters ran out while
    /// freed ones wait for the device to be durable, they are made available,
    /// in a transaction those that were freed before it began, and the
    /// operation is tried once more.
    pub(crate) fn operation<T>(&mut self, run: impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        self.check_writable()?;
        self.moment = Some(self.options.clock.now());
        let run = |engine: &mut Self| {
            let value = run(engine)?;
            engine.close_changes()?;
            Ok(value)
        };
        let result = match self.framed(&run) {
            Err(Error::DiskFull) => self.again_with_space(&run),
            result => result,
        };
        self.moment = None;
        result
    }

    /// Runs an operation that found the volume full once more, if there is more
    /// space now.
    fn again_with_space<T>(&mut self, run: &impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        let more = if self.cache.in_frame() {
            self.release_earlier()?
        } else {
            let held = self.holds_space();
            if held {
                self.release_space()?;
            }
            held
        };
        match more {
            true => self.framed(run),
            false => Err(Error::DiskFull),
        }
    }

    /// Runs part of an operation whole or not at all.
    pub(crate) fn framed<T>(&mut self, run: &impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        self.begin_frame();
        let result = run(self);
        self.end_frame(result)
    }

    /// Keeps the innermost frame's work when it went well and memory and, at
    /// the outermost one, the journal can take it; else takes it back.
    pub(crate) fn end_frame<T, E: From<Error>>(&mut self, result: Result<T, E>) -> Result<T, E> {
        let result = match result {
            Ok(value) => {
                let room = match self.frames.len() {
                    1 => self.check_journal_room(),
                    _ => self.relieve_memory(),
                };
                room.map(|()| value).map_err(E::from)
            }
            failed => failed,
        };
        match result {
            Ok(_) => self.keep_frame(),
            Err(_) => self.undo_frame(),
        }
        result
    }

    /// Records 0 to 15 and the root are the volume's own.
    pub(crate) fn is_metafile(record: RecordNumber) -> bool {
        record.0 < 16
    }
}
