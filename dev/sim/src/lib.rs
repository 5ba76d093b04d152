//! A device that remembers every write and flush, and the images that a loss
//! of power at any of them can leave behind.
//!
//! [`SimDevice`] works as a device in memory and keeps a trace. [`Cuts`] walks
//! the trace: at each event it knows what is durable (all writes before the
//! last flush) and what is not (those since), and makes images of it, in which
//! writes that were not flushed are there, lost, torn at 512 bytes, or reached
//! the medium in another order.
//!
//! For calls that fail, put a [`linkwright_device::FaultDevice`] around it.
#![forbid(unsafe_code)]

mod random;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_device::{BlockDevice, DeviceError, MemoryDevice};
use random::Random;

/// The unit that a medium writes whole.
pub const SECTOR: usize = 512;

/// One call that changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes were written.
    Write {
        /// Byte offset.
        offset: u64,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// Everything before became durable.
    Flush,
}

/// Totals of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls of `write_at`.
    pub writes: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Calls of `flush`.
    pub flushes: u64,
}

/// See the crate's text.
#[derive(Debug)]
pub struct SimDevice {
    live: MemoryDevice,
    base: MemoryDevice,
    trace: Mutex<Vec<Event>>,
}

impl SimDevice {
    /// A device that starts as a copy of `base`, all of it durable.
    #[must_use]
    pub fn new(base: &MemoryDevice) -> Self {
        Self {
            live: base.snapshot(),
            base: base.snapshot(),
            trace: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events so far: a place in the trace.
    #[must_use]
    pub fn position(&self) -> usize {
        self.lock().len()
    }

    /// Writes, bytes and flushes so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for event in self.lock().iter() {
            match event {
                Event::Write { bytes, .. } => {
                    counts.writes += 1;
                    counts.bytes += bytes.len() as u64;
                }
                Event::Flush => counts.flushes += 1,
            }
        }
        counts
    }

    /// The device as it is for a program that goes on.
    #[must_use]
    pub fn live(&self) -> MemoryDevice {
        self.live.snapshot()
    }

    /// All places where the power can fail.
    #[must_use]
    pub fn cuts(&self) -> Cuts {
        Cuts {
            durable: self.base.snapshot(),
            loose: Vec::new(),
            trace: self.lock().clone(),
            next: 0,
        }
    }
}

impl BlockDevice for SimDevice {
    fn len(&self) -> u64 {
        self.live.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        self.live.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        let mut trace = self.lock();
        self.live.write_at(offset, buf)?;
        trace.push(Event::Write {
            offset,
            bytes: buf.into(),
        });
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.lock().push(Event::Flush);
        Ok(())
    }

    fn describe(&self) -> String {
        format!("simulated {}", self.live.describe())
    }
}

/// What happened to the writes that were not flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// None reached the medium.
    All,
    /// All did: the death of a process, not of the machine.
    Nothing,
    /// Each was kept, lost or torn at 512 bytes, in any order, by this seed.
    Seed(u64),
}

/// Walks a trace, event by event. The first cut lies before the first event,
/// the last behind the last.
#[derive(Debug)]
pub struct Cuts {
    durable: MemoryDevice,
    loose: Vec<(u64, Arc<[u8]>)>,
    trace: Vec<Event>,
    next: usize,
}

impl Cuts {
    /// Events that happened before this cut.
    #[must_use]
    pub fn position(&self) -> usize {
        self.next
    }

    /// What happens next; `None` at the end.
    #[must_use]
    pub fn next_event(&self) -> Option<&Event> {
        self.trace.get(self.next)
    }

    /// Whether anything is not durable here.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.loose.is_empty()
    }

    /// Goes on by one event; `false` at the end.
    pub fn step(&mut self) -> bool {
        match self.trace.get(self.next) {
            None => return false,
            Some(Event::Write { offset, bytes }) => {
                self.loose.push((*offset, Arc::clone(bytes)));
            }
            Some(Event::Flush) => {
                for (offset, bytes) in self.loose.drain(..) {
                    put(&self.durable, offset, &bytes);
                }
            }
        }
        self.next += 1;
        true
    }

    /// An image that the loss of power here can leave.
    #[must_use]
    pub fn image(&self, loss: Loss) -> MemoryDevice {
        let image = self.durable.snapshot();
        match loss {
            Loss::All => {}
            Loss::Nothing => {
                for (offset, bytes) in &self.loose {
                    put(&image, *offset, bytes);
                }
            }
            Loss::Seed(seed) => self.torn(&image, seed),
        }
        image
    }

    fn torn(&self, image: &MemoryDevice, seed: u64) {
        let mut random = Random::new(seed ^ (self.next as u64).wrapping_mul(0x9E37_79B9));
        let mut order: Vec<usize> = (0..self.loose.len()).collect();
        random.shuffle(&mut order);
        for index in order {
            let Some((offset, bytes)) = self.loose.get(index) else {
                continue;
            };
            match random.below(3) {
                0 => {}
                1 => put(image, *offset, bytes),
                _ => tear(image, *offset, bytes, &mut random),
            }
        }
    }
}

/// Writes some of the sectors.
fn tear(image: &MemoryDevice, offset: u64, bytes: &[u8], random: &mut Random) {
    let mut at = offset;
    let mut rest = bytes;
    while !rest.is_empty() {
        let inside = usize::try_from(at % SECTOR as u64).unwrap_or(0);
        let (piece, tail) = rest.split_at((SECTOR - inside).min(rest.len()));
        if random.below(2) == 0 {
            put(image, at, piece);
        }
        at += piece.len() as u64;
        rest = tail;
    }
}

fn put(image: &MemoryDevice, offset: u64, bytes: &[u8]) {
    image
        .write_at(offset, bytes)
        .expect("the write fitted the device before");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(device: &MemoryDevice) -> Vec<u8> {
        let mut all = vec![0; 2048];
        device.read_at(0, &mut all).unwrap();
        all
    }

    #[test]
    fn what_was_flushed_stays_and_the_rest_may_go() {
        let device = SimDevice::new(&MemoryDevice::new(2048));
        device.write_at(0, &[1; 1024]).unwrap();
        device.flush().unwrap();
        device.write_at(512, &[2; 1024]).unwrap();
        let counts = device.counts();
        assert_eq!((counts.writes, counts.bytes, counts.flushes), (2, 2048, 1));
        let mut cuts = device.cuts();
        assert_eq!(bytes(&cuts.image(Loss::Nothing)), [0; 2048]);
        while cuts.step() {}
        assert_eq!(cuts.position(), 3);
        let lost = bytes(&cuts.image(Loss::All));
        assert_eq!((lost[0], lost[512], lost[1024]), (1, 1, 0));
        assert_eq!(bytes(&cuts.image(Loss::Nothing)), bytes(&device.live()));
        let seen: std::collections::BTreeSet<_> = (0..64)
            .map(|seed| {
                let image = bytes(&cuts.image(Loss::Seed(seed)));
                assert_eq!(image[..512], [1; 512]);
                (image[512], image[1024])
            })
            .collect();
        // Whole, lost, and torn both ways.
        assert_eq!(seen.len(), 4);
        assert_eq!(
            bytes(&cuts.image(Loss::Seed(5))),
            bytes(&cuts.image(Loss::Seed(5)))
        );
    }
}
