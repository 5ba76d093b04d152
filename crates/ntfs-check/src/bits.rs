//! A bit set for millions of clusters or records that costs nothing where all
//! bits are equal.

/// Bits of a page.
const PAGE_BITS: u64 = 1 << 16;
/// Words of a page.
const PAGE_WORDS: usize = 1024;

#[derive(Clone)]
enum Page {
    Zeros,
    Ones,
    Mixed(Box<[u64]>),
}

/// Bits `0..len`, stored in pages of 65,536; pages of equal bits take no room,
/// so that a run of any length is cheap.
pub(crate) struct Bits {
    pages: Vec<Page>,
    len: u64,
}

/// Bits `from..to` (both within one word, `to` up to 64) as a mask.
const fn mask(from: u32, to: u32) -> u64 {
    let high = if to >= 64 { u64::MAX } else { (1 << to) - 1 };
    let low = if from >= 64 {
        u64::MAX
    } else {
        (1 << from) - 1
    };
    high & !low
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The bit of `number` inside its word.
fn bit_of(number: u64) -> u32 {
    u32::try_from(number % 64).unwrap_or(0)
}

impl Bits {
    /// `len` clear bits.
    pub(crate) fn new(len: u64) -> Self {
        Self {
            pages: vec![Page::Zeros; index(len.div_ceil(PAGE_BITS))],
            len,
        }
    }

    /// Number of bits.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Puts `bytes` (bit 0 of the first is bit `first`, a multiple of a page)
    /// into the set; bits past the end are dropped.
    pub(crate) fn load(&mut self, first: u64, bytes: &[u8]) {
        let start = index(first / PAGE_BITS);
        for (page, chunk) in self
            .pages
            .get_mut(start..)
            .unwrap_or_default()
            .iter_mut()
            .zip(bytes.chunks(PAGE_WORDS * 8))
        {
            let mut words = vec![0_u64; PAGE_WORDS].into_boxed_slice();
            for (word, eight) in words.iter_mut().zip(chunk.chunks(8)) {
                let mut raw = [0; 8];
                for (to, from) in raw.iter_mut().zip(eight) {
                    *to = *from;
                }
                *word = u64::from_le_bytes(raw);
            }
            *page = if words.iter().all(|word| *word == 0) {
                Page::Zeros
            } else if words.iter().all(|word| *word == u64::MAX) {
                Page::Ones
            } else {
                Page::Mixed(words)
            };
        }
    }

    /// The word that holds bit `number`, and whether its whole page is alike.
    fn word(&self, number: u64) -> Word {
        let (bits, alike) = match self.pages.get(index(number / PAGE_BITS)) {
            None | Some(Page::Zeros) => (0, true),
            Some(Page::Ones) => (u64::MAX, true),
            Some(Page::Mixed(words)) => {
                let word = words.get(index(number % PAGE_BITS / 64));
                (word.copied().unwrap_or(0), false)
            }
        };
        Word { bits, alike }
    }

    /// Whether a bit is set; those past the end are not.
    pub(crate) fn get(&self, number: u64) -> bool {
        number < self.len && self.word(number).bits >> bit_of(number) & 1 == 1
    }

    /// Sets a bit and says what it was.
    pub(crate) fn set(&mut self, number: u64) -> bool {
        self.set_range(number, 1).is_some()
    }

    /// Sets `length` bits from `start` and tells the first span of them that
    /// was set already. Bits past the end are ignored.
    pub(crate) fn set_range(&mut self, start: u64, length: u64) -> Option<Span> {
        let end = start.saturating_add(length).min(self.len);
        let seen = self.first_set(start, length);
        let mut at = start;
        while at < end {
            let page_end = (at / PAGE_BITS + 1).saturating_mul(PAGE_BITS);
            let stop = end.min(page_end);
            let whole = at.is_multiple_of(PAGE_BITS) && stop == page_end;
            if let Some(page) = self.pages.get_mut(index(at / PAGE_BITS)) {
                if whole {
                    *page = Page::Ones;
                } else {
                    page.fill(at % PAGE_BITS, stop - at);
                }
            }
            at = stop;
        }
        seen
    }

    /// The first span of set bits among `length` from `start`.
    pub(crate) fn first_set(&self, start: u64, length: u64) -> Option<Span> {
        let end = start.saturating_add(length).min(self.len);
        self.first_span(start, end, Want::Set)
    }

    /// The first span of clear bits among `length` from `start`.
    pub(crate) fn first_clear(&self, start: u64, length: u64) -> Option<Span> {
        let end = start.saturating_add(length).min(self.len);
        self.first_span(start, end, Want::Clear)
    }

    fn first_span(&self, start: u64, end: u64, want: Want) -> Option<Span> {
        let first = self.next(start, end, |bits, at| want.of(bits.word(at)))?;
        let stop = self
            .next(first, end, |bits, at| want.not().of(bits.word(at)))
            .unwrap_or(end);
        Some(Span {
            start: first,
            length: stop - first,
        })
    }

    /// The first bit in `at..end` whose place in `word(self, place)` is 1.
    fn next(&self, mut at: u64, end: u64, word: impl Fn(&Self, u64) -> Word) -> Option<u64> {
        while at < end {
            let Word { bits, alike } = word(self, at);
            if bits == 0 && alike {
                at = at - at % PAGE_BITS + PAGE_BITS;
                continue;
            }
            let found = bits & mask(bit_of(at), 64);
            if found != 0 {
                let place = at - at % 64 + u64::from(found.trailing_zeros());
                return (place < end).then_some(place);
            }
            at = at - at % 64 + 64;
        }
        None
    }

    /// Every span of bits that are set here and clear in `other`.
    pub(crate) fn spans_not_in<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Span> + 'a {
        let mut at = 0;
        std::iter::from_fn(move || {
            let only = |bits: &Self, place| bits.word(place).and(Want::Clear.of(other.word(place)));
            let start = self.next(at, self.len, only)?;
            let stop = self
                .next(start, self.len, |bits, place| {
                    Want::Clear.of(only(bits, place))
                })
                .unwrap_or(self.len);
            at = stop;
            Some(Span {
                start,
                length: stop - start,
            })
        })
    }
}

