//! Calls of the device that fail.

use std::sync::Arc;

use linkwright_device::{Fault, FaultDevice, IoOperation};
use linkwright_ntfs::{Durability, Error, Result, Volume};
use linkwright_sim::{Loss, SimDevice};

use super::judge::{Effort, Judge, run, with};
use super::steps::{Step, base, mixed_steps};
use crate::support::{ROOT, units};

#[test]
fn a_failed_call_latches_and_nothing_is_lost() {
    let base = base(|_| {});
    let steps = mixed_steps();
    let judge = Judge::new("failing calls", Effort::USUAL);
    let whole = run(&base, Durability::Immediate, &steps);
    for operation in [IoOperation::Write, IoOperation::Flush, IoOperation::Read] {
        let mut n = 1;
        loop {
            let sim = Arc::new(SimDevice::new(&base));
            let faulty = Arc::new(FaultDevice::new(sim.clone()));
            faulty.arm(Fault::once(operation, n));
            let failed = until_failure(&faulty, &steps, operation);
            let Some(done) = failed else { break };
            let mut cuts = sim.cuts();
            while cuts.step() {}
            let what = format!("{operation} {n} failed");
            let there = judge.recovered(&cuts.image(Loss::Seed(n)), &what);
            assert!(
                there == whole.states[done] || there == whole.states[done + 1],
                "{what} in step {done}"
            );
            // A read costs as much as a write: fewer of them.
            n += if operation == IoOperation::Read {
                17
            } else {
                1
            };
        }
        println!("{operation}: {n} calls");
        assert!(n > 20);
    }
}

/// Runs the steps; returns how many were done when one failed, `None` when all
/// were.
fn until_failure(
    device: &Arc<FaultDevice<Arc<SimDevice>>>,
    steps: &[Step],
    operation: IoOperation,
) -> Option<usize> {
    let volume = match Volume::open(device.clone(), with(Durability::Immediate)) {
        Ok(volume) => volume,
        Err(Error::Io(_)) => return Some(0),
        Err(error) => panic!("{error}"),
    };
    for (done, step) in steps.iter().enumerate() {
        match step_result(&volume, step) {
            Ok(()) => {}
            Err(error) => {
                assert!(matches!(error, Error::Io(_)), "{error}");
                if operation != IoOperation::Read {
                    let later = volume.remove(ROOT, &units("dir")).unwrap_err();
                    assert!(matches!(later, Error::Latched), "{later}");
                }
                return Some(done);
            }
        }
    }
    match volume.close() {
        Ok(()) => None,
        Err(Error::Io(_) | Error::Latched) => Some(steps.len() - 1),
        Err(error) => panic!("{error}"),
    }
}

fn step_result(volume: &Volume, step: &Step) -> Result<()> {
    // A step's own lookups panic when a read fails.
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| step(volume)));
    result.unwrap_or(Err(Error::Io(linkwright_device::DeviceError::Injected {
        operation: IoOperation::Read,
        call: 0,
    })))
}
