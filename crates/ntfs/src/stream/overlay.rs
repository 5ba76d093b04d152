//! Files that the Windows overlay filter compressed (WOF): the unnamed stream
//! is a hole, the data is in the stream `WofCompressedData`.

use linkwright_ntfs_format::attribute::{AttributeFlags, AttributeType};
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::{RecordNumber, num};
use linkwright_reparse::{OtherReparse, ReparseTag, WofAlgorithm, WofProvider};

use super::{StreamBody, StreamMap};
use crate::attr::AttrKey;
use crate::compress::wof::{Layout, decompress_chunk};
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result, Unsupported};

/// `WofCompressedData`
const STREAM: [u16; 17] = [
    0x57, 0x6F, 0x66, 0x43, 0x6F, 0x6D, 0x70, 0x72, 0x65, 0x73, 0x73, 0x65, 0x64, 0x44, 0x61, 0x74,
    0x61,
];

impl Engine {
    /// How the data behind the unnamed stream is compressed; `None` for a file
    /// that is its own data.
    pub(super) fn overlay(
        &self,
        base: RecordNumber,
        map: &StreamMap,
    ) -> Result<Option<WofAlgorithm>> {
        // Only the hole of a sparse stream can stand for something else.
        if !map.flags.contains(AttributeFlags::SPARSE) {
            return Ok(None);
        }
        let (_, info) = self.standard_information(base)?;
        if !info.attributes.contains(FileAttributes::REPARSE_POINT) {
            return Ok(None);
        }
        let bytes = self.reparse_bytes(base)?.unwrap_or_default();
        if num::u32_at(&bytes, 0).ok() != Some(ReparseTag::WOF.0) {
            return Ok(None);
        }
        let info = OtherReparse::decode(&bytes)
            .ok()
            .and_then(|buffer| buffer.wof().ok().flatten());
        match info.map(|info| info.provider) {
            Some(WofProvider::File { algorithm, .. }) => Ok(Some(algorithm)),
            Some(WofProvider::Wim { .. }) => {
                Err(Unsupported::Compression("the data is in a WIM file").into())
            }
            None => Err(Unsupported::Compression("overlay of an unknown kind").into()),
        }
    }

    /// Reads what the overlay shows; `map` is the unnamed stream's, and the
    /// range lies in it.
    pub(super) fn read_overlay(
        &self,
        base: RecordNumber,
        map: &StreamMap,
        algorithm: WofAlgorithm,
        offset: u64,
        buf: &mut [u8],
    ) -> Result<()> {
        let place = Place::attribute(base, AttributeType::DATA);
        let damaged = || place.corrupt(CorruptKind::CompressedData);
        let key = AttrKey::named(AttributeType::DATA, &STREAM);
        let body = self.body(base, key)?.ok_or_else(damaged)?;
        let stream = Compressed {
            engine: self,
            body,
            place,
        };
        let layout = Layout::new(algorithm, map.sizes.data, stream.len()).map_err(|_| damaged())?;
        let mut done = 0;
        while done < buf.len() {
            let at = offset + u64::try_from(done).unwrap_or(u64::MAX);
            let chunk = layout.chunk_of(at);
            let shown = layout.file_span(chunk);
            let mut plain = vec![0; usize::try_from(shown.end - shown.start).unwrap_or(0)];
            let entries = stream.part(layout.table_span(chunk))?;
            let span = layout.data_span(chunk, &entries).map_err(|_| damaged())?;
            decompress_chunk(algorithm, &stream.part(span)?, &mut plain).map_err(|_| damaged())?;
            let from = plain
                .get(usize::try_from(at - shown.start).unwrap_or(usize::MAX)..)
                .unwrap_or_default();
            let rest = buf.get_mut(done..).unwrap_or_default();
            let take = from.len().min(rest.len());
            if take == 0 {
                return Err(damaged());
            }
            for (to, from) in rest.iter_mut().zip(from) {
                *to = *from;
            }
            done += take;
        }
        Ok(())
    }
}

/// The stream with the compressed chunks.
struct Compressed<'a> {
    engine: &'a Engine,
    body: StreamBody,
    place: Place,
}

impl Compressed<'_> {
    fn len(&self) -> u64 {
        self.body.len()
    }

    /// Bytes of the stream; the layout keeps the range in it, and below 32 KiB.
    fn part(&self, span: core::ops::Range<u64>) -> Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(span.end - span.start).unwrap_or(0)];
        let read = self
            .engine
            .read_body(&self.body, span.start, &mut bytes, self.place)?;
        if read < bytes.len() {
            return Err(self.place.corrupt(CorruptKind::CompressedData));
        }
        Ok(bytes)
    }
}
