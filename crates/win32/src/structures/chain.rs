//! Lists of structures of different lengths, each of which tells how far the
//! next one is.

/// Where entries of such lists begin (in bytes).
const ALIGNMENT: usize = 8;

/// Entries one after the other, each of which begins with its NextEntryOffset:
/// the distance to the next one (in bytes), 0 in the last.
#[derive(Debug, Clone)]
pub struct Chain {
    bytes: Vec<u8>,
    limit: usize,
    last: Option<usize>,
    entries: u32,
}

/// An entry for which there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

impl Chain {
    /// An empty list that may grow to `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            last: None,
            entries: 0,
        }
    }

    /// Adds an entry, whose first four bytes are its NextEntryOffset.
    ///
    /// # Errors
    /// [`NoRoom`], and the list is as it was.
    pub fn push(&mut self, entry: &[u8]) -> Result<(), NoRoom> {
        let start = self.bytes.len().next_multiple_of(ALIGNMENT);
        if start.saturating_add(entry.len()) > self.limit {
            return Err(NoRoom);
        }
        if let Some(last) = self.last {
            let distance = u32::try_from(start - last).map_err(|_| NoRoom)?;
            if let Some(field) = self.bytes.get_mut(last..last.saturating_add(4)) {
                field.copy_from_slice(&distance.to_ne_bytes());
            }
        }
        self.bytes.resize(start, 0);
        self.bytes.extend_from_slice(entry);
        self.last = Some(start);
        self.entries = self.entries.saturating_add(1);
        Ok(())
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// How many entries there are.
    #[must_use]
    pub fn entries(&self) -> u32 {
        self.entries
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Units as the bytes of memory.
pub(crate) fn unit_bytes(units: &[u16]) -> impl Iterator<Item = u8> {
    units.iter().flat_map(|unit| unit.to_ne_bytes())
}

/// A length as a field of 32 bits; names are far below its limit.
pub(crate) fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_tells_where_the_next_begins() {
        let mut chain = Chain::new(64);
        chain.push(&[0; 10]).unwrap();
        chain.push(&[0; 8]).unwrap();
        assert_eq!(chain.entries(), 2);
        let bytes = chain.into_bytes();
        assert_eq!(bytes.len(), 24);
        assert_eq!(bytes[..4], 16u32.to_ne_bytes());
        assert_eq!(bytes[16..20], [0; 4]);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut chain = Chain::new(20);
        chain.push(&[0; 12]).unwrap();
        let before = chain.clone().into_bytes();
        assert_eq!(chain.push(&[0; 8]), Err(NoRoom));
        assert_eq!(chain.into_bytes(), before);
    }
}
