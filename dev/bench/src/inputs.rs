//! Inputs of the small benchmarks in `benches/`.

/// Mapping pairs of a stream of `runs` runs that jump back and forth over a
/// volume, each 1 to 200 clusters long, and one hole in eight: the shape of a
/// badly fragmented file. Ends with the terminator byte.
#[must_use]
pub fn fragmented_mapping_pairs(runs: u32) -> Vec<u8> {
    let mut pairs = Vec::new();
    for number in 0..runs {
        let length = u8::try_from(1 + number * 37 % 200).unwrap_or(1);
        if number % 8 == 7 {
            pairs.extend([0x01, length & 0x7F | 1]);
            continue;
        }
        // Up by a large step, back by a smaller one: always past cluster 0.
        let delta = if number % 2 == 0 {
            0x0003_0000_i32
        } else {
            -0x0001_0000
        };
        // A length of two bytes keeps its top bit clear.
        pairs.extend([0x42, length, 0]);
        pairs.extend(delta.to_le_bytes());
    }
    pairs.push(0);
    pairs
}

/// A file record of `size` bytes with an update sequence array, fix-ups
/// applied as on disk.
#[must_use]
pub fn protected_record(size: usize) -> Vec<u8> {
    const ARRAY: usize = 0x30;
    let mut record = vec![0xA5; size];
    let sectors = size / 512;
    let count = u16::try_from(sectors + 1).unwrap_or(u16::MAX);
    record[..4].copy_from_slice(b"FILE");
    record[4..6].copy_from_slice(&0x30_u16.to_le_bytes());
    record[6..8].copy_from_slice(&count.to_le_bytes());
    record[ARRAY..ARRAY + 2].copy_from_slice(&1_u16.to_le_bytes());
    for sector in 0..sectors {
        let end = (sector + 1) * 512;
        let saved = [record[end - 2], record[end - 1]];
        let slot = ARRAY + 2 * (sector + 1);
        record[slot..slot + 2].copy_from_slice(&saved);
        record[end - 2..end].copy_from_slice(&1_u16.to_le_bytes());
    }
    record
}

#[cfg(test)]
mod tests {
    use linkwright_ntfs_format::{fixup, runs::RunList};

    use super::*;

    #[test]
    fn the_fragmented_stream_decodes_and_encodes_to_itself() {
        let pairs = fragmented_mapping_pairs(1000);
        let list = RunList::decode(&pairs, 0).unwrap();
        assert_eq!(list.runs().len(), 1000);
        assert_eq!(RunList::decode(&list.encode(), 0).unwrap(), list);
    }

    #[test]
    fn the_protected_record_is_accepted() {
        let mut record = protected_record(1024);
        fixup::remove(&mut record).unwrap();
        assert_eq!(record[510..512], [0xA5, 0xA5]);
    }
}
