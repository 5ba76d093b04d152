//! File records: header, iteration over attributes, editing in place.
//!
//! The functions here work on the bytes of one record with its fix-ups removed
//! (see [`crate::fixup`]). Invariants kept by every edit: attributes are
//! 8-aligned and followed by the end mark; `used` is the offset of the end mark
//! plus 8; bytes behind `used` are zero.
//!
//! Source: libfsntfs documentation, "MFT entry header".

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::attribute::{
    AttributeType, AttributeView, Identity, SIZES_OFFSET, StreamSizes, put_resident, resident_len,
};
use crate::error::{FormatError, FormatErrorKind};
use crate::fixup;
use crate::ids::{FileReference, RecordNumber, SequenceNumber};
use crate::num;

/// Signature of a record in order.
pub const SIGNATURE: [u8; 4] = *b"FILE";
/// Signature that chkdsk puts on a record it could not read.
pub const BAD_SIGNATURE: [u8; 4] = *b"BAAD";

/// The header of a file record (NTFS 3.1 layout).
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
pub struct RecordHeader {
    /// `FILE`.
    pub signature: [u8; 4],
    /// Offset of the update sequence array.
    pub usa_offset: U16,
    /// Entries of the update sequence array.
    pub usa_count: U16,
    /// Log sequence number of the last logged change.
    pub lsn: U64,
    /// Sequence number.
    pub sequence: U16,
    /// Number of `$FILE_NAME` attributes, DOS names included.
    pub link_count: U16,
    /// Offset of the first attribute.
    pub attributes_offset: U16,
    /// [`RecordFlags`].
    pub flags: U16,
    /// Bytes in use: offset of the end mark plus 8.
    pub used: U32,
    /// Bytes of the record.
    pub allocated: U32,
    /// The base record, in an extension record; 0 otherwise.
    pub base: U64,
    /// The next attribute's instance number.
    pub next_instance: U16,
    /// Reserved.
    pub reserved: U16,
    /// The record's own number (low 32 bits).
    pub number: U32,
}

/// Bytes of [`RecordHeader`], and where its update sequence array starts.
pub const HEADER_LEN: usize = 0x30;
const _: () = assert!(size_of::<RecordHeader>() == HEADER_LEN);

/// The end mark: its type code and four bytes that nothing reads.
const END_LEN: usize = 8;

bitflags::bitflags! {
    /// Flags of a file record.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct RecordFlags: u16 {
        /// In use.
        const IN_USE = 0x0001;
        /// A directory: it has a file-name index.
        const DIRECTORY = 0x0002;
        /// A file of `$Extend`.
        const IN_EXTEND = 0x0004;
        /// Has an index other than of file names.
        const VIEW_INDEX = 0x0008;
        const _ = !0;
    }
}

impl RecordHeader {
    /// Flags.
    #[must_use]
    pub fn flags(&self) -> RecordFlags {
        RecordFlags::from_bits_retain(self.flags.get())
    }

    /// Sequence number.
    #[must_use]
    pub fn sequence(&self) -> SequenceNumber {
        SequenceNumber(self.sequence.get())
    }

    /// The base record when this is an extension record.
    #[must_use]
    pub fn base(&self) -> Option<FileReference> {
        match self.base.get() {
            0 => None,
            raw => Some(FileReference::from_raw(raw)),
        }
    }
}

/// The header of a record.
///
/// # Errors
/// Fewer bytes than a header.
#[inline]
pub fn header(record: &[u8]) -> Result<&RecordHeader, FormatError> {
    RecordHeader::ref_from_prefix(record)
        .map(|(header, _)| header)
        .map_err(|_| FormatError::new(FormatErrorKind::Truncated, 0))
}

/// The header of a record, to be changed.
///
/// # Errors
/// Fewer bytes than a header.
#[inline]
pub fn header_mut(record: &mut [u8]) -> Result<&mut RecordHeader, FormatError> {
    RecordHeader::mut_from_prefix(record)
        .map(|(header, _)| header)
        .map_err(|_| FormatError::new(FormatErrorKind::Truncated, 0))
}

