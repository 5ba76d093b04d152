//! The first bytes of `hiberfil.sys`: whether a Windows sleeps on the volume.
//!
//! A hibernated Windows (Fast Startup included) keeps metadata in memory;
//! writing to the volume meanwhile destroys it. Source: libyal/libhibr
//! documentation, "File header"; public writings on hibernation forensics.

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HibernationState {
    /// A Windows sleeps: its volumes must not be written to.
    Hibernated,
    /// A Windows is waking up from the file or was stopped while it did.
    Resuming,
    /// The sleep is over.
    Resumed,
    /// Nothing in it: Windows shut down or never slept.
    Empty,
    /// Something else: not known to be harmless.
    Unknown,
}

impl HibernationState {
    /// Bytes to read from the start of the file.
    pub const PROBE_LEN: usize = 4096;

    /// The state from the first bytes of the file: [`Self::PROBE_LEN`] of
    /// them, or all of a shorter file.
    #[must_use]
    pub fn of(start_of_file: &[u8]) -> Self {
        match start_of_file.first_chunk::<4>() {
            Some(b"hibr" | b"HIBR") => Self::Hibernated,
            Some(b"rstr" | b"RSTR") => Self::Resuming,
            Some(b"wake" | b"WAKE") => Self::Resumed,
            _ if start_of_file.iter().all(|byte| *byte == 0) => Self::Empty,
            _ => Self::Unknown,
        }
    }

    /// Whether the volume may be written to.
    #[must_use]
    pub const fn allows_writing(self) -> bool {
        matches!(self, Self::Resumed | Self::Empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_decide() {
        for (bytes, want, writable) in [
            (b"hibr....".as_slice(), HibernationState::Hibernated, false),
            (b"HIBR", HibernationState::Hibernated, false),
            (b"RSTR....", HibernationState::Resuming, false),
            (b"wake\0\0", HibernationState::Resumed, true),
            (b"WAKE", HibernationState::Resumed, true),
            (&[0; 4096], HibernationState::Empty, true),
            (b"", HibernationState::Empty, true),
            (b"\0\0\0\0x", HibernationState::Unknown, false),
            (b"hib", HibernationState::Unknown, false),
        ] {
            assert_eq!(HibernationState::of(bytes), want);
            assert_eq!(want.allows_writing(), writable);
        }
    }
}
