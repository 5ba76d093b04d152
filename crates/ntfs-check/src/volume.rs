//! Reading: clusters by run list, records by number.

use std::cell::Cell;

use linkwright_device::{BlockDevice, DeviceError};
use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::geometry::Geometry;
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{FormatError, RecordNumber};

/// Why bytes of a stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cluster {0:#x} of the stream is not mapped")]
    Unmapped(u64),
    #[error("cluster {0:#x} lies outside the volume")]
    Outside(u64),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error("{0}")]
    Format(#[from] FormatError),
}

/// What is known about the volume before any record is looked at.
pub(crate) struct Volume<'a> {
    pub(crate) device: &'a dyn BlockDevice,
    pub(crate) geometry: Geometry,
    /// Clusters there really are: by the boot sector and by the device.
    pub(crate) clusters: u64,
    /// Where `$MFT` lies, as far as it is mapped without holes.
    pub(crate) mft: RunList,
    /// Records in it.
    pub(crate) records: u64,
    /// The volume's upper-case table.
    pub(crate) upcase: Vec<u16>,
    /// What may still be spent on attribute lists: entries and records read.
    pub(crate) lists: Cell<u64>,
    /// Bytes of index blocks that may still be read.
    pub(crate) indexes: Cell<u64>,
    /// Record 0 from the mirror, where the `$MFT`'s own is damaged.
    pub(crate) first_record: Option<Vec<u8>>,
}

/// Steps that attribute lists may take on a volume without records; each
/// record adds [`LIST_STEPS_A_RECORD`]. Lists of many files that lie in the same
/// clusters would take time without end.
const LIST_STEPS: u64 = 1 << 20;
const LIST_STEPS_A_RECORD: u64 = 64;
/// Bytes of index blocks that may be read of the smallest volume.
const INDEX_BYTES: u64 = 64 << 20;

/// Takes `amount` off what is left; false when there is less.
pub(crate) fn spend(left: &Cell<u64>, amount: u64) -> bool {
    match left.get().checked_sub(amount) {
        Some(rest) => {
            left.set(rest);
            true
        }
        None => false,
    }
}

impl<'a> Volume<'a> {
    pub(crate) fn new(device: &'a dyn BlockDevice, geometry: Geometry) -> Self {
        let on_device = device.len() >> geometry.cluster_shift();
        Self {
            device,
            geometry,
            clusters: geometry.cluster_count().min(on_device),
            mft: RunList::new(),
            records: 0,
            upcase: Vec::new(),
            lists: Cell::new(LIST_STEPS),
            // Every block is read twice at most, unless blocks are shared.
            indexes: Cell::new(device.len().saturating_mul(4).max(INDEX_BYTES)),
            first_record: None,
        }
    }

    /// Called once the number of records is known.
    pub(crate) fn allow_lists(&self) {
        let steps = self.records.saturating_mul(LIST_STEPS_A_RECORD);
        self.lists.set(steps.saturating_add(LIST_STEPS));
    }

    pub(crate) fn cluster_size(&self) -> u64 {
        u64::from(self.geometry.cluster_size())
    }

    pub(crate) fn record_size(&self) -> usize {
        usize::try_from(self.geometry.record_size()).unwrap_or(usize::MAX)
    }

    /// Folds a unit through the volume's `$UpCase`.
    pub(crate) fn fold(&self, unit: u16) -> u16 {
        self.upcase.get(usize::from(unit)).copied().unwrap_or(unit)
    }

    /// Fills `buf` from byte `offset` of a stream; holes read as zeros.
    pub(crate) fn read_runs(
        &self,
        runs: &RunList,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<(), ReadError> {
        self.clusters_of_device().read_runs(runs, offset, buf)
    }

    /// The part of the volume that other threads can have.
    pub(crate) fn clusters_of_device(&self) -> DeviceClusters<'a> {
        DeviceClusters {
            device: self.device,
            clusters: self.clusters,
            size: self.cluster_size(),
        }
    }

    /// The bytes of a record with its fix-ups removed.
    pub(crate) fn record(&self, number: RecordNumber) -> Result<Vec<u8>, ReadError> {
        let mut bytes = vec![0; self.record_size()];
        if number.0 >= self.records {
            return Err(ReadError::Unmapped(number.0));
        }
        if let (RecordNumber::MFT, Some(bytes)) = (number, &self.first_record) {
            return Ok(bytes.clone());
        }
        let offset = number.0 * u64::from(self.geometry.record_size());
        self.read_runs(&self.mft, offset, &mut bytes)?;
        fixup::remove(&mut bytes)?;
        Ok(bytes)
    }
}

/// The device as clusters.
#[derive(Clone, Copy)]
pub(crate) struct DeviceClusters<'a> {
    device: &'a dyn BlockDevice,
    clusters: u64,
    size: u64,
}

impl DeviceClusters<'_> {
    /// Fills `buf` from byte `offset` of a stream; holes read as zeros.
    pub(crate) fn read_runs(
        &self,
        runs: &RunList,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<(), ReadError> {
        let size = self.size;
        let (mut at, mut rest) = (offset, buf);
        while !rest.is_empty() {
            let vcn = at / size;
            let run = runs.lookup(vcn).ok_or(ReadError::Unmapped(vcn))?;
            let inside = at % size;
            let there = run.length.saturating_mul(size) - inside;
            let wanted = usize::try_from(there).map_or(rest.len(), |n| n.min(rest.len()));
            let (now, later) = rest.split_at_mut_checked(wanted).unwrap_or_default();
            match run.lcn {
                None => now.fill(0),
                Some(lcn) => {
                    let end = lcn.checked_add(run.length.min(wanted as u64 / size + 2));
                    if end.is_none() || lcn >= self.clusters {
                        return Err(ReadError::Outside(lcn));
                    }
                    self.device.read_at(lcn * size + inside, now)?;
                }
            }
            at = at.saturating_add(wanted as u64);
            rest = later;
        }
        Ok(())
    }
}
