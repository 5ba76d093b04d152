//! The floor under everything that reads a whole volume: one thread that reads
//! its file records, or all its index blocks too, in order, 1 MiB at a time,
//! and takes the fix-ups out.

use std::time::Instant;

use linkwright_device::BlockDevice;
use linkwright_ntfs_format::RecordNumber;
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
    mft: Vec<Stretch>,
    indexes: Vec<Stretch>,
}

/// Clusters of metadata, and how long its blocks are.
struct Stretch {
    runs: RunList,
    block: usize,
}

impl Stretch {
    fn clusters(&self) -> u64 {
        self.runs.runs().iter().map(|run| run.length).sum()
    }
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
    /// Finds them.
    ///
    /// # Errors
    /// The device holds no NTFS volume, or cannot be read.
    pub fn find(device: &dyn BlockDevice) -> Outcome<Self> {
        let mut sector = [0; 512];
        device.read_at(0, &mut sector)?;
        let geometry = BootSector::decode(&sector)?.geometry()?;
        let mft = mft(device, &geometry)?;
        let size = usize::try_from(geometry.record_size())?;
        let block = usize::try_from(geometry.index_block_size())?;
        let mut indexes = Vec::new();
        for stretch in &mft {
            pieces(device, &geometry, stretch, |piece| {
                for record in records(piece, size) {
                    let found = runs(record, AttributeType::INDEX_ALLOCATION);
                    indexes.extend(found.into_iter().map(|runs| Stretch { runs, block }));
                }
            })?;
        }
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
        self.read(device, self.mft.iter())
    }

    /// Reads the file records and all index blocks.
    ///
    /// # Errors
    /// The device failed.
    pub fn read_all(&self, device: &dyn BlockDevice) -> Outcome<Reading> {
        self.read(device, self.mft.iter().chain(&self.indexes))
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

/// The parts of `$MFT`: that in record 0, and what is in extension records,
/// which the first part holds.
fn mft(device: &dyn BlockDevice, geometry: &Geometry) -> Outcome<Vec<Stretch>> {
    let block = usize::try_from(geometry.record_size())?;
    let mut first = vec![0; block];
    let start = geometry.cluster_offset(geometry.mft_lcn());
    device.read_at(start.ok_or("no $MFT")?, &mut first)?;
    fixup::remove(&mut first)?;
    let stretch = |runs| Stretch { runs, block };
    let mut parts: Vec<Stretch> = runs(&first, AttributeType::DATA)
        .into_iter()
        .map(stretch)
        .collect();
    let in_record = parts.first().ok_or("$MFT has no data")?;
    let mut further = Vec::new();
    pieces(device, geometry, in_record, |piece| {
        for record in records(piece, block) {
            let base = record::header(record).ok().and_then(|header| header.base());
            if base.is_some_and(|base| base.record() == RecordNumber::MFT) {
                let found = runs(record, AttributeType::DATA);
                further.extend(found.into_iter().map(stretch));
            }
        }
    })?;
    parts.append(&mut further);
    let found: u64 = parts.iter().map(Stretch::clusters).sum();
    match found * u64::from(geometry.cluster_size()) >= allocated(&first)? {
        true => Ok(parts),
        false => Err("not all of $MFT was found".into()),
    }
}

/// The bytes that record 0 says `$MFT` has.
fn allocated(first: &[u8]) -> Outcome<u64> {
    let mut views = record::attributes(first).flatten();
    let data = views.find(|view| view.type_code() == AttributeType::DATA);
    let part = data.and_then(|view| view.non_resident());
    Ok(part.ok_or("$MFT has no data")?.sizes().allocated)
}

/// The sound records of a piece, their fix-ups taken out.
fn records(piece: &mut [u8], size: usize) -> impl Iterator<Item = &mut [u8]> {
    let records = piece.chunks_exact_mut(size);
    records.filter_map(|record| {
        let sound = record.starts_with(b"FILE") && fixup::remove(record).is_ok();
        sound.then_some(record)
    })
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
