//! Names as every file system here gives them: UTF-16 units, exact.

use std::ffi::{OsStr, OsString};
use std::fmt;
#[cfg(unix)]
use std::os::unix::ffi::{OsStrExt, OsStringExt};
#[cfg(windows)]
use std::os::windows::ffi::{OsStrExt, OsStringExt};

use linkwright_names::host;

/// The name of a directory entry: UTF-16 units without any validity rule.
///
/// Host names that are not UTF-8 have a one-to-one image, so that a name read
/// on one file system and written to another can come back byte for byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Vec<u16>);

/// The name of a data stream: UTF-16 units, exact.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(Name);

impl Name {
    /// From UTF-16 units, taken as they are.
    pub fn from_units(units: Vec<u16>) -> Self {
        Self(units)
    }

    /// From the bytes of a host name.
    pub fn from_host_bytes(bytes: &[u8]) -> Self {
        Self(host::from_host_bytes(bytes).into_units())
    }

    /// From a host name.
    #[cfg(unix)]
    pub fn from_host(name: &OsStr) -> Self {
        Self::from_host_bytes(name.as_bytes())
    }

    /// From a host name.
    #[cfg(windows)]
    pub fn from_host(name: &OsStr) -> Self {
        Self(name.encode_wide().collect())
    }

    /// The UTF-16 units.
    pub fn units(&self) -> &[u16] {
        &self.0
    }

    /// The bytes that stand for this name on the host.
    pub fn to_host_bytes(&self) -> Vec<u8> {
        host::to_host_bytes(&self.0)
    }

    /// The host name that stands for this name.
    #[cfg(unix)]
    pub fn to_host(&self) -> OsString {
        OsString::from_vec(self.to_host_bytes())
    }

    /// The host name that stands for this name.
    #[cfg(windows)]
    pub fn to_host(&self) -> OsString {
        OsString::from_wide(&self.0)
    }

    /// The name as text, when it is valid UTF-16.
    pub fn to_text(&self) -> Option<String> {
        String::from_utf16(&self.0).ok()
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

/// The text, with U+FFFD for what is none.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf16_lossy(&self.0))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf16_lossy(&self.0))
    }
}

impl StreamName {
    /// From UTF-16 units, taken as they are.
    pub fn from_units(units: Vec<u16>) -> Self {
        Self(Name(units))
    }

    /// From the bytes of a host text.
    pub fn from_host_bytes(bytes: &[u8]) -> Self {
        Self(Name::from_host_bytes(bytes))
    }

    /// The UTF-16 units.
    pub fn units(&self) -> &[u16] {
        self.0.units()
    }

    /// As a name, for messages.
    pub fn as_name(&self) -> &Name {
        &self.0
    }
}

impl From<&str> for StreamName {
    fn from(text: &str) -> Self {
        Self(Name::from(text))
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
