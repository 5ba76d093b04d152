//! How a volume is opened.

use std::sync::Arc;
use std::time::SystemTime;

use linkwright_ntfs_format::NtTime;

/// Whether the volume may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Nothing is ever written.
    #[default]
    ReadOnly,
    /// Changes are possible.
    ReadWrite,
}

/// When a finished operation is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Before the call returns: written and flushed.
    Immediate,
    /// Handed to the operating system before the call returns: survives the
    /// death of the process, not the loss of power.
    Written,
    /// In memory until [`crate::Volume::sync`] or [`crate::Volume::close`], or
    /// until the cache needs the room. Large groups are written by a thread while
    /// operations go on, and entries that calls in a row add to directories are put
    /// in together; when that fails, a later call says so.
    #[default]
    OnSync,
}

/// What to do about a volume that is marked dirty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DirtyPolicy {
    /// Refuse to write.
    #[default]
    Refuse,
    /// Write all the same; the mark stays when the volume is closed.
    Ignore,
}

/// What to do about a volume that has shadow copies (snapshots of Windows).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShadowPolicy {
    /// Refuse to write.
    #[default]
    Refuse,
    /// Write all the same. What is overwritten is not kept for the shadow
    /// copies, so that they are worth nothing afterwards.
    Ignore,
}

/// Whether new names get an 8.3 name beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShortNames {
    /// As the volume says (flag 0x0080 of `$VOLUME_INFORMATION`: none).
    #[default]
    ByVolume,
    /// None, as Windows does on data volumes since Windows 8.
    Off,
    /// One for each new name that is not itself 8.3.
    On,
}

/// Whether changes go through the journal.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JournalMode {
    /// They do.
    #[default]
    On,
    /// They are written in place. **Unsafe**: a crash leaves half of them, and
    /// a transaction must fit in memory. Only for measuring what the journal
    /// costs.
    OffForMeasurement,
}

/// Where the engine gets the time from. Handed in, so that tests and
/// reproducible images control it.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> NtTime;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> NtTime {
        NtTime::from(SystemTime::now())
    }
}

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub NtTime);

impl Clock for FixedClock {
    fn now(&self) -> NtTime {
        self.0
    }
}

/// How a volume is opened. The default reads only, with 256 MiB of cache.
#[derive(Clone)]
pub struct OpenOptions {
    /// Whether the volume may be changed.
    pub access: Access,
    /// When a finished operation is safe.
    pub durability: Durability,
    /// Bytes of file records, index blocks and bitmaps kept in memory; records
    /// that are read ahead take a sixteenth of that beside it, 64 KiB at most.
    pub cache_bytes: usize,
    /// What to do about a dirty volume.
    pub dirty: DirtyPolicy,
    /// What to do about shadow copies.
    pub shadow_copies: ShadowPolicy,
    /// Whether new names get an 8.3 name.
    pub short_names: ShortNames,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Whether changes go through the journal.
    #[doc(hidden)]
    pub journal: JournalMode,
}

/// Default of [`OpenOptions::cache_bytes`]: what is used of it grows with what
/// is touched (docs/decisions/0014).
pub const DEFAULT_CACHE_BYTES: usize = 256 << 20;

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            access: Access::ReadOnly,
            durability: Durability::OnSync,
            cache_bytes: DEFAULT_CACHE_BYTES,
            dirty: DirtyPolicy::Refuse,
            shadow_copies: ShadowPolicy::Refuse,
            short_names: ShortNames::ByVolume,
            clock: Arc::new(SystemClock),
            journal: JournalMode::On,
        }
    }
}

impl OpenOptions {
    /// Options for reading.
    #[must_use]
    pub fn read_only() -> Self {
        Self::default()
    }

    /// Options for writing.
    #[must_use]
    pub fn read_write() -> Self {
        Self {
            access: Access::ReadWrite,
            ..Self::default()
        }
    }
}

impl core::fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OpenOptions")
            .field("access", &self.access)
            .field("durability", &self.durability)
            .field("cache_bytes", &self.cache_bytes)
            .field("dirty", &self.dirty)
            .field("shadow_copies", &self.shadow_copies)
            .field("short_names", &self.short_names)
            .finish_non_exhaustive()
    }
}
