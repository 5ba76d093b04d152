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

/// What a sector is to become, and what it is on the device until then.
#[derive(Debug, Clone)]
pub(super) struct Sector {
    /// Checksum of the bytes on the device.
    pub(super) before: u64,
    /// The bytes to come.
    pub(super) image: Box<[u8]>,
}

/// Sectors by their byte offset.
#[derive(Debug, Default)]
pub(super) struct Sectors {
    map: BTreeMap<u64, Sector>,
}

impl Sectors {
    pub(super) fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    pub(super) fn clear(&mut self) {
        self.map.clear();
    }

    pub(super) fn get(&self, offset: u64) -> Option<&Sector> {
        self.map.get(&offset)
    }

    /// Adds an image; what is known of the device stays.
    pub(super) fn put(&mut self, offset: u64, before: u64, image: &[u8]) {
        self.map
            .entry(offset)
            .and_modify(|sector| sector.image = image.into())
            .or_insert_with(|| Sector {
                before,
                image: image.into(),
            });
    }

    /// Lays the images over bytes read from the device at `offset`.
    pub(super) fn overlay(&self, offset: u64, buf: &mut [u8]) {
        if self.map.is_empty() {
            return;
        }
        let end = offset.saturating_add(buf.len() as u64);
        let first = offset - offset % SECTOR_LEN;
        for (at, sector) in self.map.range(first..end) {
            let skip = usize::try_from(offset.saturating_sub(*at)).unwrap_or(SECTOR);
            let to = usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX);
            let target = buf.get_mut(to..).unwrap_or_default();
            let source = sector.image.get(skip..).unwrap_or_default();
            for (to, from) in target.iter_mut().zip(source) {
                *to = *from;
            }
        }
    }

    /// Whether any of these bytes is to change.
    pub(super) fn touches(&self, offset: u64, len: usize) -> bool {
        let first = offset - offset % SECTOR_LEN;
        let end = offset.saturating_add(len as u64);
        self.map.range(first..end).next().is_some()
    }

    /// Hands every run of sectors that follow each other to `write`.
    pub(super) fn runs(&self, mut write: impl FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        let mut start = 0;
        let mut run: Vec<u8> = Vec::new();
        for (at, sector) in &self.map {
            let follows = start + run.len() as u64 == *at && run.len() < JOIN_LIMIT;
            if !run.is_empty() && !follows {
                write(start, &run)?;
                run.clear();
            }
            if run.is_empty() {
                start = *at;
            }
            run.extend_from_slice(&sector.image);
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
                let before = self.get(at).map(|sector| sector.before);
                if bytes != image && before != Some(checksum::of(bytes)) {
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
