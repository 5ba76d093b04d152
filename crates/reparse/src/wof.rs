//! What the Windows overlay filter stores in its reparse point (tag 0x80000017).
//!
//! `WOF_EXTERNAL_INFO` followed by the provider's own structure, from the public SDK headers
//! `ntifs.h` (WOF_EXTERNAL_INFO, FILE_PROVIDER_EXTERNAL_INFO, WIM_PROVIDER_EXTERNAL_INFO).

use zerocopy::little_endian::{I64, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::error::{ReparseError, ReparseErrorKind};
use crate::header::{HEADER_BYTES, truncated};

#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct ExternalInfo {
    version: U32,
    provider: U32,
}

#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct FileProvider {
    version: U32,
    algorithm: U32,
}

#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct WimProvider {
    version: U32,
    flags: U32,
    data_source: I64,
    hash: [u8; 20],
}

const _: () = assert!(size_of::<ExternalInfo>() == 8);
const _: () = assert!(size_of::<FileProvider>() == 8);
const _: () = assert!(size_of::<WimProvider>() == 36);

const PROVIDER_AT: usize = HEADER_BYTES + size_of::<ExternalInfo>();

/// How the stream `WofCompressedData` of a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WofAlgorithm {
    /// XPRESS Huffman in chunks of 4 KiB (number 0).
    Xpress4K,
    /// LZX in chunks of 32 KiB (number 1).
    Lzx,
    /// XPRESS Huffman in chunks of 8 KiB (number 2).
    Xpress8K,
    /// XPRESS Huffman in chunks of 16 KiB (number 3).
    Xpress16K,
}

impl WofAlgorithm {
    /// From the number on disk (`FILE_PROVIDER_COMPRESSION_*`).
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Xpress4K,
            1 => Self::Lzx,
            2 => Self::Xpress8K,
            3 => Self::Xpress16K,
            _ => return None,
        })
    }

    /// The number on disk.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::Xpress4K => 0,
            Self::Lzx => 1,
            Self::Xpress8K => 2,
            Self::Xpress16K => 3,
        }
    }

    /// Bytes of file data in one chunk.
    #[must_use]
    pub fn chunk_bytes(self) -> usize {
        match self {
            Self::Xpress4K => 0x1000,
            Self::Xpress8K => 0x2000,
            Self::Xpress16K => 0x4000,
            Self::Lzx => 0x8000,
        }
    }
}

/// Where the data of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WofProvider {
    /// In the stream `WofCompressedData` of the same file.
    File {
        /// Version of the provider's structure, 1 so far.
        version: u32,
        /// How it is compressed.
        algorithm: WofAlgorithm,
    },
    /// In a WIM file elsewhere on the volume.
    Wim {
        /// Version of the provider's structure, 2 so far.
        version: u32,
        /// Flags of the provider.
        flags: u32,
        /// Number of the WIM file among those registered on the volume.
        data_source: i64,
        /// SHA-1 of the uncompressed data.
        hash: [u8; 20],
    },
}

/// Decoded data of a [`crate::ReparseTag::WOF`] reparse point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WofInfo {
    /// Version of the outer structure, always 1.
    pub version: u32,
    /// The provider and what it stores.
    pub provider: WofProvider,
}

impl WofInfo {
    /// From the data behind the reparse header. Bytes behind the structures are left alone.
    ///
    /// # Errors
    /// Truncated data, or an unknown version, provider or algorithm; offsets count from the start
    /// of the whole reparse buffer.
    pub fn from_data(data: &[u8]) -> Result<Self, ReparseError> {
        let total = HEADER_BYTES + data.len();
        let (outer, rest) = ExternalInfo::read_from_prefix(data)
            .map_err(|_| truncated(PROVIDER_AT, total, HEADER_BYTES))?;
        let version = outer.version.get();
        if version != 1 {
            let kind = ReparseErrorKind::UnknownVersion(version);
            return Err(ReparseError::new(kind, HEADER_BYTES));
        }
        let provider = match outer.provider.get() {
            1 => wim_provider(rest, total)?,
            2 => file_provider(rest, total)?,
            other => {
                let kind = ReparseErrorKind::UnknownProvider(other);
                return Err(ReparseError::new(kind, HEADER_BYTES + 4));
            }
        };
        Ok(Self { version, provider })
    }
}

fn wim_provider(bytes: &[u8], total: usize) -> Result<WofProvider, ReparseError> {
    let (wim, _) = WimProvider::read_from_prefix(bytes)
        .map_err(|_| truncated(PROVIDER_AT + size_of::<WimProvider>(), total, PROVIDER_AT))?;
    Ok(WofProvider::Wim {
        version: wim.version.get(),
        flags: wim.flags.get(),
        data_source: wim.data_source.get(),
        hash: wim.hash,
    })
}

fn file_provider(bytes: &[u8], total: usize) -> Result<WofProvider, ReparseError> {
    let (file, _) = FileProvider::read_from_prefix(bytes)
        .map_err(|_| truncated(PROVIDER_AT + size_of::<FileProvider>(), total, PROVIDER_AT))?;
    let version = file.version.get();
    if version != 1 {
        let kind = ReparseErrorKind::UnknownVersion(version);
        return Err(ReparseError::new(kind, PROVIDER_AT));
    }
    let number = file.algorithm.get();
    let algorithm = WofAlgorithm::from_number(number).ok_or_else(|| {
        ReparseError::new(ReparseErrorKind::UnknownAlgorithm(number), PROVIDER_AT + 4)
    })?;
    Ok(WofProvider::File { version, algorithm })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(values: &[u32]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }

    #[test]
    fn file_provider_names_the_algorithm() {
        for number in 0..4 {
            let info = WofInfo::from_data(&words(&[1, 2, 1, number])).unwrap();
            let WofProvider::File { algorithm, .. } = info.provider else {
                panic!("not the file provider");
            };
            assert_eq!(algorithm.number(), number);
        }
        assert_eq!(WofAlgorithm::Lzx.chunk_bytes(), 32_768);
        assert_eq!(WofAlgorithm::Xpress16K.chunk_bytes(), 16_384);
    }

    #[test]
    fn wim_provider_names_source_and_hash() {
        let mut data = words(&[1, 1, 2, 0, 5, 0]);
        data.extend_from_slice(&[0xAB; 20]);
        assert_eq!(
            WofInfo::from_data(&data).unwrap().provider,
            WofProvider::Wim {
                version: 2,
                flags: 0,
                data_source: 5,
                hash: [0xAB; 20]
            }
        );
    }

    #[test]
    fn each_damage_is_told_by_kind_and_place() {
        use ReparseErrorKind as K;
        for (data, kind, offset) in [
            (words(&[2, 2, 1, 0]), K::UnknownVersion(2), 8),
            (words(&[1, 3, 1, 0]), K::UnknownProvider(3), 12),
            (words(&[1, 2, 9, 0]), K::UnknownVersion(9), 16),
            (words(&[1, 2, 1, 4]), K::UnknownAlgorithm(4), 20),
            (
                words(&[1]),
                K::Truncated {
                    needed: 16,
                    actual: 12,
                },
                8,
            ),
            (
                words(&[1, 1, 2]),
                K::Truncated {
                    needed: 52,
                    actual: 20,
                },
                16,
            ),
        ] {
            assert_eq!(
                WofInfo::from_data(&data),
                Err(ReparseError { kind, offset })
            );
        }
    }
}
