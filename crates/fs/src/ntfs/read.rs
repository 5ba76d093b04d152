//! A reader over a stream.

use std::io::{self, Read};

use linkwright_ntfs::{FileId, InvalidInput, Operate};

use super::error::from_engine;
use crate::error::Result;

/// Reads a stream from its start.
pub(super) struct Reader<'v, V> {
    volume: &'v V,
    file: FileId,
    stream: Vec<u16>,
    offset: u64,
}

impl<'v, V: Operate> Reader<'v, V> {
    /// Over a stream that must be there.
    pub(super) fn open(volume: &'v V, file: FileId, stream: &[u16]) -> Result<Self> {
        match volume.stream_len(file, stream) {
            Ok(_) => Ok(Self {
                volume,
                file,
                stream: stream.to_vec(),
                offset: 0,
            }),
            Err(linkwright_ntfs::Error::InvalidInput(InvalidInput::StreamNotFound))
                if stream.is_empty() =>
            {
                // A directory has no unnamed stream.
                Err(crate::ErrorKind::IsADirectory.into())
            }
            Err(error) => Err(from_engine(error)),
        }
    }
}

impl<V: Operate> Read for Reader<'_, V> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self
            .volume
            .read_at(self.file, &self.stream, self.offset, buf)
            .map_err(|error| from_engine(error).into_io())?;
        self.offset += got as u64;
        Ok(got)
    }
}
