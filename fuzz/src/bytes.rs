//! Reading an input as numbers.

/// Hands out the bytes of an input, from the front; zeros behind its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let (head, tail) = self.0.split_at(N.min(self.0.len()));
        array[..head.len()].copy_from_slice(head);
        self.0 = tail;
        array
    }

    pub(crate) fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.u16()) % limit
    }

    /// The first half and the second, cut where the first byte says.
    pub(crate) fn halves(mut self) -> (&'a [u8], &'a [u8]) {
        let cut = usize::from(self.u8()) * self.0.len() / 255;
        self.0.split_at(cut.min(self.0.len()))
    }
}

/// The bytes as UTF-16 units, a last odd one left out.
pub(crate) fn units(bytes: &[u8]) -> Vec<u16> {
    bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_le_bytes(*pair))
        .collect()
}

/// Text as little-endian UTF-16.
pub(crate) fn text(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// That it returns is what is tested.
pub(crate) fn answers<T>(value: T) {
    std::hint::black_box(value);
}
