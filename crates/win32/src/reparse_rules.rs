//! What may be set as a reparse point, and what takes one away: the checks of
//! FSCTL_SET_REPARSE_POINT and FSCTL_DELETE_REPARSE_POINT in their order
//! (MS-FSA 2.1.5.10.37 and 2.1.5.10.3), over facts alone.

use linkwright_codes::NtStatus;
use linkwright_reparse::{MAX_REPARSE_BYTES, OtherReparse, ReparseBuffer, ReparseTag};

/// Bytes of REPARSE_DATA_BUFFER before its data.
pub(crate) const HEADER: usize = 8;
/// Bytes of REPARSE_GUID_DATA_BUFFER before its data.
pub(crate) const GUID_HEADER: usize = 24;

/// What is to carry the reparse point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// What it is.
    pub(crate) content: Content,
    /// It has extended attributes.
    pub(crate) has_extended_attributes: bool,
    /// The reparse point that it carries, whole.
    pub(crate) current: Option<Vec<u8>>,
}

/// The object and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A directory without entries.
    EmptyDirectory,
    /// A directory with entries.
    Directory,
    /// A file, and the length of its unnamed stream (in bytes).
    File(u64),
}

/// Whether the caller may make symbolic links
/// (`SeCreateSymbolicLinkPrivilege`, or Developer Mode).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SymlinkRight {
    /// It may.
    Held,
    /// It may not.
    Missing,
}

/// Tag and GUID of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owner {
    tag: ReparseTag,
    guid: Option<[u8; 16]>,
}

/// The checks of FSCTL_SET_REPARSE_POINT that follow those of the handle and
/// the volume.
///
/// # Errors
/// The status of the first that fails (SEMANTICS 2.6 names each).
pub(crate) fn check_set(
    input: &[u8],
    subject: &Subject,
    right: SymlinkRight,
) -> Result<(), NtStatus> {
    let new = check_set_buffer(input)?;
    let is_directory = !matches!(subject.content, Content::File(_));
    if new.tag == ReparseTag::MOUNT_POINT && !is_directory {
        return Err(NtStatus::NOT_A_DIRECTORY);
    }
    // MS-FSA says ACCESS_DENIED; what Windows tells programs is this
    // (SEMANTICS 9.13).
    if new.tag == ReparseTag::SYMLINK && right == SymlinkRight::Missing {
        return Err(NtStatus::PRIVILEGE_NOT_HELD);
    }
    match subject.content {
        // Tags with bit 28 may be on directories with entries (MS-FSCC 2.1.2.1).
        Content::Directory if !new.tag.is_directory() => return Err(NtStatus::DIRECTORY_NOT_EMPTY),
        Content::File(1..) if new.tag == ReparseTag::SYMLINK => {
            return Err(NtStatus::IO_REPARSE_DATA_INVALID);
        }
        _ => {}
    }
    match &subject.current {
        None if subject.has_extended_attributes => Err(NtStatus::EAS_NOT_SUPPORTED),
        None => Ok(()),
        Some(current) => check_same_owner(current, new),
    }
}

/// The buffer by itself.
fn check_set_buffer(input: &[u8]) -> Result<Owner, NtStatus> {
    if input.is_empty() {
        // MS-FSA says DATA_INVALID; Windows answers this (SEMANTICS 9.21).
        return Err(NtStatus::INVALID_BUFFER_SIZE);
    }
    if input.len() < HEADER || input.len() > MAX_REPARSE_BYTES {
        return Err(NtStatus::IO_REPARSE_DATA_INVALID);
    }
    let tag = check_tag(input)?;
    // Proves the data length, and a GUID where the tag needs one.
    ReparseBuffer::decode(input)
        .or_else(|error| match tag {
            // Only the two that the file system follows itself must be of
            // their form (FsRtlValidateReparsePointBuffer).
            ReparseTag::SYMLINK | ReparseTag::MOUNT_POINT => Err(error),
            _ => OtherReparse::decode(input).map(ReparseBuffer::Other),
        })
        .map(|buffer| owner(&buffer))
        .map_err(|_| NtStatus::IO_REPARSE_DATA_INVALID)
}

/// Tags 0 and 1 are nobody's (SEMANTICS 9.21).
fn check_tag(input: &[u8]) -> Result<ReparseTag, NtStatus> {
    let tag = ReparseTag::of_buffer(input).map_err(|_| NtStatus::IO_REPARSE_DATA_INVALID)?;
    match tag.is_reserved() {
        true => Err(NtStatus::IO_REPARSE_TAG_INVALID),
        false => Ok(tag),
    }
}

fn owner(buffer: &ReparseBuffer) -> Owner {
    Owner {
        tag: buffer.tag(),
        guid: match buffer {
            ReparseBuffer::Other(other) => other.guid(),
            _ => None,
        },
    }
}

