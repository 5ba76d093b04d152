//! The bytes decompressed so far, with room for the rest.

use super::CompressErrorKind;

/// Fills a slice from its start.
pub(super) struct Output<'a> {
    bytes: &'a mut [u8],
    length: usize,
}

impl<'a> Output<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, length: 0 }
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn room(&self) -> usize {
        self.bytes.len() - self.length
    }

    pub(super) fn push(&mut self, byte: u8) -> Result<(), CompressErrorKind> {
        let slot = self
            .bytes
            .get_mut(self.length)
            .ok_or(CompressErrorKind::TooMuchData)?;
        *slot = byte;
        self.length += 1;
        Ok(())
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<(), CompressErrorKind> {
        let end = self.length + bytes.len();
        self.bytes
            .get_mut(self.length..end)
            .ok_or(CompressErrorKind::TooMuchData)?
            .copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }

    /// Repeats `length` bytes from `distance` back; the two may overlap.
    pub(super) fn copy(&mut self, distance: usize, length: usize) -> Result<(), CompressErrorKind> {
        if distance == 0 || distance > self.length {
            return Err(CompressErrorKind::BadDistance {
                distance,
                available: self.length,
            });
        }
        if length > self.room() {
            return Err(CompressErrorKind::TooMuchData);
        }
        let mut left = length;
        while left > 0 {
            // Each round copies what does not overlap.
            let step = left.min(distance);
            let from = self.length - distance;
            self.bytes.copy_within(from..from + step, self.length);
            self.length += step;
            left -= step;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_copies_repeat_the_source() {
        let mut bytes = [0; 9];
        let mut out = Output::new(&mut bytes);
        out.extend(b"ab").unwrap();
        out.copy(2, 5).unwrap();
        out.copy(1, 2).unwrap();
        assert_eq!(out.room(), 0);
        assert_eq!(out.push(0), Err(CompressErrorKind::TooMuchData));
        assert_eq!(&bytes, b"abababaaa");
    }

    #[test]
    fn copies_from_before_the_start_or_past_the_end_are_refused() {
        let mut bytes = [0; 4];
        let mut out = Output::new(&mut bytes);
        out.push(1).unwrap();
        for distance in [0, 2] {
            assert_eq!(
                out.copy(distance, 1),
                Err(CompressErrorKind::BadDistance {
                    distance,
                    available: 1
                })
            );
        }
        assert_eq!(out.copy(1, 4), Err(CompressErrorKind::TooMuchData));
        assert_eq!(out.extend(&[0; 4]), Err(CompressErrorKind::TooMuchData));
        assert_eq!(out.copy(1, 3), Ok(()));
        assert_eq!(bytes, [1; 4]);
    }
}
