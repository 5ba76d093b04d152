//! Streams of a file: FILE_STREAM_INFO and WIN32_FIND_STREAM_DATA.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::chain::{length, unit_bytes};
use super::find::{copy, until_nul};
use super::layout;

/// Units of `cStreamName`: MAX_PATH and the longest type.
const STREAM_NAME: usize = 296;

/// One stream as FILE_STREAM_INFO tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEntry {
    /// Its name in full: `::$DATA`, `:name:$DATA`.
    pub name: Vec<u16>,
    /// StreamSize (in bytes).
    pub size: u64,
    /// StreamAllocationSize (in bytes).
    pub allocated: u64,
}

impl StreamEntry {
    /// FILE_STREAM_INFO with a NextEntryOffset of 0 (MS-FSCC 2.4.49).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; 4];
        out.extend(length(self.name.len().saturating_mul(2)).to_ne_bytes());
        out.extend(self.size.to_ne_bytes());
        out.extend(self.allocated.to_ne_bytes());
        out.extend(unit_bytes(&self.name));
        out
    }
}

/// WIN32_FIND_STREAM_DATA.
#[derive(Debug, Clone, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Win32FindStreamData {
    /// StreamSize (in bytes).
    pub stream_size: i64,
    /// cStreamName, closed by NUL.
    pub stream_name: [u16; STREAM_NAME],
}

layout!(Win32FindStreamData, 600, { stream_size: 0, stream_name: 8 });

impl From<&StreamEntry> for Win32FindStreamData {
    fn from(stream: &StreamEntry) -> Self {
        let mut data = Self {
            stream_size: i64::try_from(stream.size).unwrap_or(i64::MAX),
            stream_name: [0; STREAM_NAME],
        };
        copy(&stream.name, &mut data.stream_name);
        data
    }
}

impl Win32FindStreamData {
    /// The name without its NUL.
    #[must_use]
    pub fn name(&self) -> &[u16] {
        until_nul(&self.stream_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_its_sizes_and_its_full_name() {
        let stream = StreamEntry {
            name: "::$DATA".encode_utf16().collect(),
            size: 3,
            allocated: 8,
        };
        let bytes = stream.encode();
        assert_eq!(bytes.len(), 24 + 14);
        assert_eq!(bytes.get(4..8), Some(&14u32.to_ne_bytes()[..]));
        assert_eq!(bytes.get(8..16), Some(&3u64.to_ne_bytes()[..]));
        assert_eq!(bytes.get(16..24), Some(&8u64.to_ne_bytes()[..]));
        let found = Win32FindStreamData::from(&stream);
        assert_eq!(found.name(), stream.name);
        assert_eq!(found.stream_size, 3);
    }
}
