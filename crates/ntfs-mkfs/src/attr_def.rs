//! The contents of `$AttrDef`: which attributes there are.
//!
//! Source: the table of a volume that Windows made; the meaning of the columns
//! is in linux-ntfs' "files/attrdef".

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::num;

/// Bytes of the stream: 15 definitions and an empty one at the end.
pub(crate) const STREAM_LEN: u64 = 2560;

const ENTRY_LEN: usize = 160;
const NAME_LEN: usize = 128;
const ANY: u64 = u64::MAX;

const RESIDENT: u32 = 0x40;
const MAY_LEAVE: u32 = 0x80;

struct Definition {
    type_code: AttributeType,
    flags: u32,
    least: u64,
    most: u64,
}

const fn row(type_code: AttributeType, flags: u32, least: u64, most: u64) -> Definition {
    Definition {
        type_code,
        flags,
        least,
        most,
    }
}

const TABLE: [Definition; 15] = [
    row(AttributeType::STANDARD_INFORMATION, RESIDENT, 48, 72),
    row(AttributeType::ATTRIBUTE_LIST, MAY_LEAVE, 0, ANY),
    // 0x42: resident, and may be indexed.
    row(AttributeType::FILE_NAME, RESIDENT | 2, 68, 578),
    row(AttributeType::OBJECT_ID, RESIDENT, 0, 256),
    row(AttributeType::SECURITY_DESCRIPTOR, MAY_LEAVE, 0, ANY),
    row(AttributeType::VOLUME_NAME, RESIDENT, 2, 256),
    row(AttributeType::VOLUME_INFORMATION, RESIDENT, 12, 12),
    row(AttributeType::DATA, 0, 0, ANY),
    row(AttributeType::INDEX_ROOT, RESIDENT, 0, ANY),
    row(AttributeType::INDEX_ALLOCATION, MAY_LEAVE, 0, ANY),
    row(AttributeType::BITMAP, MAY_LEAVE, 0, ANY),
    row(AttributeType::REPARSE_POINT, MAY_LEAVE, 0, 16384),
    row(AttributeType::EA_INFORMATION, RESIDENT, 8, 8),
    row(AttributeType::EA, 0, 0, 65536),
    row(AttributeType::LOGGED_UTILITY_STREAM, MAY_LEAVE, 0, 65536),
];

/// The stream's bytes.
pub(crate) fn stream() -> Vec<u8> {
    let mut out = Vec::new();
    for definition in &TABLE {
        let start = out.len();
        let name: Vec<u16> = definition
            .type_code
            .name()
            .unwrap_or_default()
            .encode_utf16()
            .collect();
        num::push_units(&mut out, &name);
        out.resize(start + NAME_LEN, 0);
        out.extend(definition.type_code.0.to_le_bytes());
        // Display rule and collation rule: 0 throughout.
        out.extend([0; 8]);
        out.extend(definition.flags.to_le_bytes());
        out.extend(definition.least.to_le_bytes());
        out.extend(definition.most.to_le_bytes());
    }
    out.resize(out.len() + ENTRY_LEN, 0);
    out
}
