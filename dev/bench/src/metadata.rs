//! The floor under everything that reads a whole volume: one thread that reads
//! its file records, or all its index blocks too, in order, 1 MiB at a time,
//! and takes the fix-ups out.

use std::time::Instant;

use linkwright_device::BlockDevice;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::geometry::Geometry;
use linkwright_ntfs_format::record;
use linkwright_ntfs_format::runs::RunList;

use crate::Outcome;

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// Where a volume's records and index blocks are.
pub struct Metadata {
    geometry: Geometry,
    mft: Stretch,
    indexes: Vec<Stretch>,
}

/// Clusters of metadata, and how long its blocks are.
struct Stretch {
    runs: RunList,
    block: usize,
}

/// What reading it took.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Wall time.
    pub seconds: f64,
    /// Bytes read.
    pub bytes: u64,
}

impl Metadata {
    /// Finds them. An `$MFT` whose run list is in several records is not read
    /// to its end: a fresh volume has none.
    ///
    /// # Errors
    /// The device holds no NTFS volume, or cannot be read.
    pub fn find(device: &dyn BlockDevice) -> Outcome<Self> {
        let mut sector = [0; 512];
        device.read_at(0, &mut sector)?;
        let geometry = BootSector::decode(&sector)?.geometry()?;
        let size = usize::try_from(geometry.record_size())?;
        let block = usize::try_from(geometry.index_block_size())?;
        let mut first = vec![0; size];
        let start = geometry.cluster_offset(geometry.mft_lcn());
        device.read_at(start.ok_or("no $MFT")?, &mut first)?;
        fixup::remove(&mut first)?;
        let mft = Stretch {
            runs: runs(&first, AttributeType::DATA)
                .pop()
                .ok_or("$MFT has no data")?,
            block: size,
        };
        let mut indexes = Vec::new();
        pieces(device, &geometry, &mft, |piece| {
            for record in piece.chunks_exact_mut(size) {
                if record.starts_with(b"FILE") && fixup::remove(record).is_ok() {
                    let found = runs(record, AttributeType::INDEX_ALLOCATION);
                    indexes.extend(found.into_iter().map(|runs| Stretch { runs, block }));
                }
            }
        })?;
        Ok(Self {
            geometry,
            mft,
            indexes,
        })
    }

    /// Reads the file records.
    ///
    /// # Errors
    /// The device failed.
    pub fn read_records(&self, device: &dyn BlockDevice) -> Outcome<Reading> {
        self.read(device, std::iter::once(&self.mft))
    }

    /// Reads the file records and all index blocks.
    ///
    /// # Errors
    /// The device failed.
    pub fn read_all(&self, device: &dyn BlockDevice) -> Outcome<Reading> {
        self.read(device, std::iter::once(&self.mft).chain(&self.indexes))
    }

    fn read<'a>(
        &self,
        device: &dyn BlockDevice,
        stretches: impl Iterator<Item = &'a Stretch>,
    ) -> Outcome<Reading> {
        let start = Instant::now();
        let (mut bytes, mut sound) = (0, 0_u64);
        for stretch in stretches {
            bytes += pieces(device, &self.geometry, stretch, |piece| {
                for block in piece.chunks_exact_mut(stretch.block) {
                    sound += u64::from(fixup::remove(block).is_ok());
                }
            })?;
        }
        std::hint::black_box(sound);
        Ok(Reading {
            seconds: start.elapsed().as_secs_f64(),
            bytes,
        })
    }
}

/// The run lists of a record's attributes of this type.
fn runs(record: &[u8], wanted: AttributeType) -> Vec<RunList> {
    let views = record::attributes(record).flatten();
    let wanted = views.filter(|view| view.type_code() == wanted);
    let parts = wanted.filter_map(|view| {
        let part = view.non_resident()?;
        RunList::decode(part.pairs(), part.lowest_vcn()).ok()
    });
    parts.collect()
}

fn pieces(
    device: &dyn BlockDevice,
    geometry: &Geometry,
    stretch: &Stretch,
    mut each: impl FnMut(&mut [u8]),
) -> Outcome<u64> {
    let cluster = u64::from(geometry.cluster_size());
    let mut buffer = vec![0; PIECE];
    let mut bytes = 0;
    for run in stretch.runs.runs() {
        let Some(lcn) = run.lcn else { continue };
        let (mut at, end) = (lcn * cluster, (lcn + run.length) * cluster);
        while at < end {
            let len = usize::try_from((end - at).min(PIECE as u64))?;
            device.read_at(at, &mut buffer[..len])?;
            each(&mut buffer[..len]);
            at += len as u64;
            bytes += len as u64;
        }
    }
    Ok(bytes)
}
