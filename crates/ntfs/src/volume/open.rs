//! Opening a volume.

use std::sync::{Arc, OnceLock, RwLock};

use linkwright_device::BlockDevice;
use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::attribute::{AttributeType, StreamSizes};
use linkwright_ntfs_format::geometry::Geometry;
use linkwright_ntfs_format::{Lcn, RecordNumber};

use super::boot::read_geometry;
use super::{Beside, RecoveryReport, Spill, Volume};
use crate::alloc::{PendingFrees, Reserved};
use crate::attr::AttrKey;
use crate::cache::Cache;
use crate::dir::Waiting;
use crate::engine::{Engine, Session, State};
use crate::error::{CorruptKind, Error, Place, Result, Unsupported};
use crate::memo::Memo;
use crate::options::{Access, OpenOptions};
use crate::stream::StreamMap;
use crate::txn::{Mirror, Store};

const DATA: AttrKey<'static> = AttrKey::unnamed(AttributeType::DATA);
const BITMAP: AttrKey<'static> = AttrKey::unnamed(AttributeType::BITMAP);
const UPCASE_LEN: usize = 128 << 10;
/// Records at the start of `$MFT` that its first run must hold.
const FIRST_RECORDS: u64 = 16;

impl Volume {
    /// Opens the volume on a device. For reading, a damaged boot sector and
    /// damaged ones of the first four records are read from their copies;
    /// [`crate::VolumeInfo::substitutes`] tells.
    ///
    /// # Errors
    /// Not NTFS (named for what it is), a version or geometry that is not
    /// supported, a metafile that cannot be read; for writing also a dirty
    /// volume, a log that holds another system's work, a hibernated Windows,
    /// shadow copies.
    pub fn open(device: Arc<dyn BlockDevice>, options: OpenOptions) -> Result<Self> {
        let (engine, _) = open_engine(device, options)?;
        Ok(Self {
            engine: Arc::new(RwLock::new(engine)),
        })
    }
}

/// Opens the volume, and replays the journal of a session that did not end
/// (for writing) or looks through it (for reading).
pub(super) fn open_engine(
    device: Arc<dyn BlockDevice>,
    options: OpenOptions,
) -> Result<(Engine, RecoveryReport)> {
    let (geometry, substitutes) = read_geometry(&device, options.access)?;
    let store = Store::new(device);
    let bootstrap = bootstrap_map(&geometry);
    let mut engine = Engine {
        geometry,
        upcase: Arc::new(UpcaseTable::windows()),
        cache: Cache::new(options.cache_bytes),
        options,
        store,
        state: State::bootstrap(bootstrap),
        frames: Vec::new(),
        session: Session::Untouched,
        moment: None,
        short_names: OnceLock::new(),
        memo: Memo::default(),
        pending: PendingFrees::default(),
        reserved: Reserved::default(),
        spill: Spill::default(),
        beside: Beside::default(),
        waiting: Waiting::default(),
        substitutes,
    };
    let (report, resumed) = engine.recover()?;
    engine.load_metafiles()?;
    engine.resume(resumed)?;
    if engine.options.access == Access::ReadWrite {
        if let Err(refusal) = engine.check_may_write() {
            // A session of ours that was cut off is in place by now. Shadow
            // copies it was made in spite of are no reason to leave it open.
            if matches!(refusal, Error::Unsupported(Unsupported::ShadowCopies)) {
                engine.close()?;
            }
            return Err(refusal);
        }
        engine.state.journal = engine.load_journal()?.map(Arc::new);
    }
    Ok((engine, report))
}

/// A map that reaches the first records only.
fn bootstrap_map(geometry: &Geometry) -> StreamMap {
    let bytes = FIRST_RECORDS * u64::from(geometry.record_size());
    let clusters = bytes.div_ceil(u64::from(geometry.cluster_size()));
    let mut map = StreamMap::empty();
    map.runs.push(Some(Lcn(geometry.mft_lcn().0)), clusters);
    map.sizes = StreamSizes {
        allocated: bytes,
        data: bytes,
        initialized: bytes,
        total_allocated: None,
    };
    map
}

impl Engine {
    fn load_metafiles(&mut self) -> Result<()> {
        self.load_mft()?;
        let place = |record, type_code| Place::attribute(record, type_code);
        let missing =
            |record| place(record, AttributeType::DATA).corrupt(CorruptKind::MissingAttribute);
        let bitmap = self
            .stream_map(RecordNumber::BITMAP, DATA)?
            .ok_or_else(|| missing(RecordNumber::BITMAP))?;
        if bitmap.sizes.data.saturating_mul(8) < self.geometry.cluster_count() {
            return Err(
                place(RecordNumber::BITMAP, AttributeType::DATA).corrupt(CorruptKind::StreamSizes)
            );
        }
        self.state.bitmap = Arc::new(bitmap);
        let table = self
            .read_value(RecordNumber::UPCASE, DATA, UPCASE_LEN)?
            .ok_or_else(|| missing(RecordNumber::UPCASE))?;
        self.upcase = Arc::new(UpcaseTable::from_le_bytes(&table).map_err(|_| {
            place(RecordNumber::UPCASE, AttributeType::DATA).corrupt(CorruptKind::StreamSizes)
        })?);
        Ok(())
    }

    fn load_mft(&mut self) -> Result<()> {
        let mft = self.bootstrap_mft()?;
        self.state.mft = Arc::new(mft);
        let missing = || Place::record(RecordNumber::MFT).corrupt(CorruptKind::MissingAttribute);
        let mft = self
            .stream_map(RecordNumber::MFT, DATA)?
            .ok_or_else(missing)?;
        self.state.mft = Arc::new(mft);
        let bitmap = self
            .stream_map(RecordNumber::MFT, BITMAP)?
            .ok_or_else(missing)?;
        self.state.mft_bitmap = Arc::new(bitmap);
        let mirror = self.stream_map(RecordNumber::MFT_MIRROR, DATA)?;
        let copy = self.geometry.mirror_lcn().0 << self.geometry.cluster_shift();
        let least = 4 * u64::from(self.geometry.record_size());
        self.store.set_mirror(Mirror {
            source: self.geometry.mft_lcn().0 << self.geometry.cluster_shift(),
            copy,
            len: mirror.map_or(least, |map| {
                map.sizes.data.clamp(least, map.sizes.allocated.max(least))
            }),
        });
        Ok(())
    }

    /// `$MFT` as far as its base record maps it: enough to reach the records
    /// that hold its other extents.
    fn bootstrap_mft(&self) -> Result<StreamMap> {
        let found = self.need(RecordNumber::MFT, DATA)?;
        let place = found.place();
        let view = found.view()?;
        let part = view
            .non_resident()
            .ok_or_else(|| place.corrupt(CorruptKind::AttributeForm))?;
        let mut map = StreamMap::empty();
        map.runs
            .append_pairs(part.pairs(), 0)
            .map_err(|e| place.format(e))?;
        let reach = map.runs.end().0.saturating_mul(self.cluster_size());
        let sizes = part.sizes();
        map.sizes = StreamSizes {
            allocated: sizes.allocated.min(reach),
            data: sizes.data.min(reach),
            initialized: sizes.initialized.min(sizes.data).min(reach),
            total_allocated: None,
        };
        Ok(map)
    }
}
