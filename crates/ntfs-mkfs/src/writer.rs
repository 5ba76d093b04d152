//! Puts a planned volume onto its device.

use linkwright_device::BlockDevice;
use linkwright_ntfs_format::attr_def;
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::log::EMPTY_FILL;
use linkwright_ntfs_format::{RecordNumber, num};

use crate::bitmap::SparseBitmap;
use crate::metafiles::{Metafiles, upcase_stream};
use crate::plan::{Extent, Plan};
use crate::{FormatOptions, Medium, MkfsError, secure};

/// Bytes written at a time where a span is filled.
const CHUNK: usize = 1 << 20;

/// Writes everything but the boot sector, flushes, writes the boot sector and
/// its backup, and flushes again.
pub(crate) fn write_volume(
    device: &dyn BlockDevice,
    plan: &Plan,
    options: &FormatOptions,
) -> Result<(), MkfsError> {
    let writer = Writer { device, plan };
    if options.medium == Medium::Unknown {
        for extent in plan.extents() {
            // The log is filled anyway.
            if extent != plan.log {
                writer.fill(&extent, 0)?;
            }
        }
    }
    writer.fill(&plan.log, EMPTY_FILL)?;
    writer.put(&plan.upcase, 0, &upcase_stream())?;
    writer.put(&plan.attr_def, 0, &attr_def::encode(&attr_def::standard())?)?;
    for (offset, bytes) in secure::stream_parts()? {
        writer.put(&plan.sds, offset, &bytes)?;
    }
    let files = Metafiles::new(plan, options);
    writer.write_bitmaps(&files)?;
    writer.write_records(&files)?;
    device.flush()?;
    writer.write_boot(options)?;
    device.flush()?;
    Ok(())
}

struct Writer<'a> {
    device: &'a dyn BlockDevice,
    plan: &'a Plan,
}

impl Writer<'_> {
    /// Writes `bytes` at `offset` of the stream in `extent`.
    fn put(&self, extent: &Extent, offset: u64, bytes: &[u8]) -> Result<(), MkfsError> {
        self.device
            .write_at(self.plan.offset(extent) + offset, bytes)?;
        Ok(())
    }

    /// Fills all clusters of `extent`.
    fn fill(&self, extent: &Extent, byte: u8) -> Result<(), MkfsError> {
        let chunk = vec![byte; CHUNK];
        let len = self.plan.allocated(extent);
        let mut done = 0;
        while done < len {
            let rest = num::to_usize((len - done).min(u64::try_from(CHUNK).unwrap_or(1)))?;
            let part = chunk.get(..rest).unwrap_or(&chunk);
            self.put(extent, done, part)?;
            done += u64::try_from(part.len()).unwrap_or(len);
        }
        Ok(())
    }

    fn write_bitmaps(&self, files: &Metafiles<'_>) -> Result<(), MkfsError> {
        let plan = self.plan;
        let clusters = plan.geometry.cluster_count();
        let mut map = SparseBitmap::default();
        for extent in plan.extents() {
            map.set(extent.lcn, extent.clusters);
        }
        // Bits behind the last cluster are set.
        map.set(clusters, plan.bitmap.len * 8 - clusters);
        for (offset, bytes) in map.parts(plan.bitmap.len) {
            self.put(&plan.bitmap, offset, &bytes)?;
        }
        let mut records = SparseBitmap::default();
        for (first, count) in files.used_records() {
            records.set(first, count);
        }
        for (offset, bytes) in records.parts(plan.mft_bitmap.len) {
            self.put(&plan.mft_bitmap, offset, &bytes)?;
        }
        Ok(())
    }

    fn write_records(&self, files: &Metafiles<'_>) -> Result<(), MkfsError> {
        let plan = self.plan;
        let mut mft = Vec::new();
        for number in 0..plan.records {
            mft.extend(files.record(RecordNumber(number))?);
        }
        self.put(&plan.mft, 0, &mft)?;
        let mirrored = num::to_usize(plan.mirror.len)?;
        self.put(&plan.mirror, 0, mft.get(..mirrored).unwrap_or(&mft))?;
        self.put(&plan.root_index, 0, &files.root_block()?)
    }

    fn write_boot(&self, options: &FormatOptions) -> Result<(), MkfsError> {
        let geometry = &self.plan.geometry;
        let mut sector = BootSector::new(geometry, options.drive.hidden_sectors);
        sector
            .sectors_per_track
            .set(options.drive.sectors_per_track);
        sector.heads.set(options.drive.heads);
        let sector = sector.encode();
        self.device
            .write_at(geometry.backup_boot_offset(), &sector)?;
        self.put(&self.plan.boot, 0, &sector)
    }
}
