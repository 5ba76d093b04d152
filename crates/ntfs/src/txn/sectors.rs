//! Sectors that are in the journal and not yet in place.

use std::collections::BTreeMap;

use linkwright_device::BlockDevice;

use super::checksum;
use crate::error::{Error, Result, Unsupported};

/// Bytes of a sector: what a medium writes whole.
pub(super) const SECTOR: usize = 512;
/// The same as an offset.
pub(super) const SECTOR_LEN: u64 = 512;
/// Sectors that follow each other are written together up to this many bytes.
const JOIN_LIMIT: usize = 1 << 20;

/// Sectors are kept in frames of this many, aligned to their size.
const PER_FRAME: usize = 8;
const FRAME: usize = PER_FRAME * SECTOR;
const FRAME_LEN: u64 = FRAME as u64;

/// Up to eight sectors: what each is to become, and what it is on the device
/// until then.
#[derive(Debug, Clone)]
struct Frame {
    /// Which of the sectors are here, from the lowest bit on.
    present: u8,
    /// Checksums of the bytes on the device.
    before: [u64; PER_FRAME],
    /// The bytes to come.
    image: Box<[u8; FRAME]>,
}

impl Frame {
    fn new() -> Self {
        Self {
            present: 0,
            before: [0; PER_FRAME],
            image: Box::new([0; FRAME]),
        }
    }

    fn has(&self, index: usize) -> bool {
        self.present & bit(index) != 0
    }

    fn sector(&self, index: usize) -> Option<&[u8; SECTOR]> {
        let (sectors, _) = self.image.as_chunks::<SECTOR>();
        sectors.get(index).filter(|_| self.has(index))
    }

    fn sector_mut(&mut self, index: usize) -> Option<&mut [u8; SECTOR]> {
        let (sectors, _) = self.image.as_chunks_mut::<SECTOR>();
        sectors.get_mut(index)
    }

    fn sum(&self, index: usize) -> Option<u64> {
        self.before.get(index).copied().filter(|_| self.has(index))
    }
}

fn bit(index: usize) -> u8 {
    1_u8.checked_shl(u32::try_from(index).unwrap_or(u32::MAX))
        .unwrap_or(0)
}

/// The frame of an offset, and the number of its sector there.
fn split(offset: u64) -> (u64, usize) {
    let start = offset - offset % FRAME_LEN;
    let index = usize::try_from((offset - start) / SECTOR_LEN).unwrap_or(0);
    (start, index)
}

/// Sectors by their byte offset.
#[derive(Debug, Default)]
pub(super) struct Sectors {
    frames: BTreeMap<u64, Frame>,
    count: usize,
}

