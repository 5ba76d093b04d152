//! Calls of the device that fail: the n-th, for every n to the end of a run.

use std::sync::Arc;

use linkwright_device::{Fault, FaultDevice, FaultDuration, IoOperation, MemoryDevice};
use linkwright_ntfs::{CreateOptions, Durability, Error, FileKind, OpenOptions, Replace, Volume};
use linkwright_sim::{Loss, SimDevice};

use super::judge::{Effort, Judge, run_with, with};
use super::steps::{Step, base, mixed_steps, step};
use super::structures::larger_than_the_cache;
use crate::support::{ROOT, units};

type Faulty = Arc<FaultDevice<Arc<SimDevice>>>;

/// A step of so many ends with a sync, when nothing else makes it durable.
const SYNC_EVERY: usize = 3;

/// What is done while a call fails.
struct Work {
    base: MemoryDevice,
    options: OpenOptions,
    steps: Vec<Step>,
}

/// Operations of every kind.
fn mixed(durability: Durability) -> Work {
    let with_sync = |(n, work): (usize, Step)| {
        step(move |v: &Volume| {
            work(v)?;
            match (n + 1).is_multiple_of(SYNC_EVERY) {
                true => v.sync(),
                false => Ok(()),
            }
        })
    };
    let mut steps = mixed_steps();
    if durability == Durability::OnSync {
        steps = steps.into_iter().enumerate().map(with_sync).collect();
    }
    Work {
        base: base(|_| {}),
        options: with(durability),
        steps,
    }
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
        let work = mixed(durability);
        for operation in [IoOperation::Write, IoOperation::Flush, IoOperation::Read] {
            for duration in [FaultDuration::Once, FaultDuration::Forever] {
                each_call_fails(&work, operation, duration);
            }
        }
    }
}

/// Transactions that leave memory before they are committed.
#[test]
fn a_failed_call_of_a_large_transaction_loses_nothing() {
    let scenario = larger_than_the_cache();
    let work = Work {
        base: scenario.base,
        options: scenario.options,
        steps: scenario.steps,
    };
    for operation in [IoOperation::Write, IoOperation::Flush] {
        each_call_fails(&work, operation, FaultDuration::Once);
    }
}

/// Recovery fails at each of its calls: a typed error, and the next one finds
/// everything.
#[test]
fn a_failed_call_of_recovery_loses_nothing() {
    let Work {
        base,
        options,
        steps,
    } = mixed(Durability::Immediate);
    let whole = run_with(&base, options, &steps);
    let (before_closing, state) = whole.safe[whole.safe.len() - 2];
    let mut cuts = whole.sim.cuts();
    while cuts.position() < before_closing {
        cuts.step();
    }
    let image = cuts.image(Loss::Nothing);
    let judge = Judge::new("failing recovery", Effort::USUAL);
    for operation in [IoOperation::Write, IoOperation::Flush, IoOperation::Read] {
        let mut n = 1;
        loop {
            let sim = Arc::new(SimDevice::new(&image));
            let faulty = Arc::new(FaultDevice::new(sim.clone()));
            faulty.arm(Fault::once(operation, n));
            let what = format!("{operation} {n} of recovery failed");
            match Volume::recover(faulty.clone()) {
                Err(Error::Io(_)) => {}
                Ok(report) if faulty.fired() == 0 => {
                    assert!(report.needed && report.groups > 0);
                    break;
                }
                other => panic!("{what}: {other:?}"),
            }
            let mut cuts = sim.cuts();
            while cuts.step() {}
            for loss in [Loss::Nothing, Loss::Seed(n)] {
                let there = judge.recovered(&cuts.image(loss), &what);
                assert_eq!(there, whole.states[state], "{what}, {loss:?}");
            }
            n += 1;
        }
        println!("recovery: each of {} calls: {operation}", n - 1);
        assert!(n > 5, "{n}");
    }
}

fn each_call_fails(work: &Work, operation: IoOperation, duration: FaultDuration) {
    let whole = run_with(&work.base, work.options.clone(), &work.steps);
    let durability = work.options.durability;
    let judge = Judge::new("failing calls", Effort::USUAL);
    let mut n = 1;
    loop {
        let sim = Arc::new(SimDevice::new(&work.base));
        let faulty = Arc::new(FaultDevice::new(sim.clone()));
        faulty.arm(Fault {
            duration,
            ..Fault::once(operation, n)
        });
        let what = format!("{durability:?}, {operation} {n} failed {duration:?}");
        let Some(done) = until_failure(&faulty, work, operation, &what) else {
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
            let newest = (done + 1).min(work.steps.len());
            let found = whole.states[oldest..=newest].contains(&there);
            assert!(found, "{what}: not a state between {oldest} and {newest}");
        }
        n += 1;
    }
    let calls = n - 1;
    println!("{durability:?}, {duration:?}: each of {calls} calls: {operation}");
    assert!(calls >= 5, "{calls}");
}

/// Runs the steps and closes; returns how many were acknowledged when a call
/// failed, `None` when none did.
fn until_failure(
    device: &Faulty,
    work: &Work,
    operation: IoOperation,
    what: &str,
) -> Option<usize> {
    let volume = match Volume::open(device.clone(), work.options.clone()) {
        Ok(volume) => volume,
        Err(Error::Io(_)) => return Some(0),
        Err(error) => panic!("{what}: {error}"),
    };
    for (done, step) in work.steps.iter().enumerate() {
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
        (Err(Error::Io(_)), 1..) => Some(work.steps.len()),
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