/// Checks signature, sizes and the whole attribute chain of a record whose
/// fix-ups were removed. Functions that edit rely on this having passed.
///
/// # Errors
/// The first thing that cannot be right.
pub fn validate(record: &[u8]) -> Result<(), FormatError> {
    validate_header(record)?;
    for attribute in attributes(record) {
        attribute?;
    }
    Ok(())
}

/// The part of [`validate`] that looks at the header only.
///
/// # Errors
/// The first thing that cannot be right.
pub fn validate_header(record: &[u8]) -> Result<(), FormatError> {
    let header = header(record)?;
    if header.signature != SIGNATURE {
        return Err(FormatError::new(FormatErrorKind::Signature, 0));
    }
    let used = num::u32_to_usize(header.used.get())?;
    if used > record.len() || !used.is_multiple_of(8) {
        return Err(FormatError::new(FormatErrorKind::Length, 0x18));
    }
    if num::u32_to_usize(header.allocated.get())? != record.len() {
        return Err(FormatError::new(FormatErrorKind::Length, 0x1C));
    }
    let first = usize::from(header.attributes_offset.get());
    let least = usize::from(header.usa_offset.get())
        .saturating_add(usize::from(header.usa_count.get()).saturating_mul(2));
    if first < least || !first.is_multiple_of(8) || first >= used {
        return Err(FormatError::new(FormatErrorKind::Offset, 0x14));
    }
    Ok(())
}

/// Iterates over the attributes of a record; ends after the end mark or the
/// first error.
#[must_use]
#[inline]
pub fn attributes(record: &[u8]) -> Attributes<'_> {
    let (first, used) = match header(record) {
        Ok(header) => (
            usize::from(header.attributes_offset.get()),
            usize::try_from(header.used.get()).unwrap_or(usize::MAX),
        ),
        Err(_) => (0, 0),
    };
    Attributes {
        // Attributes cannot reach behind `used`.
        bytes: record.get(..used).unwrap_or(record),
        next: Some(first),
    }
}

/// Iterator over the attributes of a record.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    bytes: &'a [u8],
    next: Option<usize>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<AttributeView<'a>, FormatError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.next.take()?;
        let type_code = match num::u32_at(self.bytes, offset) {
            Ok(code) => code,
            Err(error) => return Some(Err(error)),
        };
        if type_code == AttributeType::END.0 {
            return None;
        }
        let view = AttributeView::at(self.bytes, offset);
        if let Ok(view) = &view {
            // Each attribute is at least a header long, so this ends.
            self.next = offset.checked_add(view.len());
        }
        Some(view)
    }
}

/// Where attributes of a fresh record of `len` bytes start.
#[must_use]
pub const fn first_attribute_offset(len: usize) -> usize {
    (HEADER_LEN + fixup::entries_for(len) * 2).next_multiple_of(8)
}

/// Bytes of a record of `len` bytes that attributes cannot have.
#[must_use]
pub const fn least_len(len: usize) -> usize {
    first_attribute_offset(len) + END_LEN
}

/// What a new record says of itself.
#[derive(Debug, Clone, Copy)]
pub struct NewRecord {
    /// Its number.
    pub number: RecordNumber,
    /// Its sequence number.
    pub sequence: SequenceNumber,
    /// Its flags.
    pub flags: RecordFlags,
    /// Its base record when it is an extension record.
    pub base: Option<FileReference>,
}

/// What a record says its number is.
#[must_use]
pub fn low_number(number: RecordNumber) -> U32 {
    U32::new(u32::try_from(number.0 & 0xFFFF_FFFF).unwrap_or(0))
}