impl Sectors {
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Number of sectors.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Bytes of memory taken.
    pub(super) fn memory(&self) -> usize {
        self.frames.len() * (FRAME + size_of::<Frame>() + 16)
    }

    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.count = 0;
    }

    /// Checksum of what the device holds of the sector at `offset`, if it is here.
    pub(super) fn before(&self, offset: u64) -> Option<u64> {
        let (start, index) = split(offset);
        self.frames.get(&start)?.sum(index)
    }

    /// Appends the images of `len` bytes and what is known of the device there,
    /// when every sector of them is here.
    pub(super) fn lookup(
        &self,
        offset: u64,
        len: usize,
        images: &mut Vec<u8>,
        sums: &mut Vec<u64>,
    ) -> bool {
        let end = offset.saturating_add(len as u64);
        let (mut start, mut index) = split(offset);
        while start < end {
            let Some(frame) = self.frames.get(&start) else {
                return false;
            };
            while index < PER_FRAME && start + (index * SECTOR) as u64 != end {
                let (Some(image), Some(sum)) = (frame.sector(index), frame.sum(index)) else {
                    return false;
                };
                images.extend_from_slice(image);
                sums.push(sum);
                index += 1;
            }
            if index < PER_FRAME {
                break;
            }
            (start, index) = (start + FRAME_LEN, 0);
        }
        true
    }

    /// Whether every sector of a range is here.
    pub(super) fn holds(&self, offset: u64, len: u64) -> bool {
        let mut at = offset;
        while at < offset.saturating_add(len) {
            if self.before(at).is_none() {
                return false;
            }
            at += SECTOR_LEN;
        }
        true
    }

    /// Adds an image; what is known of the device stays.
    pub(super) fn put(&mut self, offset: u64, before: u64, image: &[u8; SECTOR]) {
        let (start, index) = split(offset);
        let frame = self.frames.entry(start).or_insert_with(Frame::new);
        if !frame.has(index) {
            frame.present |= bit(index);
            self.count += 1;
            if let Some(sum) = frame.before.get_mut(index) {
                *sum = before;
            }
        }
        if let Some(to) = frame.sector_mut(index) {
            *to = *image;
        }
    }

    /// Changes bytes of images that are here.
    pub(super) fn patch(&mut self, offset: u64, bytes: &[u8]) {
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (start, _) = split(at);
            let inside = usize::try_from(at - start).unwrap_or(0);
            let take = (FRAME - inside).min(rest.len());
            let (part, tail) = rest.split_at_checked(take).unwrap_or((rest, &[]));
            let frame = self.frames.get_mut(&start);
            if let Some(to) = frame.and_then(|f| f.image.get_mut(inside..inside + take)) {
                to.copy_from_slice(part);
            }
            rest = tail;
            at += take as u64;
        }
    }

    /// The sectors in order.
    fn each(&self) -> impl Iterator<Item = (u64, u64, &[u8; SECTOR])> {
        self.frames.iter().flat_map(|(start, frame)| {
            (0..PER_FRAME).filter_map(move |index| {
                let at = start + (index * SECTOR) as u64;
                Some((at, frame.sum(index)?, frame.sector(index)?))
            })
        })
    }

    /// Lays the images over bytes read from the device at `offset`.
    pub(super) fn overlay(&self, offset: u64, buf: &mut [u8]) {
        if self.frames.is_empty() {
            return;
        }
        let end = offset.saturating_add(buf.len() as u64);
        let (first, _) = split(offset);
        for (start, frame) in self.frames.range(first..end) {
            for index in 0..PER_FRAME {
                let Some(image) = frame.sector(index) else {
                    continue;
                };
                let at = start + (index * SECTOR) as u64;
                if at + SECTOR_LEN <= offset || at >= end {
                    continue;
                }
                let skip = usize::try_from(offset.saturating_sub(at)).unwrap_or(SECTOR);
                let to = usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX);
                let source = image.get(skip..).unwrap_or_default();
                let target = buf.get_mut(to..).unwrap_or_default();
                let len = source.len().min(target.len());
                if let (Some(to), Some(from)) = (target.get_mut(..len), source.get(..len)) {
                    to.copy_from_slice(from);
                }
            }
        }
    }

    /// Whether any of these bytes is to change.
    pub(super) fn touches(&self, offset: u64, len: usize) -> bool {
        let end = offset.saturating_add(len as u64);
        let mut at = offset - offset % SECTOR_LEN;
        let (first, _) = split(offset);
        if self.frames.range(first..end).next().is_none() {
            return false;
        }
        while at < end {
            if self.before(at).is_some() {
                return true;
            }
            at += SECTOR_LEN;
        }
        false
    }

    /// Hands every run of sectors that follow each other to `write`.
    pub(super) fn runs(&self, mut write: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        let mut start = 0;
        let mut run: Vec<u8> = Vec::new();
        for (at, _, image) in self.each() {
            let follows = start + run.len() as u64 == at && run.len() < JOIN_LIMIT;
            if !run.is_empty() && !follows {
                write(start, &run)?;
                run.clear();
            }
            if run.is_empty() {
                start = at;
            }
            run.extend_from_slice(image);
        }
        if run.is_empty() {
            return Ok(());
        }
        write(start, &run)
    }

    /// Refuses when a sector of the device is neither what it was when it was
    /// journaled nor what it is to become: somebody else wrote to the volume.
    pub(super) fn check_untouched(&self, device: &dyn BlockDevice) -> Result<()> {
        self.runs(|offset, images| {
            let mut there = vec![0; images.len()];
            device.read_at(offset, &mut there)?;
            let (there, _) = there.as_chunks::<SECTOR>();
            let (images, _) = images.as_chunks::<SECTOR>();
            let mut at = offset;
            for (bytes, image) in there.iter().zip(images) {
                if bytes != image && self.before(at) != Some(checksum::of(bytes)) {
                    return Err(Error::Unsupported(Unsupported::ForeignWriter {
                        offset: at,
                    }));
                }
                at += SECTOR_LEN;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linkwright_device::MemoryDevice;

    fn two() -> Sectors {
        let mut sectors = Sectors::default();
        sectors.put(512, checksum::of(&[0; SECTOR]), &[1; SECTOR]);
        sectors.put(1024, checksum::of(&[0; SECTOR]), &[2; SECTOR]);
        sectors
    }

    #[test]
    fn reads_see_the_images() {
        let sectors = two();
        let mut buf = [9; 700];
        sectors.overlay(500, &mut buf);
        assert_eq!((buf[11], buf[12], buf[523], buf[524]), (9, 1, 1, 2));
        assert!(sectors.touches(0, 513) && !sectors.touches(0, 512) && !sectors.touches(1536, 9));
    }

    #[test]
    fn ranges_of_what_is_here_are_found_and_changed() {
        let mut sectors = two();
        sectors.put(4096, 5, &[3; SECTOR]);
        let (mut images, mut sums) = (Vec::new(), Vec::new());
        assert!(sectors.lookup(512, 1024, &mut images, &mut sums));
        assert_eq!((images.len(), sums.len()), (1024, 2));
        assert!(!sectors.lookup(512, 1536, &mut images, &mut sums));
        assert!(sectors.holds(512, 1024) && !sectors.holds(0, 1024));
        sectors.patch(1022, &[7; 4]);
        let mut buf = [0; 6];
        sectors.overlay(1021, &mut buf);
        assert_eq!(buf, [1, 7, 7, 7, 7, 2]);
        assert_eq!(sectors.len(), 3);
    }

    #[test]
    fn a_sector_may_be_old_or_new_and_nothing_else() {
        let sectors = two();
        let device = MemoryDevice::new(4096);
        sectors.check_untouched(&device).unwrap();
        device.write_at(1024, &[2; SECTOR]).unwrap();
        sectors.check_untouched(&device).unwrap();
        device.write_at(1535, &[7]).unwrap();
        assert!(matches!(
            sectors.check_untouched(&device),
            Err(Error::Unsupported(Unsupported::ForeignWriter {
                offset: 1024
            }))
        ));
    }
}
