//! What a C program gets of a result: `BOOL` has four bytes, `BOOLEAN` one.

use crate::Win32Result;

/// `BOOL` (MS-DTYP 2.2.3), the result of CreateHardLink: a 32-bit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bool(pub i32);

/// `BOOLEAN` (MS-DTYP 2.2.4), the result of CreateSymbolicLink: one byte. Who
/// reads four bytes of it reads three that nobody set, which is where "it
/// returned TRUE and made no link" comes from; [`Boolean::register`] fills them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Boolean(pub u8);

impl<T> From<&Win32Result<T>> for Bool {
    fn from(result: &Win32Result<T>) -> Self {
        Self(i32::from(result.is_ok()))
    }
}

impl<T> From<&Win32Result<T>> for Boolean {
    fn from(result: &Win32Result<T>) -> Self {
        Self(u8::from(result.is_ok()))
    }
}

impl Boolean {
    /// The whole return register, the byte extended by zeros.
    #[must_use]
    pub fn register(self) -> u32 {
        u32::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Win32Error;

    #[test]
    fn a_boolean_is_a_byte_and_a_bool_four() {
        let failed: Win32Result<()> = Err(Win32Error::PRIVILEGE_NOT_HELD);
        assert_eq!(size_of::<Boolean>(), 1);
        assert_eq!(size_of::<Bool>(), 4);
        assert_eq!(Boolean::from(&failed).register(), 0);
        assert_eq!(Boolean::from(&Win32Result::Ok(())).register(), 1);
        assert_eq!(Bool::from(&failed).0, 0);
    }
}
