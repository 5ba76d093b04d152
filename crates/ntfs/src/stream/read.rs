//! Reading streams.

use linkwright_ntfs_format::attribute::{AttributeFlags, AttributeType};
use linkwright_ntfs_format::{FileReference, Lcn};

use super::{StreamBody, StreamMap};
use crate::attr::AttrKey;
use crate::engine::Engine;
use crate::error::{CorruptKind, InvalidInput, Place, Result, Unsupported};

impl Engine {
    /// Reads bytes of a stream from its clusters, past the cache: for user data
    /// and the log, which are never in it. Holes read as zeros.
    pub(crate) fn read_direct(
        &self,
        map: &StreamMap,
        offset: u64,
        buf: &mut [u8],
        place: Place,
    ) -> Result<()> {
        let cluster = self.cluster_size();
        let mut done = 0_usize;
        while done < buf.len() {
            let at = offset + u64::try_from(done).unwrap_or(u64::MAX);
            let rest = buf.get_mut(done..).unwrap_or_default();
            let run = map
                .runs
                .lookup(at / cluster)
                .ok_or_else(|| place.at_vcn(at / cluster).corrupt(CorruptKind::ExtentGap))?;
            let inside = at % cluster;
            let room = run.length.saturating_mul(cluster) - inside;
            let take = usize::try_from(room).unwrap_or(usize::MAX).min(rest.len());
            let part = rest.get_mut(..take).unwrap_or_default();
            match run.lcn {
                None => part.fill(0),
                Some(lcn) => {
                    let start = self.cluster_range(Lcn(lcn), run.length, place)?;
                    self.store.read(start + inside, part)?;
                }
            }
            done += take;
        }
        Ok(())
    }

    /// Reads what a plain (not compressed) stream shows: zeros behind its
    /// initialized size.
    pub(super) fn read_shown(
        &self,
        map: &StreamMap,
        offset: u64,
        buf: &mut [u8],
        place: Place,
    ) -> Result<()> {
        let valid =
            usize::try_from(map.sizes.initialized.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (live, rest) = buf
            .split_at_mut_checked(valid.min(buf.len()))
            .unwrap_or((&mut [], &mut []));
        rest.fill(0);
        self.read_direct(map, offset, live, place)
    }

    /// Reads from `offset` of a stream; returns the bytes read, fewer than
    /// asked at the end of the stream only.
    pub(crate) fn read_stream(
        &self,
        file: FileReference,
        name: &[u16],
        offset: u64,
        buf: &mut [u8],
    ) -> Result<usize> {
        self.base_record(file)?;
        let key = AttrKey::named(AttributeType::DATA, name);
        let body = self
            .body(file.record(), key)?
            .ok_or(InvalidInput::StreamNotFound)?;
        let place = Place::attribute(file.record(), AttributeType::DATA);
        if let StreamBody::NonResident(map) = &body
            && name.is_empty()
            && let Some(algorithm) = self.overlay(file.record(), map)?
        {
            let buf = shown_part(map, offset, buf);
            self.read_overlay(file.record(), map, algorithm, offset, buf)?;
            return Ok(buf.len());
        }
        let read = self.read_body(&body, offset, buf, place)?;
        if let StreamBody::NonResident(map) = &body
            && self.is_in_extend(file.record())?
        {
            let shown = buf.get_mut(..read).unwrap_or_default();
            self.read_cached(map, offset, shown, place)?;
        }
        Ok(read)
    }

    /// Puts what the cache holds of a stream over what was read from the device:
    /// the change journal is written through it.
    fn read_cached(
        &self,
        map: &StreamMap,
        offset: u64,
        buf: &mut [u8],
        place: Place,
    ) -> Result<()> {
        let page = self.page_size();
        let mut rest = buf;
        let mut at = offset;
        while !rest.is_empty() {
            let inside = usize::try_from(at % page).unwrap_or(0);
            let room = usize::try_from(page).unwrap_or(0) - inside;
            let take = room.min(rest.len());
            let (here, tail) = rest
                .split_at_mut_checked(take)
                .unwrap_or((&mut [], &mut []));
            let run = map.runs.lookup(at / self.cluster_size());
            if run.is_some_and(|run| run.lcn.is_some()) {
                let location = self.page_location(map, at - at % page, place)?;
                let block = self.cache.get(location.key());
                let cached = block
                    .as_ref()
                    .and_then(|b| b.bytes().get(inside..inside + take));
                if let Some(cached) = cached {
                    here.copy_from_slice(cached);
                }
            }
            at += u64::try_from(take).unwrap_or(u64::MAX);
            rest = tail;
        }
        Ok(())
    }

    /// Reads from `offset` of a stream's own content.
    pub(super) fn read_body(
        &self,
        body: &StreamBody,
        offset: u64,
        buf: &mut [u8],
        place: Place,
    ) -> Result<usize> {
        match body {
            StreamBody::Resident(value) => {
                let from = usize::try_from(offset)
                    .unwrap_or(usize::MAX)
                    .min(value.len());
                let shown = value.get(from..).unwrap_or_default();
                let take = shown.len().min(buf.len());
                for (to, from) in buf.iter_mut().zip(shown) {
                    *to = *from;
                }
                Ok(take)
            }
            StreamBody::NonResident(map) => {
                let buf = shown_part(map, offset, buf);
                if map.flags.contains(AttributeFlags::ENCRYPTED) {
                    return Err(Unsupported::Encrypted.into());
                }
                if map.flags.contains(AttributeFlags::COMPRESSED) && map.compression_unit > 0 {
                    self.read_compressed(map, offset, buf, place)?;
                } else {
                    self.read_shown(map, offset, buf, place)?;
                }
                Ok(buf.len())
            }
        }
    }

    /// Bytes of a stream.
    pub(crate) fn stream_len(&self, file: FileReference, name: &[u16]) -> Result<u64> {
        self.base_record(file)?;
        let key = AttrKey::named(AttributeType::DATA, name);
        let found = self
            .find(file.record(), key)?
            .ok_or(InvalidInput::StreamNotFound)?;
        let view = found.view()?;
        Ok(match view.non_resident() {
            Some(part) => part.sizes().data,
            None => u64::try_from(found.resident()?.len()).unwrap_or(u64::MAX),
        })
    }
}

/// The part of `buf` that a stream has bytes for.
fn shown_part<'b>(map: &StreamMap, offset: u64, buf: &'b mut [u8]) -> &'b mut [u8] {
    let left = usize::try_from(map.sizes.data.saturating_sub(offset)).unwrap_or(usize::MAX);
    let take = left.min(buf.len());
    buf.get_mut(..take).unwrap_or_default()
}
