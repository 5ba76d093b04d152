//! The view indexes of `$Secure` and `$Extend`'s files.

use linkwright_ntfs_format::collation::Collation;
use linkwright_ntfs_format::index::{self, RootHeader};
use linkwright_ntfs_format::quota::{OwnerId, Quota};
use linkwright_ntfs_format::sid::Sid;
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

/// `$Quota:$Q`, by owner id: the defaults of new users, and administrators.
pub(crate) fn quota_entries(time: NtTime) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    for (id, owner) in [
        (OwnerId::DEFAULTS, None),
        (OwnerId::FIRST, Some(Sid::ADMINISTRATORS)),
    ] {
        let quota = Quota::unlimited(owner, time);
        out.extend(index::encode_view_entry(&id.encode(), &quota.encode())?);
    }
    out.extend(index::encode_last_entry(None));
    Ok(out)
}

/// `$Quota:$O`: owner ids by SID.
pub(crate) fn owner_entries() -> Result<Vec<u8>, FormatError> {
    let key = Sid::ADMINISTRATORS.encode();
    let mut out = index::encode_view_entry(&key, &OwnerId::FIRST.encode())?;
    out.extend(index::encode_last_entry(None));
    Ok(out)
}
