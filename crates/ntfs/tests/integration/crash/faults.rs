//! Calls of the device that fail: the n-th, for every n to the end of a run.

use std::sync::Arc;

use linkwright_device::{Fault, FaultDevice, FaultDuration, IoOperation};
use linkwright_ntfs::{CreateOptions, Durability, Error, FileKind, Replace, Volume};
use linkwright_sim::{Loss, SimDevice};

use super::judge::{Effort, Judge, run, with};
use super::steps::{Step, base, mixed_steps, step};
use crate::support::{ROOT, units};

type Faulty = Arc<FaultDevice<Arc<SimDevice>>>;

/// A step of so many ends with a sync, when nothing else makes it durable.
const SYNC_EVERY: usize = 3;

fn steps(durability: Durability) -> Vec<Step> {
    let steps = mixed_steps();
    if durability != Durability::OnSync {
        return steps;
    }
    let with_sync = |(n, work): (usize, Step)| {
        step(move |v: &Volume| {
            work(v)?;
            match (n + 1).is_multiple_of(SYNC_EVERY) {
                true => v.sync(),
                false => Ok(()),
            }
        })
    };
    steps.into_iter().enumerate().map(with_sync).collect()
}

/// A typed error, a volume that takes nothing more, and after opening it again
/// nothing is missing that was acknowledged and should have survived.
#[test]
fn a_failed_call_latches_and_nothing_is_lost() {
    for durability in [
        Durability::Immediate,
        Durability::Written,
        Durability::OnSync,
    ] {
        for operation in [IoOperation::Write, IoOperation::Flush, IoOperation::Read] {
            for duration in [FaultDuration::Once, FaultDuration::Forever] {
                each_call_fails(durability, operation, duration);
            }
        }
    }
}

fn each_call_fails(durability: Durability, operation: IoOperation, duration: FaultDuration) {
    let base = base(|_| {});
    let steps = steps(durability);
    let whole = run(&base, durability, &steps);
    let judge = Judge::new("failing calls", Effort::USUAL);
    let mut n = 1;
    loop {
        let sim = Arc::new(SimDevice::new(&base));
        let faulty = Arc::new(FaultDevice::new(sim.clone()));
        faulty.arm(Fault {
            duration,
            ..Fault::once(operation, n)
        });
        let what = format!("{durability:?}, {operation} {n} failed {duration:?}");
        let Some(done) = until_failure(&faulty, durability, &steps, operation, &what) else {
            break;
        };
        let mut cuts = sim.cuts();
        while cuts.step() {}
        let synced = done / SYNC_EVERY * SYNC_EVERY;
        // The process dies and the system goes on, or the power fails too.
        let (handed_over, flushed) = match durability {
            Durability::Immediate => (done, done),
            Durability::Written => (done, 0),
            Durability::OnSync => (synced, synced),
        };
        for (loss, oldest) in [(Loss::Nothing, handed_over), (Loss::Seed(n), flushed)] {
            let what = format!("{what} in step {done}, {loss:?}");
            let there = judge.recovered(&cuts.image(loss), &what);
            let newest = (done + 1).min(steps.len());
            let found = whole.states[oldest..=newest].contains(&there);
            assert!(found, "{what}: not a state between {oldest} and {newest}");
        }
        n += 1;
    }
    let calls = n - 1;
    println!("{durability:?}, {duration:?}: each of {calls} calls: {operation}");
    assert!(calls > 10, "{calls}");
}

/// Runs the steps and closes; returns how many were acknowledged when a call
/// failed, `None` when none did.
fn until_failure(
    device: &Faulty,
    durability: Durability,
    steps: &[Step],
    operation: IoOperation,
    what: &str,
) -> Option<usize> {
    let volume = match Volume::open(device.clone(), with(durability)) {
        Ok(volume) => volume,
        Err(Error::Io(_)) => return Some(0),
        Err(error) => panic!("{what}: {error}"),
    };
    for (done, step) in steps.iter().enumerate() {
        if let Err(error) = step(&volume) {
            assert!(matches!(error, Error::Io(_)), "{what}: {error}");
            if operation != IoOperation::Read {
                assert_fails_fast(&volume, device, what);
                let closed = volume.close();
                assert!(matches!(closed, Err(Error::Latched)), "{what}: {closed:?}");
            }
            return Some(done);
        }
    }
    let closed = volume.close();
    match (closed, device.fired()) {
        (Ok(()), 0) => None,
        (Err(Error::Io(_)), 1..) => Some(steps.len()),
        (closed, fired) => panic!("{what}: {fired} calls failed, closing: {closed:?}"),
    }
}

/// Every change is refused, and the device is not asked to write or flush;
/// reading goes on.
fn assert_fails_fast(volume: &Volume, device: &Faulty, what: &str) {
    let before = device.counts();
    let none = CreateOptions::default();
    let name = units("later");
    let new = volume.lookup(ROOT, &units("dir")).unwrap().unwrap().file;
    let later = [
        volume.create(ROOT, &name, FileKind::File, &none).map(drop),
        volume.hard_link(new, ROOT, &name),
        volume.rename(ROOT, &units("dir"), ROOT, &name, Replace::No),
        volume.remove(ROOT, &units("dir")),
        volume.write_at(new, &name, 0, b"x"),
        volume.transaction(|_| Ok(())),
        volume.sync(),
    ];
    for (call, result) in later.into_iter().enumerate() {
        assert!(
            matches!(result, Err(Error::Latched)),
            "{what}: later call {call}: {result:?}"
        );
    }
    let after = device.counts();
    assert_eq!(
        (before.writes, before.flushes),
        (after.writes, after.flushes),
        "{what}"
    );
}
