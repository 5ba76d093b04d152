//! The view indexes of `$Secure` and `$Extend`'s files.

use linkwright_ntfs_format::collation::Collation;
use linkwright_ntfs_format::index::{self, RootHeader};
use linkwright_ntfs_format::{FormatError, NtTime};

use crate::plan::Plan;

/// The header of an `$INDEX_ROOT`; `indexed_type` 0 makes a view index.
pub(crate) fn root_header(plan: &Plan, indexed_type: u32, collation: Collation) -> RootHeader {
    RootHeader {
        indexed_type: indexed_type.into(),
        collation: collation.number().into(),
        block_size: plan.geometry.index_block_size().into(),
        block_clusters: plan.geometry.clusters_per_index_block(),
        reserved: [0; 3],
    }
}

/// A view index whose entries (the last one included) fit its root.
pub(crate) fn view_root(
    plan: &Plan,
    collation: Collation,
    entries: &[u8],
) -> Result<Vec<u8>, FormatError> {
    index::encode_root(&root_header(plan, 0, collation), entries, false)
}

/// The entries of an empty index.
pub(crate) fn no_entries() -> Vec<u8> {
    index::encode_last_entry(None)
}

/// Owner ids of `$Quota`: the defaults of new users, and administrators.
const QUOTA_DEFAULTS: u32 = 1;
const QUOTA_ADMINISTRATORS: u32 = 0x100;
const ADMINISTRATORS: &[u8] = &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];

/// `$Quota:$Q`, by owner id.
pub(crate) fn quota_entries(time: NtTime) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    for (owner, sid) in [
        (QUOTA_DEFAULTS, &[][..]),
        (QUOTA_ADMINISTRATORS, ADMINISTRATORS),
    ] {
        let mut data = Vec::new();
        // Version 2; flags 1: the limits are the defaults.
        data.extend(2_u32.to_le_bytes());
        data.extend(1_u32.to_le_bytes());
        data.extend(0_u64.to_le_bytes());
        data.extend(time.0.to_le_bytes());
        // No warning threshold, no limit, never exceeded.
        data.extend([0xFF; 16]);
        data.extend(0_u64.to_le_bytes());
        data.extend(sid);
        out.extend(index::encode_view_entry(&owner.to_le_bytes(), &data)?);
    }
    out.extend(index::encode_last_entry(None));
    Ok(out)
}

/// `$Quota:$O`: owner ids by SID.
pub(crate) fn owner_entries() -> Result<Vec<u8>, FormatError> {
    let mut out = index::encode_view_entry(ADMINISTRATORS, &QUOTA_ADMINISTRATORS.to_le_bytes())?;
    out.extend(index::encode_last_entry(None));
    Ok(out)
}
