//! Where `$MFT` lies: what every floor of reading it needs.

use linkwright_device::BlockDevice;
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::geometry::Geometry;
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{RecordNumber, fixup, record};

use crate::Outcome;

/// Records that are kept for `$MFT`'s own extension records.
const EXTENSIONS: std::ops::Range<u64> = 16..24;

/// All clusters of `$MFT`, those that its extension records tell of among them.
///
/// # Errors
/// The volume cannot be read, or the extension records are elsewhere.
pub fn mft_extents(device: &dyn BlockDevice, geometry: &Geometry) -> Outcome<RunList> {
    let size = u64::from(geometry.record_size());
    let start = geometry
        .cluster_offset(geometry.mft_lcn())
        .ok_or("no $MFT")?;
    let mut extents = Vec::new();
    let mut wanted = 0;
    for number in std::iter::once(0).chain(EXTENSIONS) {
        let mut bytes = vec![0; usize::try_from(size)?];
        device.read_at(start + number * size, &mut bytes)?;
        if fixup::remove(&mut bytes).is_err() {
            continue;
        }
        let header = record::header(&bytes)?;
        let own = number == 0
            || header
                .base()
                .is_some_and(|base| base.record() == RecordNumber::MFT);
        if !own {
            continue;
        }
        for view in record::attributes(&bytes).flatten() {
            if let (AttributeType::DATA, Some(part)) = (view.type_code(), view.non_resident()) {
                if part.lowest_vcn() == 0 {
                    wanted = part.sizes().allocated / u64::from(geometry.cluster_size());
                }
                extents.push((part.lowest_vcn(), part.pairs().to_vec()));
            }
        }
    }
    extents.sort_unstable();
    let mut runs = RunList::new();
    for (lowest, pairs) in extents {
        runs.append_pairs(&pairs, lowest)?;
    }
    match runs.end().0 == wanted {
        true => Ok(runs),
        false => Err("not all of $MFT was found".into()),
    }
}
