//! Where two versions of a block differ.

/// Ranges nearer to each other than this are joined: naming one costs as much.
const GAP: usize = 8;

/// Bytes compared at a time.
const WORD: usize = 8;

/// A range of a block: first byte and number of bytes.
pub(super) type ByteRange = (usize, usize);

/// The ranges in which `new` differs from `old`, in order. Both are of the
/// same length.
pub(super) fn differing(old: &[u8], new: &[u8], out: &mut Vec<ByteRange>) {
    out.clear();
    let (old_words, old_tail) = old.as_chunks::<WORD>();
    let (new_words, new_tail) = new.as_chunks::<WORD>();
    let mut at = 0;
    for (a, b) in old_words.iter().zip(new_words) {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            let first = at + byte_of(difference.trailing_zeros());
            let last = at + WORD - 1 - byte_of(difference.leading_zeros());
            add(out, first, last + 1);
        }
        at += WORD;
    }
    for (a, b) in old_tail.iter().zip(new_tail) {
        if a != b {
            add(out, at, at + 1);
        }
        at += 1;
    }
}

fn byte_of(bits: u32) -> usize {
    usize::try_from(bits / 8).unwrap_or(0)
}

fn add(out: &mut Vec<ByteRange>, from: usize, to: usize) {
    match out.last_mut() {
        Some((start, len)) if *start + *len + GAP >= from => *len = to - *start,
        _ => out.push((from, to - from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_ranges_turn_one_into_the_other(
            mut old in proptest::collection::vec(0_u8..3, 0..300),
            edits in proptest::collection::vec((0_usize..300, 0_u8..3), 0..20),
        ) {
            let mut new = old.clone();
            for (at, byte) in edits {
                if let Some(there) = new.get_mut(at) {
                    *there = byte;
                }
            }
            let mut ranges = Vec::new();
            differing(&old, &new, &mut ranges);
            let mut end = 0;
            for (start, len) in ranges {
                proptest::prop_assert!(len > 0 && (end == 0 || start > end + GAP));
                proptest::prop_assert!(old[start] != new[start]);
                proptest::prop_assert!(old[start + len - 1] != new[start + len - 1]);
                old[start..start + len].copy_from_slice(&new[start..start + len]);
                end = start + len;
            }
            proptest::prop_assert_eq!(old, new);
        }
    }
}
