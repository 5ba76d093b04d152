//! Structures laid out byte by byte, for the faults: the offsets are those of
//! the documentation of NTFS ("NTFS Documentation", Russon and Fledel; MS-FSCC),
//! and no encoder of `linkwright-ntfs-format` is used, so that a fault does not
//! rest on what it is to judge.

/// Rounded up to 8.
fn align(bytes: usize) -> usize {
    bytes.next_multiple_of(8)
}

fn put(bytes: &mut [u8], offset: usize, value: &[u8]) {
    bytes[offset..offset + value.len()].copy_from_slice(value);
}

fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes([bytes[offset], bytes[offset + 1]])
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
}

/// An attribute with its value inside.
pub(crate) fn resident(kind: u32, instance: u16, name: &[u16], value: &[u8]) -> Vec<u8> {
    let start = align(0x18 + name.len() * 2);
    let mut bytes = vec![0; align(start + value.len())];
    let len = u32::try_from(bytes.len()).unwrap();
    put(&mut bytes, 0, &kind.to_le_bytes());
    put(&mut bytes, 4, &len.to_le_bytes());
    bytes[9] = u8::try_from(name.len()).unwrap();
    put(&mut bytes, 0x0A, &0x18_u16.to_le_bytes());
    put(&mut bytes, 0x0E, &instance.to_le_bytes());
    let value_len = u32::try_from(value.len()).unwrap();
    put(&mut bytes, 0x10, &value_len.to_le_bytes());
    let value_at = u16::try_from(start).unwrap();
    put(&mut bytes, 0x14, &value_at.to_le_bytes());
    for (index, unit) in name.iter().enumerate() {
        put(&mut bytes, 0x18 + index * 2, &unit.to_le_bytes());
    }
    put(&mut bytes, start, value);
    bytes
}

/// An attribute in clusters that has none, without a name.
pub(crate) fn without_clusters(kind: u32, instance: u16) -> Vec<u8> {
    let mut bytes = vec![0; 0x48];
    put(&mut bytes, 0, &kind.to_le_bytes());
    put(&mut bytes, 4, &0x48_u32.to_le_bytes());
    bytes[8] = 1;
    put(&mut bytes, 0x0A, &0x40_u16.to_le_bytes());
    put(&mut bytes, 0x0E, &instance.to_le_bytes());
    // The last cluster of an empty stream is -1.
    put(&mut bytes, 0x18, &(-1_i64).to_le_bytes());
    put(&mut bytes, 0x20, &0x40_u16.to_le_bytes());
    bytes
}

/// Takes the next attribute number of a record.
pub(crate) fn take_instance(record: &mut [u8]) -> u16 {
    let taken = u16_at(record, 0x28);
    put(record, 0x28, &(taken + 1).to_le_bytes());
    taken
}

/// Where the mark of the end lies in a record.
pub(crate) fn end_of(record: &[u8]) -> usize {
    let mut at = usize::from(u16_at(record, 0x14));
    while u32_at(record, at) != 0xFFFF_FFFF {
        at += u32_at(record, at + 4) as usize;
    }
    at
}

fn set_used(record: &mut [u8], used: usize) {
    let used = u32::try_from(used).unwrap();
    put(record, 0x18, &used.to_le_bytes());
}

/// Puts an attribute into a record.
pub(crate) fn insert(record: &mut [u8], offset: usize, attribute: &[u8]) {
    let used = u32_at(record, 0x18) as usize;
    assert!(
        used + attribute.len() <= record.len(),
        "no room for the fault"
    );
    record.copy_within(offset..used, offset + attribute.len());
    put(record, offset, attribute);
    set_used(record, used + attribute.len());
}

/// Takes an attribute out of a record; gives its bytes.
pub(crate) fn remove(record: &mut [u8], offset: usize) -> Vec<u8> {
    let used = u32_at(record, 0x18) as usize;
    let end = offset + u32_at(record, offset + 4) as usize;
    let taken = record[offset..end].to_vec();
    record.copy_within(end..used, offset);
    set_used(record, used - taken.len());
    taken
}

/// A record without attributes that belongs to another one.
pub(crate) fn extension_record(size: usize, number: u64, base: u64) -> Vec<u8> {
    let mut bytes = vec![0; size];
    let sectors = size / 512;
    let first = align(0x30 + (sectors + 1) * 2);
    put(&mut bytes, 0, b"FILE");
    put(&mut bytes, 4, &0x30_u16.to_le_bytes());
    let words = u16::try_from(sectors + 1).unwrap();
    put(&mut bytes, 6, &words.to_le_bytes());
    put(&mut bytes, 0x10, &1_u16.to_le_bytes());
    let attributes = u16::try_from(first).unwrap();
    put(&mut bytes, 0x14, &attributes.to_le_bytes());
    put(&mut bytes, 0x16, &1_u16.to_le_bytes());
    set_used(&mut bytes, first + 8);
    let size = u32::try_from(size).unwrap();
    put(&mut bytes, 0x1C, &size.to_le_bytes());
    put(&mut bytes, 0x20, &base.to_le_bytes());
    let number = u32::try_from(number).unwrap();
    put(&mut bytes, 0x2C, &number.to_le_bytes());
    put(&mut bytes, 0x30, &1_u16.to_le_bytes());
    put(&mut bytes, first, &[0xFF; 4]);
    bytes
}