/// A word, and whether all words of its page are equal.
#[derive(Clone, Copy)]
struct Word {
    bits: u64,
    alike: bool,
}

impl Word {
    const fn and(self, other: Self) -> Self {
        Self {
            bits: self.bits & other.bits,
            alike: self.alike && other.alike,
        }
    }
}

#[derive(Clone, Copy)]
enum Want {
    Set,
    Clear,
}

impl Want {
    const fn of(self, word: Word) -> Word {
        match self {
            Self::Set => word,
            Self::Clear => Word {
                bits: !word.bits,
                alike: word.alike,
            },
        }
    }

    const fn not(self) -> Self {
        match self {
            Self::Set => Self::Clear,
            Self::Clear => Self::Set,
        }
    }
}

impl Page {
    /// Sets `length` bits from `start` of the page.
    fn fill(&mut self, start: u64, length: u64) {
        let words = match self {
            Self::Ones => return,
            Self::Mixed(words) => words,
            Self::Zeros => {
                *self = Self::Mixed(vec![0; PAGE_WORDS].into_boxed_slice());
                match self {
                    Self::Mixed(words) => words,
                    Self::Zeros | Self::Ones => return,
                }
            }
        };
        let end = start + length;
        let mut at = start;
        while at < end {
            let word_end = (at / 64 + 1) * 64;
            let stop = end.min(word_end);
            let to = if stop == word_end { 64 } else { bit_of(stop) };
            if let Some(word) = words.get_mut(index(at / 64)) {
                *word |= mask(bit_of(at), to);
            }
            at = stop;
        }
    }
}

/// A span of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) length: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_report_what_was_set_before() {
        let mut bits = Bits::new(300_000);
        assert_eq!(bits.set_range(10, 200_000), None);
        assert!(!bits.get(9) && bits.get(10) && bits.get(200_009) && !bits.get(200_010));
        assert_eq!(
            bits.set_range(200_000, 20),
            Some(Span {
                start: 200_000,
                length: 10
            })
        );
        assert_eq!(
            bits.first_clear(0, 300_000),
            Some(Span {
                start: 0,
                length: 10
            })
        );
        assert_eq!(bits.first_clear(10, 200_010), None);
        assert!(bits.set(10));
        assert!(!bits.set(5));
    }

    #[test]
    fn differences_are_spans() {
        let mut bytes = vec![0_u8; 20_000];
        bytes[0] = 0b0110;
        bytes[10_000] = 0xFF;
        bytes[10_001] = 0x01;
        let mut a = Bits::new(100_000);
        a.load(0, &bytes);
        let mut b = Bits::new(100_000);
        b.set(2);
        let spans: Vec<(u64, u64)> = a.spans_not_in(&b).map(|s| (s.start, s.length)).collect();
        assert_eq!(spans, [(1, 1), (80_000, 9)]);
        assert_eq!(b.spans_not_in(&a).count(), 0);
    }

    #[test]
    fn a_run_over_everything_is_cheap() {
        let mut bits = Bits::new(1 << 32);
        assert_eq!(bits.set_range(1, u64::MAX), None);
        assert_eq!(bits.first_clear(1, u64::MAX), None);
    }
}