/// Fills `record` with an empty record: header, update sequence array, end
/// mark. The update sequence number found in an old record is carried on.
///
/// # Errors
/// A length that is not a multiple of 512 or too small for a record.
pub fn format(record: &mut [u8], new: &NewRecord) -> Result<(), FormatError> {
    let len = record.len();
    let first = first_attribute_offset(len);
    if len == 0 || !len.is_multiple_of(fixup::STRIDE) || first + END_LEN > fixup::STRIDE - 2 {
        return Err(FormatError::new(FormatErrorKind::Length, 0));
    }
    let number = match record.get(..4) {
        Some(signature) if *signature == SIGNATURE => num::u16_at(record, HEADER_LEN)?,
        _ => 0,
    };
    record.fill(0);
    let header = RecordHeader {
        signature: SIGNATURE,
        usa_offset: U16::new(num::to_u16(HEADER_LEN)?),
        usa_count: U16::new(num::to_u16(fixup::entries_for(len))?),
        lsn: U64::new(0),
        sequence: U16::new(new.sequence.0),
        link_count: U16::new(0),
        attributes_offset: U16::new(num::to_u16(first)?),
        flags: U16::new(new.flags.bits()),
        used: U32::new(num::to_u32(first + END_LEN)?),
        allocated: U32::new(num::to_u32(len)?),
        base: U64::new(new.base.map_or(0, FileReference::raw)),
        next_instance: U16::new(0),
        reserved: U16::new(0),
        number: low_number(new.number),
    };
    num::put(record, 0, header.as_bytes())?;
    num::put(record, HEADER_LEN, &number.max(1).to_le_bytes())?;
    num::put(record, first, &AttributeType::END.0.to_le_bytes())
}

/// Offset of the end mark.
///
/// # Errors
/// A `used` field that cannot be right.
#[inline]
pub fn end_offset(record: &[u8]) -> Result<usize, FormatError> {
    num::u32_to_usize(header(record)?.used.get())?
        .checked_sub(END_LEN)
        .filter(|end| *end + END_LEN <= record.len())
        .ok_or(FormatError::new(FormatErrorKind::Length, 0x18))
}

/// Bytes that more attributes can take.
///
/// # Errors
/// A `used` field that cannot be right.
#[inline]
pub fn free_space(record: &[u8]) -> Result<usize, FormatError> {
    let end = end_offset(record)?;
    Ok(record.len() - END_LEN - end)
}

/// Takes the next instance number of the record.
///
/// # Errors
/// Fewer bytes than a header.
pub fn take_instance(record: &mut [u8]) -> Result<u16, FormatError> {
    let instance = free_instance(record, header(record)?.next_instance.get());
    header_mut(record)?.next_instance = U16::new(instance.wrapping_add(1));
    Ok(instance)
}

/// The first instance number from `next` on that no attribute has.
fn free_instance(record: &[u8], next: u16) -> u16 {
    // The counter wraps in records that lived long: search a free number then.
    let mut instance = next;
    while attributes(record)
        .flatten()
        .any(|a| a.instance() == instance)
    {
        instance = instance.wrapping_add(1);
    }
    instance
}

/// Where an attribute goes in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// In front of the attribute, or of the end mark, that is here.
    pub offset: usize,
    /// The instance number that it takes.
    pub instance: u16,
}