/// Protects a block by its update sequence: the last two bytes of each 512 go
/// into the array, the number takes their place.
pub(crate) fn protect(block: &mut [u8]) {
    let array = usize::from(u16_at(block, 4));
    let words = usize::from(u16_at(block, 6));
    // Neither 0 nor 0xFFFF is used as a number.
    let number = match u16_at(block, array).wrapping_add(1) {
        0 | 0xFFFF => 1,
        number => number,
    };
    put(block, array, &number.to_le_bytes());
    for sector in 1..words {
        let end = sector * 512 - 2;
        let saved = [block[end], block[end + 1]];
        put(block, array + sector * 2, &saved);
        put(block, end, &number.to_le_bytes());
    }
}

/// Runs as mapping pairs: for each the sizes of two numbers, the clusters, and
/// how far its first is from that of the run before.
pub(crate) fn pairs(runs: impl IntoIterator<Item = (u64, Option<u64>)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = 0;
    for (clusters, lcn) in runs {
        let count = number(i64::try_from(clusters).unwrap());
        let distance = match lcn {
            None => Vec::new(),
            Some(lcn) => {
                let lcn = i64::try_from(lcn).unwrap();
                let distance = number(lcn - before);
                before = lcn;
                distance
            }
        };
        bytes.push(u8::try_from(count.len() | distance.len() << 4).unwrap());
        bytes.extend(count);
        bytes.extend(distance);
    }
    bytes.push(0);
    bytes
}

/// A number with a sign in as few bytes as hold it.
fn number(value: i64) -> Vec<u8> {
    let bytes = value.to_le_bytes();
    let fits = |len: &usize| {
        let shift = 64 - len * 8;
        value << shift >> shift == value
    };
    let len = (1..8).find(fits).unwrap_or(8);
    bytes[..len].to_vec()
}

/// Makes an index block into one whose only entry is the last, with a block
/// below.
pub(crate) fn only_below(block: &mut [u8], child: u64) {
    let array = usize::from(u16_at(block, 4));
    let words = usize::from(u16_at(block, 6));
    let entries = align(array + words * 2);
    let node = 0x18;
    let from_node = |offset: usize| u32::try_from(offset - node).unwrap().to_le_bytes();
    put(block, node, &from_node(entries));
    put(block, node + 4, &from_node(entries + 0x18));
    let room = from_node(block.len());
    put(block, node + 8, &room);
    block[node + 0x0C] = 1;
    block[entries..entries + 0x18].fill(0);
    put(block, entries + 8, &0x18_u16.to_le_bytes());
    // It has a block below, and it is the last.
    put(block, entries + 0x0C, &3_u16.to_le_bytes());
    put(block, entries + 0x10, &child.to_le_bytes());
}

/// The two restart pages' field for the size of the log.
pub(crate) fn set_log_size(page: &mut [u8], size: u64) {
    let area = usize::from(u16_at(page, 0x18));
    put(page, area + 0x18, &size.to_le_bytes());
}

/// A restart page of LFS 2.0 with a client in use: not marked clean.
pub(crate) fn unclean_page(log_size: u64) -> Vec<u8> {
    let mut page = vec![0; 4096];
    put(&mut page, 0, b"RSTR");
    put(&mut page, 4, &0x1E_u16.to_le_bytes());
    put(&mut page, 6, &9_u16.to_le_bytes());
    put(&mut page, 0x10, &4096_u32.to_le_bytes());
    put(&mut page, 0x14, &4096_u32.to_le_bytes());
    put(&mut page, 0x18, &0x30_u16.to_le_bytes());
    put(&mut page, 0x1C, &2_u16.to_le_bytes());
    let area = 0x30;
    put(&mut page, area + 8, &1_u16.to_le_bytes());
    put(&mut page, area + 0x0A, &0xFFFF_u16.to_le_bytes());
    put(&mut page, area + 0x10, &45_u32.to_le_bytes());
    put(&mut page, area + 0x14, &0xE0_u16.to_le_bytes());
    put(&mut page, area + 0x16, &0x40_u16.to_le_bytes());
    put(&mut page, area + 0x18, &log_size.to_le_bytes());
    put(&mut page, area + 0x24, &0x30_u16.to_le_bytes());
    put(&mut page, area + 0x26, &0x40_u16.to_le_bytes());
    let client = area + 0x40;
    put(&mut page, client + 0x10, &[0xFF; 4]);
    protect(&mut page);
    page
}