/// A reparse point is changed or removed by its owner only.
fn check_same_owner(current: &[u8], new: Owner) -> Result<(), NtStatus> {
    let tag = ReparseTag::of_buffer(current).map_err(|_| NtStatus::FILE_CORRUPT_ERROR)?;
    if tag != new.tag {
        return Err(NtStatus::IO_REPARSE_TAG_MISMATCH);
    }
    let guid = OtherReparse::decode(current)
        .ok()
        .and_then(|other| other.guid());
    match guid == new.guid {
        true => Ok(()),
        false => Err(NtStatus::REPARSE_ATTRIBUTE_CONFLICT),
    }
}

/// The checks of FSCTL_DELETE_REPARSE_POINT that follow those of the handle and
/// the volume: a header alone, with the tag (and GUID) of what is there.
///
/// # Errors
/// The status of the first that fails.
pub(crate) fn check_delete(input: &[u8], current: Option<&[u8]>) -> Result<(), NtStatus> {
    if input.len() < HEADER {
        return Err(NtStatus::IO_REPARSE_DATA_INVALID);
    }
    let tag = check_tag(input)?;
    let header = match tag.is_microsoft() {
        true => HEADER,
        false => GUID_HEADER,
    };
    if input.len() != header {
        return Err(NtStatus::IO_REPARSE_DATA_INVALID);
    }
    let guid = input
        .get(HEADER..GUID_HEADER)
        .and_then(|guid| guid.try_into().ok());
    if input.get(4..6) != Some(&[0, 0]) {
        return Err(NtStatus::IO_REPARSE_DATA_INVALID);
    }
    let current = current.ok_or(NtStatus::NOT_A_REPARSE_POINT)?;
    check_same_owner(current, Owner { tag, guid })
}

/// The smallest output that FSCTL_GET_REPARSE_POINT takes for this reparse
/// point (in bytes): its header (MS-FSA 2.1.5.10.14).
#[must_use]
pub(crate) fn smallest_output(current: &[u8]) -> usize {
    match ReparseTag::of_buffer(current) {
        Ok(tag) if !tag.is_microsoft() => GUID_HEADER,
        _ => HEADER,
    }
}

#[cfg(test)]
mod tests {
    use linkwright_reparse::{MountPoint, SymbolicLink};

    use super::*;

    const VENDOR: u32 = 0x0000_0042;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn symlink(target: &str) -> Vec<u8> {
        SymbolicLink::relative(&units(target)).unwrap().encode()
    }

    fn junction() -> Vec<u8> {
        MountPoint::junction(&units("C:\\target")).unwrap().encode()
    }

    fn raw(tag: u32, after: &[u8], data: usize) -> Vec<u8> {
        let mut out = tag.to_le_bytes().to_vec();
        out.extend(u16::try_from(data).unwrap().to_le_bytes());
        out.extend([0, 0]);
        out.extend(after);
        out
    }

    fn vendor(guid: u8, data: &[u8]) -> Vec<u8> {
        raw(VENDOR, &[&[guid; 16], data].concat(), data.len())
    }

    fn file() -> Subject {
        Subject {
            content: Content::File(0),
            has_extended_attributes: false,
            current: None,
        }
    }

    fn set(input: &[u8], subject: &Subject) -> Option<NtStatus> {
        check_set(input, subject, SymlinkRight::Held).err()
    }

    fn with(content: Content) -> Subject {
        Subject { content, ..file() }
    }

    #[test]
    fn good_buffers_pass() {
        assert_eq!(set(&symlink("x"), &file()), None);
        assert_eq!(set(&junction(), &with(Content::EmptyDirectory)), None);
        assert_eq!(set(&vendor(1, b"abc"), &with(Content::File(7))), None);
    }

    #[test]
    fn sizes_come_first() {
        // Row 177, and MS-FSA for what is shorter than a header; row 179.
        assert_eq!(set(&[], &file()), Some(NtStatus::INVALID_BUFFER_SIZE));
        let data_invalid = Some(NtStatus::IO_REPARSE_DATA_INVALID);
        assert_eq!(set(&[0; 7], &file()), data_invalid);
        assert_eq!(
            set(&raw(0x8000_0014, &[0; 16_377], 16_377), &file()),
            data_invalid
        );
        assert_eq!(set(&raw(0x8000_0014, &[0; 16_376], 16_376), &file()), None);
        let mut longer = symlink("x");
        longer.push(0);
        assert_eq!(set(&longer, &file()), data_invalid);
    }

    #[test]
    fn tags_nobody_owns() {
        // Row 188, SEMANTICS 9.21.
        for tag in [0, 1] {
            assert_eq!(
                set(&raw(tag, &[], 0), &file()),
                Some(NtStatus::IO_REPARSE_TAG_INVALID)
            );
        }
        // A tag that is not Microsoft's needs its GUID.
        assert_eq!(
            set(&raw(VENDOR, &[], 0), &file()),
            Some(NtStatus::IO_REPARSE_DATA_INVALID)
        );
    }