/// The place of a new attribute, in one walk: in front of the first attribute
/// that `is_behind` says belongs behind it.
///
/// # Errors
/// The attributes are not in order.
pub fn spot(
    record: &[u8],
    is_behind: impl Fn(&AttributeView<'_>) -> bool,
) -> Result<Spot, FormatError> {
    let mut instance = header(record)?.next_instance.get();
    let (mut offset, mut taken) = (None, false);
    for attribute in attributes(record) {
        let attribute = attribute?;
        taken |= attribute.instance() == instance;
        if offset.is_none() && is_behind(&attribute) {
            offset = Some(attribute.offset());
        }
    }
    if taken {
        instance = free_instance(record, instance);
    }
    let offset = match offset {
        Some(offset) => offset,
        None => end_offset(record)?,
    };
    Ok(Spot { offset, instance })
}

/// Puts a resident attribute in its place. The bytes from there on change, and
/// the header.
///
/// # Errors
/// [`FormatErrorKind::NoRoom`] when it does not fit; the record is unchanged.
pub fn insert_resident(
    record: &mut [u8],
    offset: usize,
    id: &Identity<'_>,
    value: &[u8],
) -> Result<(), FormatError> {
    let len = resident_len(id.name.len(), value.len());
    shift(record, offset, 0, len)?;
    put_resident(num::slice_mut(record, offset, len)?, id, value)?;
    header_mut(record)?.next_instance = U16::new(id.instance.wrapping_add(1));
    Ok(())
}

/// Puts a resident attribute behind all others.
///
/// # Errors
/// As [`insert_resident`].
pub fn append_resident(
    record: &mut [u8],
    id: &Identity<'_>,
    value: &[u8],
) -> Result<(), FormatError> {
    insert_resident(record, end_offset(record)?, id, value)
}

/// Opens a gap of `len` bytes at `offset` (or closes one of `-len`), moving
/// what follows and keeping `used` right.
fn shift(
    record: &mut [u8],
    offset: usize,
    old_len: usize,
    new_len: usize,
) -> Result<(), FormatError> {
    let used = end_offset(record)? + END_LEN;
    let tail = offset
        .checked_add(old_len)
        .filter(|tail| *tail <= used - END_LEN)
        .ok_or(FormatError::new(FormatErrorKind::Offset, offset))?;
    let new_tail = offset
        .checked_add(new_len)
        .ok_or(FormatError::new(FormatErrorKind::NoRoom, offset))?;
    let new_used = new_tail
        .checked_add(used - tail)
        .filter(|new_used| *new_used <= record.len())
        .ok_or(FormatError::new(FormatErrorKind::NoRoom, offset))?;
    record.copy_within(tail..used, new_tail);
    if let Some(cleared) = record.get_mut(new_used..used) {
        cleared.fill(0);
    }
    header_mut(record)?.used = U32::new(num::to_u32(new_used)?);
    Ok(())
}

/// Inserts an encoded attribute before the one at `offset` (or before the end
/// mark).
///
/// # Errors
/// [`FormatErrorKind::NoRoom`] when it does not fit; the record is unchanged.
pub fn insert(record: &mut [u8], offset: usize, attribute: &[u8]) -> Result<(), FormatError> {
    if !attribute.len().is_multiple_of(8) {
        return Err(FormatError::new(FormatErrorKind::Length, offset));
    }
    shift(record, offset, 0, attribute.len())?;
    num::put(record, offset, attribute)
}

/// Removes the attribute at `offset`.
///
/// # Errors
/// No valid attribute stands there.
pub fn remove(record: &mut [u8], offset: usize) -> Result<(), FormatError> {
    let len = AttributeView::at(record, offset)?.len();
    shift(record, offset, len, 0)
}

/// Puts another encoded attribute in the place of the one at `offset`.
///
/// # Errors
/// [`FormatErrorKind::NoRoom`] when it does not fit; the record is unchanged.
pub fn replace(record: &mut [u8], offset: usize, attribute: &[u8]) -> Result<(), FormatError> {
    if !attribute.len().is_multiple_of(8) {
        return Err(FormatError::new(FormatErrorKind::Length, offset));
    }
    let len = AttributeView::at(record, offset)?.len();
    shift(record, offset, len, attribute.len())?;
    num::put(record, offset, attribute)
}

/// Changes the length of the resident value at `offset`; new bytes are zero.
///
/// # Errors
/// [`FormatErrorKind::NoRoom`] when it does not fit (the record is unchanged),
/// [`FormatErrorKind::Value`] when the attribute is not resident.
pub fn resize_resident(
    record: &mut [u8],
    offset: usize,
    value_len: usize,
) -> Result<(), FormatError> {
    let view = AttributeView::at(record, offset)?;
    let not_resident = FormatError::new(FormatErrorKind::Value, offset);
    let value_offset = view.resident_value_offset().ok_or(not_resident)?;
    let old_value = view.resident_value().ok_or(not_resident)?.len();
    let old_len = view.len();
    let new_len = num::align8(value_offset - offset + value_len)?;
    shift(record, offset, old_len, new_len)?;
    if new_len > old_len {
        // The moved tail left its old bytes behind in the gap.
        num::slice_mut(record, offset + old_len, new_len - old_len)?.fill(0);
    }
    let kept = old_value.min(value_len);
    num::slice_mut(
        record,
        value_offset + kept,
        offset + new_len - value_offset - kept,
    )?
    .fill(0);
    num::put(record, offset + 4, &num::to_u32(new_len)?.to_le_bytes())?;
    num::put(
        record,
        offset + 0x10,
        &num::to_u32(value_len)?.to_le_bytes(),
    )
}

/// Writes the data size and the initialized size of the stream whose first extent
/// is the attribute at `offset`, which lies behind its fixed part unchanged.
///
/// # Errors
/// No first extent of a stream stands there.
pub fn set_data_size(record: &mut [u8], offset: usize, size: u64) -> Result<(), FormatError> {
    let view = AttributeView::at(record, offset)?;
    let first = view
        .non_resident()
        .is_some_and(|part| part.lowest_vcn() == 0);
    if !first {
        return Err(FormatError::new(FormatErrorKind::Value, offset));
    }
    let [data, initialized] = [1, 2].map(|n| offset + SIZES_OFFSET + n * size_of::<u64>());
    num::put(record, data, &size.to_le_bytes())?;
    num::put(record, initialized, &size.to_le_bytes())
}

/// Writes the sizes of the stream whose first extent is the attribute at
/// `offset`.
///
/// # Errors
/// No first extent of a stream stands there.
pub fn set_sizes(record: &mut [u8], offset: usize, sizes: &StreamSizes) -> Result<(), FormatError> {
    let view = AttributeView::at(record, offset)?;
    let first = view
        .non_resident()
        .is_some_and(|part| part.lowest_vcn() == 0);
    if !first || view.flags().has_total_allocated() != sizes.total_allocated.is_some() {
        return Err(FormatError::new(FormatErrorKind::Value, offset));
    }
    let fields = [sizes.allocated, sizes.data, sizes.initialized];
    let total = sizes.total_allocated;
    let mut at = offset + SIZES_OFFSET;
    for size in fields.into_iter().chain(total) {
        num::put(record, at, &size.to_le_bytes())?;
        at += size_of::<u64>();
    }
    Ok(())
}

/// Overwrites part of the resident value at `offset` of the record.
///
/// # Errors
/// The range leaves the value.
pub fn write_resident(
    record: &mut [u8],
    offset: usize,
    at: usize,
    bytes: &[u8],
) -> Result<(), FormatError> {
    let view = AttributeView::at(record, offset)?;
    let range = FormatError::new(FormatErrorKind::Offset, offset);
    let start = view.resident_value_offset().ok_or(range)?;
    let len = view.resident_value().ok_or(range)?.len();
    if at.checked_add(bytes.len()).is_none_or(|end| end > len) {
        return Err(range);
    }
    num::put(record, start + at, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::{AttributeFlags, Identity, encode_resident};

    fn empty(len: usize) -> Vec<u8> {
        let mut record = vec![0; len];
        let new = NewRecord {
            number: RecordNumber(40),
            sequence: SequenceNumber(3),
            flags: RecordFlags::IN_USE,
            base: None,
        };
        format(&mut record, &new).unwrap();
        record
    }

    fn data(name: &[u16], instance: u16, value: &[u8]) -> Vec<u8> {
        let id = Identity {
            type_code: AttributeType::DATA,
            name,
            flags: AttributeFlags::empty(),
            instance,
        };
        encode_resident(&id, value).unwrap()
    }

    fn values(record: &[u8]) -> Vec<Vec<u8>> {
        attributes(record)
            .map(|a| a.unwrap().resident_value().unwrap().to_vec())
            .collect()
    }

    #[test]
    fn fresh_records_have_the_documented_layout() {
        for (len, first) in [(1024, 0x38), (4096, 0x48)] {
            let record = empty(len);
            validate(&record).unwrap();
            assert_eq!(
                usize::from(header(&record).unwrap().attributes_offset.get()),
                first
            );
            assert_eq!(header(&record).unwrap().used.get() as usize, first + 8);
            assert_eq!(attributes(&record).count(), 0);
        }
    }

    #[test]
    fn edits_keep_neighbours_and_used() {
        let mut record = empty(1024);
        let first = end_offset(&record).unwrap();
        insert(&mut record, first, &data(&[], 0, b"one")).unwrap();
        let second = end_offset(&record).unwrap();
        insert(&mut record, second, &data(&[1], 1, b"two")).unwrap();
        resize_resident(&mut record, first, 100).unwrap();
        write_resident(&mut record, first, 97, b"end").unwrap();
        validate(&record).unwrap();
        let mut long = b"one".to_vec();
        long.resize(97, 0);
        long.extend(b"end");
        assert_eq!(values(&record), [long, b"two".to_vec()]);
        resize_resident(&mut record, first, 2).unwrap();
        assert_eq!(values(&record), [b"on".to_vec(), b"two".to_vec()]);
        remove(&mut record, first).unwrap();
        assert_eq!(values(&record), [b"two".to_vec()]);
        validate(&record).unwrap();
        let used = header(&record).unwrap().used.get() as usize;
        assert!(record[used..].iter().all(|b| *b == 0));
    }

    #[test]
    fn a_full_record_refuses_and_stays() {
        let mut record = empty(1024);
        let end = end_offset(&record).unwrap();
        let room = free_space(&record).unwrap();
        insert(&mut record, end, &data(&[], 0, &vec![1; room - 0x18])).unwrap();
        assert_eq!(free_space(&record).unwrap(), 0);
        let before = record.clone();
        let error = insert(&mut record, end, &data(&[], 1, b"")).unwrap_err();
        assert_eq!(error.kind, FormatErrorKind::NoRoom);
        assert_eq!(
            resize_resident(&mut record, end, 1000).unwrap_err().kind,
            FormatErrorKind::NoRoom
        );
        assert_eq!(record, before);
    }

    #[test]
    fn instances_stay_unique_after_a_wrap() {
        let mut record = empty(1024);
        header_mut(&mut record).unwrap().next_instance = U16::new(0xFFFF);
        assert_eq!(take_instance(&mut record).unwrap(), 0xFFFF);
        let end = end_offset(&record).unwrap();
        insert(&mut record, end, &data(&[], 0, b"")).unwrap();
        assert_eq!(take_instance(&mut record).unwrap(), 1);
    }

    #[test]
    fn headers_that_cannot_be_right_are_refused() {
        let mut good = empty(1024);
        let end = end_offset(&good).unwrap();
        insert(&mut good, end, &data(&[], 0, b"one")).unwrap();
        for (at, value, kind, offset) in [
            (0, 0, FormatErrorKind::Signature, 0),
            (0x18, 0x59, FormatErrorKind::Length, 0x18),
            (0x19, 0x40, FormatErrorKind::Length, 0x18),
            (0x1C, 1, FormatErrorKind::Length, 0x1C),
            (0x14, 0x30, FormatErrorKind::Offset, 0x14),
            (0x14, 0xF8, FormatErrorKind::Offset, 0x14),
            (0x3C, 0, FormatErrorKind::Length, 0x3C),
        ] {
            let mut bad = good.clone();
            bad[at] = value;
            assert_eq!(
                validate(&bad).unwrap_err(),
                FormatError::new(kind, offset),
                "byte {at:#x}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_validate_or_fail_without_panic(mut bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..1100)) {
            core::hint::black_box(validate(&bytes).is_ok());
            if bytes.len() >= 4 { bytes[..4].copy_from_slice(b"FILE"); }
            core::hint::black_box(validate(&bytes).is_ok());
            core::hint::black_box(attributes(&bytes).count());
        }
    }
}
