//! `$Secure`: the store of security descriptors and its two indexes.

use linkwright_ntfs_format::index;
use linkwright_ntfs_format::secure::{
    FIRST_SECURITY_ID, SdsEntry, SdsHeader, SiiKey, next_sds_position, sds_mirror_of,
    sds_stream_len,
};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::{FormatError, FormatErrorKind, SecurityId, num};

/// Security id of metafiles that nobody writes through the file system.
pub(crate) const READ_ONLY_ID: SecurityId = FIRST_SECURITY_ID;
/// Security id of metafiles that administrators may change.
pub(crate) const WRITABLE_ID: SecurityId = SecurityId(FIRST_SECURITY_ID.0 + 1);

/// The descriptors of a fresh volume with their places in `$SDS`.
struct Store {
    entries: Vec<(SdsHeader, Vec<u8>)>,
    /// Where the last entry ends.
    end: u64,
}

fn store() -> Result<Store, FormatError> {
    let mut store = Store {
        entries: Vec::new(),
        end: 0,
    };
    let mut id = FIRST_SECURITY_ID;
    for descriptor in [
        SecurityDescriptor::system_file_read_only(),
        SecurityDescriptor::system_file_read_write(),
    ] {
        let descriptor = descriptor.encode()?;
        let header = SdsHeader::new(&descriptor, id, 0)?;
        let offset = next_sds_position(store.end, u64::from(header.size))
            .ok_or(FormatError::new(FormatErrorKind::NoRoom, 0))?;
        let header = SdsHeader { offset, ..header };
        store.end = offset + u64::from(header.size);
        store.entries.push((header, descriptor));
        id = SecurityId(id.0 + 1);
    }
    Ok(store)
}

/// Bytes of the `$SDS` stream.
pub(crate) fn stream_len() -> Result<u64, FormatError> {
    store().map(|store| sds_stream_len(store.end))
}

/// What is not zero in `$SDS`: offsets and bytes.
pub(crate) fn stream_parts() -> Result<Vec<(u64, Vec<u8>)>, FormatError> {
    let store = store()?;
    let mut parts = Vec::new();
    for (header, descriptor) in &store.entries {
        let entry = SdsEntry {
            header: *header,
            descriptor,
        };
        let mut bytes = entry.encode();
        // The stream ends with the last entry, not with its padding.
        bytes.truncate(num::u32_to_usize(header.size)?);
        parts.push((header.offset, bytes.clone()));
        parts.push((sds_mirror_of(header.offset), bytes));
    }
    Ok(parts)
}

/// Entries of `$SII`, by security id, the last entry included.
pub(crate) fn sii_entries() -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    for (header, _) in store()?.entries {
        let key = SiiKey(header.id).encode();
        out.extend(index::encode_view_entry(&key, &header.encode())?);
    }
    out.extend(index::encode_last_entry(None));
    Ok(out)
}

/// Entries of `$SDH`, by hash, the last entry included.
pub(crate) fn sdh_entries() -> Result<Vec<u8>, FormatError> {
    let mut headers: Vec<SdsHeader> = store()?.entries.into_iter().map(|(h, _)| h).collect();
    headers.sort_by_key(|header| (header.hash, header.id));
    let mut out = Vec::new();
    for header in headers {
        let key = header.sdh_key().encode();
        out.extend(index::encode_view_entry(&key, &header.encode())?);
    }
    out.extend(index::encode_last_entry(None));
    Ok(out)
}
