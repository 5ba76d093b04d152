//! A device that fails on purpose.

use std::sync::{Mutex, PoisonError};

use crate::stats::Counters;
use crate::{BlockDevice, DeviceError, IoCounts, IoOperation};

/// How long a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultDuration {
    /// One call fails, later ones work again.
    Once,
    /// That call and every later one of its kind fail.
    Forever,
}

/// Which call is to fail, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The kind of call.
    pub operation: IoOperation,
    /// Which call of that kind, counted from [`FaultDevice::arm`]; the first
    /// is 1 (0 means the same).
    pub nth: u64,
    /// How long it lasts.
    pub duration: FaultDuration,
    /// For writes: how many bytes of a failing write still reach the device.
    pub torn_bytes: usize,
}

impl Fault {
    /// The `nth` call of this kind fails, once; of a write, nothing arrives.
    pub fn once(operation: IoOperation, nth: u64) -> Self {
        Self {
            operation,
            nth,
            duration: FaultDuration::Once,
            torn_bytes: 0,
        }
    }

    /// The `nth` call of this kind and all later ones fail.
    pub fn forever(operation: IoOperation, nth: u64) -> Self {
        Self {
            duration: FaultDuration::Forever,
            ..Self::once(operation, nth)
        }
    }

    /// The same, but the first `bytes` of a failing write arrive.
    #[must_use]
    pub fn torn(mut self, bytes: usize) -> Self {
        self.torn_bytes = bytes;
        self
    }
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    fired: u64,
}

/// A device that passes calls on to another one, counts them, and fails the
/// one it is told to with [`DeviceError::Injected`].
#[derive(Debug)]
pub struct FaultDevice<D> {
    inner: D,
    counters: Counters,
    armed: Mutex<Option<Armed>>,
}

impl<D: BlockDevice> FaultDevice<D> {
    /// A device that does not fail yet.
    pub fn new(inner: D) -> Self {
        Self {
            inner,
            counters: Counters::default(),
            armed: Mutex::new(None),
        }
    }

    /// Sets the fault, in place of an earlier one.
    pub fn arm(&self, fault: Fault) {
        *self.lock() = Some(Armed {
            fault,
            seen: 0,
            fired: 0,
        });
    }

    /// Takes the fault back; gives how many calls it made fail.
    pub fn disarm(&self) -> u64 {
        self.lock().take().map_or(0, |armed| armed.fired)
    }

    /// How many calls the present fault made fail.
    pub fn fired(&self) -> u64 {
        self.lock().as_ref().map_or(0, |armed| armed.fired)
    }

    /// All calls so far, failed ones included.
    pub fn counts(&self) -> IoCounts {
        self.counters.now()
    }

    /// The device behind.
    pub fn inner(&self) -> &D {
        &self.inner
    }

    /// Counts a call; the fault when this call is to fail.
    fn strike(&self, operation: IoOperation, bytes: usize) -> Option<(Fault, DeviceError)> {
        self.counters.count(operation, bytes);
        let mut guard = self.lock();
        let armed = guard.as_mut()?;
        if armed.fault.operation != operation {
            return None;
        }
        armed.seen = armed.seen.saturating_add(1);
        let nth = armed.fault.nth.max(1);
        let fails = match armed.fault.duration {
            FaultDuration::Once => armed.seen == nth,
            FaultDuration::Forever => armed.seen >= nth,
        };
        if !fails {
            return None;
        }
        armed.fired = armed.fired.saturating_add(1);
        let call = armed.seen;
        Some((armed.fault, DeviceError::Injected { operation, call }))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Armed>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: BlockDevice> BlockDevice for FaultDevice<D> {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        match self.strike(IoOperation::Read, buf.len()) {
            Some((_, error)) => Err(error),
            None => self.inner.read_at(offset, buf),
        }
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        let Some((fault, error)) = self.strike(IoOperation::Write, buf.len()) else {
            return self.inner.write_at(offset, buf);
        };
        if let Some(arriving) = buf.get(..fault.torn_bytes.min(buf.len())) {
            self.inner.write_at(offset, arriving)?;
        }
        Err(error)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        match self.strike(IoOperation::Flush, 0) {
            Some((_, error)) => Err(error),
            None => self.inner.flush(),
        }
    }

    fn discard(&self, offset: u64, len: u64) -> Result<(), DeviceError> {
        match self.strike(IoOperation::Discard, 0) {
            Some((_, error)) => Err(error),
            None => self.inner.discard(offset, len),
        }
    }

    fn is_read_only(&self) -> bool {
        self.inner.is_read_only()
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryDevice;

    #[test]
    fn the_nth_call_fails_once() {
        let device = FaultDevice::new(MemoryDevice::new(100));
        device.write_at(0, &[1]).unwrap();
        device.arm(Fault::once(IoOperation::Write, 2));
        device.write_at(0, &[2]).unwrap();
        device.read_at(0, &mut [0]).unwrap();
        let error = device.write_at(0, &[3]).unwrap_err();
        assert!(matches!(
            error,
            DeviceError::Injected {
                operation: IoOperation::Write,
                call: 2
            }
        ));
        let mut byte = [0];
        device.read_at(0, &mut byte).unwrap();
        assert_eq!(byte, [2]);
        device.write_at(0, &[4]).unwrap();
        assert_eq!(device.disarm(), 1);
        assert_eq!(device.counts().writes, 4);
    }

    #[test]
    fn reads_and_flushes_fail_for_ever() {
        for operation in [IoOperation::Read, IoOperation::Flush] {
            let device = FaultDevice::new(MemoryDevice::new(100));
            let call = || match operation {
                IoOperation::Read => device.read_at(0, &mut [0]),
                _ => device.flush(),
            };
            device.arm(Fault::forever(operation, 2));
            call().unwrap();
            call().unwrap_err();
            call().unwrap_err();
            assert_eq!(device.fired(), 2);
            device.disarm();
            call().unwrap();
        }
    }

    #[test]
    fn a_torn_write_arrives_in_part() {
        let device = FaultDevice::new(MemoryDevice::new(100));
        device.arm(Fault::once(IoOperation::Write, 1).torn(3));
        device.write_at(10, &[7; 8]).unwrap_err();
        let mut bytes = [0; 8];
        device.read_at(10, &mut bytes).unwrap();
        assert_eq!(bytes, [7, 7, 7, 0, 0, 0, 0, 0]);
    }
}
