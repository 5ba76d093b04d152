//! Runs of clear bits in a page of a bitmap.

/// Bits in a word.
const WORD: usize = 64;

fn word(page: &[u8], index: usize) -> u64 {
    let (words, tail) = page.as_chunks::<8>();
    match words.get(index) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        // A page that is no multiple of eight bytes ends in set bits.
        None => {
            let mut last = [0xFF; 8];
            for (to, from) in last.iter_mut().zip(tail) {
                *to = *from;
            }
            u64::from_le_bytes(last)
        }
    }
}

/// The first bit at or after `from` and below `end` that has the value
/// `wanted`; `end` when there is none.
fn find(page: &[u8], from: usize, end: usize, wanted: bool) -> usize {
    let mut at = from;
    while at < end {
        let bits = word(page, at / WORD);
        let bits = if wanted { bits } else { !bits };
        let bits = bits >> (at % WORD);
        if bits != 0 {
            let step = usize::try_from(bits.trailing_zeros()).unwrap_or(WORD);
            return (at + step).min(end);
        }
        at += WORD - at % WORD;
    }
    end
}

/// The first clear bit in `from..end`.
pub(crate) fn next_clear(page: &[u8], from: usize, end: usize) -> Option<usize> {
    let end = end.min(page.len() * 8);
    Some(find(page, from, end, false)).filter(|bit| *bit < end)
}

/// The first run of clear bits in `from..end`: its first bit and its length.
pub(crate) fn next_clear_run(page: &[u8], from: usize, end: usize) -> Option<(usize, usize)> {
    let end = end.min(page.len() * 8);
    let start = next_clear(page, from, end)?;
    Some((start, find(page, start, end, true) - start))
}

/// Sets or clears `len` bits from `start`; returns how many had that value
/// before.
pub(crate) fn fill(page: &mut [u8], start: usize, len: usize, value: bool) -> usize {
    let mut unchanged = 0;
    let mut bit = start;
    while bit < start + len {
        let Some(byte) = page.get_mut(bit / 8) else {
            break;
        };
        let count = (8 - bit % 8).min(start + len - bit);
        let mask = u8::try_from((1_u16 << count) - 1).unwrap_or(0xFF) << (bit % 8);
        let before = (*byte & mask).count_ones();
        let set = usize::try_from(before).unwrap_or(0);
        unchanged += if value { set } else { count - set };
        if value {
            *byte |= mask;
        } else {
            *byte &= !mask;
        }
        bit += count;
    }
    unchanged
}

/// Clear bits in the first `end` bits.
pub(crate) fn count_clear(page: &[u8], end: usize) -> usize {
    let end = end.min(page.len() * 8);
    let whole = page.get(..end / 8).unwrap_or_default();
    let set: usize = whole
        .iter()
        .map(|b| usize::try_from(b.count_ones()).unwrap_or(0))
        .sum();
    let mut clear = end / 8 * 8 - set;
    for bit in end / 8 * 8..end {
        clear += usize::from(page.get(bit / 8).is_some_and(|b| b & (1 << (bit % 8)) == 0));
    }
    clear
}

/// One more than the last set bit; 0 when none is set.
pub(crate) fn end_of_set(page: &[u8]) -> usize {
    match page.iter().rposition(|byte| *byte != 0) {
        None => 0,
        Some(at) => {
            let top = page.get(at).map_or(0, |byte| byte.leading_zeros());
            (at + 1) * 8 - usize::try_from(top).unwrap_or(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn runs_agree_with_a_plain_search(page in proptest::collection::vec(proptest::num::u8::ANY, 1..40), from in 0_usize..330, end in 0_usize..330) {
            let bit = |n: usize| page[n / 8] & (1 << (n % 8)) != 0;
            let end_inside = end.min(page.len() * 8);
            let plain = (from..end_inside).find(|n| !bit(*n)).map(|start| {
                (start, (start..end_inside).take_while(|n| !bit(*n)).count())
            });
            proptest::prop_assert_eq!(next_clear_run(&page, from, end), plain);
            let clear = (0..end_inside).filter(|n| !bit(*n)).count();
            proptest::prop_assert_eq!(count_clear(&page, end), clear);
        }

        #[test]
        fn fill_changes_just_its_bits(mut page in proptest::collection::vec(proptest::num::u8::ANY, 8..16), start in 0_usize..64, len in 0_usize..64, value: bool) {
            let len = len.min(page.len() * 8 - start);
            let before = page.clone();
            let bit = |page: &[u8], n: usize| page[n / 8] & (1 << (n % 8)) != 0;
            let same = (start..start + len).filter(|n| bit(&before, *n) == value).count();
            proptest::prop_assert_eq!(fill(&mut page, start, len, value), same);
            for n in 0..page.len() * 8 {
                let inside = n >= start && n < start + len;
                proptest::prop_assert_eq!(bit(&page, n), if inside { value } else { bit(&before, n) });
            }
        }
    }
}