    #[test]
    fn data_of_links_must_be_of_their_form() {
        let bad = raw(0xA000_000C, &[0xFF; 20], 20);
        assert_eq!(set(&bad, &file()), Some(NtStatus::IO_REPARSE_DATA_INVALID));
        // Other tags are their owners' business.
        assert_eq!(set(&raw(0xA000_001D, &[0xFF; 2], 2), &file()), None);
    }

    #[test]
    fn the_object_must_fit() {
        // Rows 180, 182, 183.
        assert_eq!(set(&junction(), &file()), Some(NtStatus::NOT_A_DIRECTORY));
        let filled = with(Content::Directory);
        assert_eq!(
            set(&junction(), &filled),
            Some(NtStatus::DIRECTORY_NOT_EMPTY)
        );
        assert_eq!(set(&raw(0x9000_001A, &[1], 1), &filled), None);
        assert_eq!(
            set(&symlink("x"), &with(Content::File(1))),
            Some(NtStatus::IO_REPARSE_DATA_INVALID)
        );
    }

    #[test]
    fn symbolic_links_need_the_right() {
        // Row 181, SEMANTICS 9.13; a junction needs none.
        let missing = |input: &[u8], subject: &Subject| {
            check_set(input, subject, SymlinkRight::Missing).err()
        };
        assert_eq!(
            missing(&symlink("x"), &file()),
            Some(NtStatus::PRIVILEGE_NOT_HELD)
        );
        assert_eq!(missing(&junction(), &with(Content::EmptyDirectory)), None);
        // The right is looked at before what is in the directory.
        assert_eq!(
            missing(&symlink("x"), &with(Content::Directory)),
            Some(NtStatus::PRIVILEGE_NOT_HELD)
        );
    }

    #[test]
    fn extended_attributes_forbid_a_first_reparse_point() {
        // Row 184.
        let mut subject = Subject {
            has_extended_attributes: true,
            ..file()
        };
        assert_eq!(
            set(&symlink("x"), &subject),
            Some(NtStatus::EAS_NOT_SUPPORTED)
        );
        subject.current = Some(symlink("y"));
        assert_eq!(set(&symlink("x"), &subject), None);
    }

    #[test]
    fn a_reparse_point_is_changed_by_its_owner_only() {
        // Rows 185 and 186.
        let at = |current: Vec<u8>| Subject {
            current: Some(current),
            ..file()
        };
        assert_eq!(
            set(&symlink("x"), &at(vendor(1, b""))),
            Some(NtStatus::IO_REPARSE_TAG_MISMATCH)
        );
        assert_eq!(
            set(&vendor(2, b""), &at(vendor(1, b""))),
            Some(NtStatus::REPARSE_ATTRIBUTE_CONFLICT)
        );
        assert_eq!(set(&vendor(1, b"new"), &at(vendor(1, b"old"))), None);
    }

    #[test]
    fn deleting_takes_the_header_of_what_is_there() {
        let there = symlink("x");
        let header = raw(0xA000_000C, &[], 0);
        assert_eq!(check_delete(&header, Some(&there)), Ok(()));
        // Row 198.
        assert_eq!(
            check_delete(&header, None),
            Err(NtStatus::NOT_A_REPARSE_POINT)
        );
        // Row 195.
        assert_eq!(
            check_delete(&there, Some(&there)),
            Err(NtStatus::IO_REPARSE_DATA_INVALID)
        );
        // Row 197.
        for tag in [0, 1] {
            assert_eq!(
                check_delete(&raw(tag, &[], 0), Some(&there)),
                Err(NtStatus::IO_REPARSE_TAG_INVALID)
            );
        }
        let other = raw(0xA000_0003, &[], 0);
        assert_eq!(
            check_delete(&other, Some(&there)),
            Err(NtStatus::IO_REPARSE_TAG_MISMATCH)
        );
    }

    #[test]
    fn deleting_a_vendors_tag_takes_its_guid() {
        let there = vendor(1, b"data");
        assert_eq!(check_delete(&vendor(1, b""), Some(&there)), Ok(()));
        assert_eq!(
            check_delete(&vendor(2, b""), Some(&there)),
            Err(NtStatus::REPARSE_ATTRIBUTE_CONFLICT)
        );
        // Row 190.
        assert_eq!(
            check_delete(&raw(VENDOR, &[], 0), Some(&there)),
            Err(NtStatus::IO_REPARSE_DATA_INVALID)
        );
        assert_eq!(smallest_output(&there), 24);
        assert_eq!(smallest_output(&symlink("x")), 8);
    }
}
