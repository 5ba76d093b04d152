//! The power fails at every write and flush.
//!
//! Each test runs steps on a simulated device and then makes, for every place
//! of the trace, images that a loss of power there can leave. Each image must
//! open and hold the state after some step: one that was acknowledged before
//! the cut, or the one that was under way. The checker must find nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use linkwright_device::{BlockDevice, Fault, FaultDevice, IoOperation, MemoryDevice};
use linkwright_ntfs::{
    CreateOptions, Durability, Error, FileId, FileKind, LinkType, OpenOptions, Replace, Result,
    Volume,
};
use linkwright_ntfs_check::{CheckOptions, Severity, check};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{MountPoint, SymbolicLink};
use linkwright_sim::{Cuts, Loss, SimDevice};
use linkwright_testkit::ScratchImage;
use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs};

use crate::support::{fresh, open, options, units};

const ROOT: FileId = FileId::ROOT;

/// A tree as text: path to what is there.
type Tree = BTreeMap<String, String>;

type Step = Box<dyn Fn(&Volume) -> Result<()>>;

fn step(run: impl Fn(&Volume) -> Result<()> + 'static) -> Step {
    Box::new(run)
}

fn tree(volume: &Volume) -> Tree {
    let mut tree = Tree::new();
    walk(volume, ROOT, "", &mut tree);
    tree
}

fn walk(volume: &Volume, dir: FileId, path: &str, tree: &mut Tree) {
    for entry in volume.entries(dir).expect("a directory can be read") {
        let name = entry.name.to_string_lossy();
        if dir == ROOT && name.starts_with('$') || name == "." {
            continue;
        }
        let here = format!("{path}/{name}");
        let info = volume
            .file_info(entry.file)
            .expect("an entry leads to its file");
        let reparse = volume.reparse_point(entry.file).expect("a reparse point");
        let mut contents = Vec::new();
        for stream in volume.streams(entry.file).expect("streams") {
            let mut bytes = vec![0; usize::try_from(stream.size).unwrap()];
            let got = volume
                .read_at(entry.file, &stream.name, 0, &mut bytes)
                .expect("contents");
            assert_eq!(got as u64, stream.size, "{here}");
            contents.push((
                String::from_utf16_lossy(&stream.name),
                stream.size,
                sum(&bytes),
            ));
        }
        let text = format!(
            "{} links, {contents:?}, {:?}",
            info.link_count,
            reparse.map(|r| format!("{r:?}"))
        );
        if info.is_directory() && entry.reparse_tag.is_none() {
            walk(volume, entry.file, &here, tree);
        }
        tree.insert(here, text);
    }
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(7, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
    })
}

fn device(image: MemoryDevice) -> Arc<dyn BlockDevice> {
    Arc::new(image)
}

fn with(durability: Durability) -> OpenOptions {
    OpenOptions {
        durability,
        ..options()
    }
}

/// Steps that were run, and what may be found after a crash.
struct Run {
    sim: Arc<SimDevice>,
    /// Position in the trace when each state was safe, and the state.
    safe: Vec<(usize, Tree)>,
    /// Every state there was, in order.
    states: Vec<Tree>,
}

/// Whether finished steps survive the loss of power.
#[derive(Clone, Copy, PartialEq)]
enum Safe {
    AtOnce,
    WhenSynced,
}

fn run(base: &MemoryDevice, durability: Durability, steps: &[Step]) -> Run {
    let sim = Arc::new(SimDevice::new(base));
    let safe_when = match durability {
        Durability::Immediate => Safe::AtOnce,
        _ => Safe::WhenSynced,
    };
    let volume = Volume::open(sim.clone(), with(durability)).expect("the base opens");
    let start = tree(&volume);
    let mut states = vec![start.clone()];
    let mut safe = vec![(0, start)];
    for step in steps {
        step(&volume).expect("the step works");
        let now = tree(&volume);
        states.push(now.clone());
        if safe_when == Safe::AtOnce {
            safe.push((sim.position(), now));
        }
    }
    let last = tree(&volume);
    volume.close().expect("it closes");
    safe.push((sim.position(), last));
    Run { sim, safe, states }
}

static CUTS: AtomicU64 = AtomicU64::new(0);

/// Opens what a crash left, in both ways, and returns what is there; leaves it
/// recovered, closed and checked.
fn recovered(image: &MemoryDevice, what: &str) -> Tree {
    CUTS.fetch_add(1, Ordering::Relaxed);
    let looked = Volume::open(device(image.snapshot()), OpenOptions::read_only())
        .unwrap_or_else(|e| panic!("{what}: read-only: {e}"));
    let seen = tree(&looked);
    let sim = Arc::new(SimDevice::new(image));
    Volume::recover(sim.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
    let after = sim.live();
    let volume = Volume::open(device(after.snapshot()), OpenOptions::read_only())
        .unwrap_or_else(|e| panic!("{what}: recovered: {e}"));
    let there = tree(&volume);
    assert_eq!(seen, there, "{what}: read-only and recovered differ");
    let mut problems = Vec::new();
    check(&after, &CheckOptions::default(), &mut |problem| {
        if problem.severity != Severity::Note {
            problems.push(format!("{problem:?}"));
        }
    })
    .unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(problems.is_empty(), "{what}: {problems:#?}");
    again(&sim, &there, what);
    there
}

/// The power fails once more during recovery, at a few places.
fn again(sim: &SimDevice, there: &Tree, what: &str) {
    let mut cuts = sim.cuts();
    let end = sim.position();
    let pick = CUTS.load(Ordering::Relaxed) as usize;
    if end == 0 || !pick.is_multiple_of(3) {
        return;
    }
    while cuts.position() < pick % end {
        cuts.step();
    }
    CUTS.fetch_add(1, Ordering::Relaxed);
    let image = cuts.image(Loss::Seed(pick as u64));
    let volume = Volume::open(device(image), options())
        .unwrap_or_else(|e| panic!("{what}, cut again at {}: {e}", cuts.position()));
    assert_eq!(
        tree(&volume),
        *there,
        "{what}, cut again at {}",
        cuts.position()
    );
}

/// Each image's tree must be one that was there, not older than what was safe.
fn assert_survives(name: &str, run: &Run, seeds: u64) {
    let before = CUTS.load(Ordering::Relaxed);
    let mut cuts = run.sim.cuts();
    loop {
        let mut losses = vec![Loss::All, Loss::Nothing];
        losses.extend((0..seeds).map(Loss::Seed));
        if cuts.is_settled() {
            losses.truncate(1);
        }
        for loss in losses {
            assert_cut(name, run, &cuts, loss);
        }
        if !cuts.step() {
            break;
        }
    }
    let cuts = CUTS.load(Ordering::Relaxed) - before;
    println!("{name}: {cuts} cuts, {:?}", run.sim.counts());
}

fn assert_cut(name: &str, run: &Run, cuts: &Cuts, loss: Loss) {
    let what = format!("{name}, cut at {}, {loss:?}", cuts.position());
    let there = recovered(&cuts.image(loss), &what);
    let (_, safe) = run
        .safe
        .iter()
        .rev()
        .find(|(position, _)| *position <= cuts.position())
        .unwrap();
    // Equal states may come twice: the last one counts as the oldest allowed.
    let oldest = run.states.iter().rposition(|state| state == safe).unwrap();
    let found = run.states.iter().rposition(|state| *state == there);
    assert!(
        found.is_some_and(|found| found >= oldest),
        "{what}: state {found:?}, at least {oldest} wanted\nthere: {:#?}\nsafe: {:#?}",
        difference(&there, safe),
        difference(safe, &there),
    );
}

fn difference(a: &Tree, b: &Tree) -> Vec<(String, String)> {
    a.iter()
        .filter(|(path, text)| b.get(*path) != Some(text))
        .map(|(path, text)| (path.clone(), text.clone()))
        .collect()
}

fn create(volume: &Volume, parent: FileId, name: &str, kind: FileKind) -> Result<FileId> {
    volume.create(parent, &units(name), kind, &CreateOptions::default())
}

fn find(volume: &Volume, name: &str) -> FileId {
    let entry = volume.lookup(ROOT, &units(name)).unwrap();
    entry.unwrap_or_else(|| panic!("{name}")).file
}

fn seeds() -> u64 {
    if linkwright_testkit::long("more ways to lose power").is_ok() {
        40
    } else {
        6
    }
}

/// A volume with a file of one name, a directory, and a file with contents.
fn base(prepare: impl FnOnce(&Volume)) -> MemoryDevice {
    let device = fresh(4 << 20, &FormatOptions::default());
    let volume = open(&device);
    let file = create(&volume, ROOT, "old", FileKind::File).unwrap();
    volume.write_at(file, &[], 0, &[5; 9000]).unwrap();
    create(&volume, ROOT, "dir", FileKind::Directory).unwrap();
    prepare(&volume);
    volume.close().unwrap();
    device.snapshot()
}

fn mixed_steps() -> Vec<Step> {
    vec![
        step(|v| create(v, ROOT, "new", FileKind::File).map(drop)),
        step(|v| v.hard_link(find(v, "new"), ROOT, &units("second"))),
        step(|v| v.write_at(find(v, "old"), &[], 4000, &[6; 3000])),
        step(|v| {
            v.transaction(|tx| {
                let file = tx.lookup(ROOT, &units("new"))?.unwrap().file;
                tx.write_at(file, &[], 0, b"small")?;
                tx.refresh_name(ROOT, &units("new"))?;
                tx.refresh_name(ROOT, &units("second"))
            })
        }),
        step(|v| {
            let link = SymbolicLink::relative(&units("dir\\x")).unwrap();
            v.symbolic_link(
                ROOT,
                &units("link"),
                LinkType::File,
                &link,
                &CreateOptions::default(),
            )
            .map(drop)
        }),
        step(|v| {
            let mount = MountPoint::junction(&units("C:\\dir")).unwrap();
            v.junction(ROOT, &units("junction"), &mount, &CreateOptions::default())
                .map(drop)
        }),
        step(|v| v.rename(ROOT, &units("second"), ROOT, &units("old"), Replace::Yes)),
        step(|v| v.remove(ROOT, &units("link"))),
        step(|v| v.create_stream(find(v, "new"), &units("s"))),
        step(|v| v.write_at(find(v, "new"), &units("s"), 0, &[9; 20_000])),
        step(|v| v.set_len(find(v, "new"), &units("s"), 100)),
        step(|v| v.remove(ROOT, &units("old"))),
    ]
}

#[test]
fn every_operation_is_whole_when_each_is_flushed() {
    let run = run(&base(|_| {}), Durability::Immediate, &mixed_steps());
    assert_survives("mixed, immediate", &run, seeds());
}

#[test]
fn every_operation_is_whole_when_handed_to_the_system() {
    let run = run(&base(|_| {}), Durability::Written, &mixed_steps());
    assert_survives("mixed, written", &run, seeds());
}

#[test]
fn a_group_is_whole_when_synced() {
    let mut steps = Vec::new();
    for chunk in 0..2 {
        steps.push(step(move |v| {
            v.transaction(|tx| {
                for n in 0..30 {
                    let name = units(&format!("a longer file name {chunk} {n}"));
                    let file = tx.create(ROOT, &name, FileKind::File, &CreateOptions::default())?;
                    tx.hard_link(file, ROOT, &units(&format!("link {chunk} {n}")))?;
                }
                Ok(())
            })?;
            v.sync()
        }));
    }
    let run = run(&base(|_| {}), Durability::OnSync, &steps);
    assert_survives("group", &run, seeds());
}

/// Fills `dir` so that the next entries split its blocks.
fn fill(volume: &Volume, count: usize) {
    let dir = find(volume, "dir");
    volume
        .transaction(|tx| {
            for n in 0..count {
                let name = units(&format!("name {n:05}"));
                tx.create(dir, &name, FileKind::File, &CreateOptions::default())?;
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn directories_split_merge_and_go_whole() {
    let base = base(|volume| fill(volume, 60));
    let mut steps: Vec<Step> = (60..70)
        .map(|n| {
            step(move |v: &Volume| {
                create(v, find(v, "dir"), &format!("name {n:05}"), FileKind::File).map(drop)
            })
        })
        .collect();
    steps.push(step(|v| {
        v.transaction(|tx| {
            let dir = tx.lookup(ROOT, &units("dir"))?.unwrap().file;
            for n in 0..70 {
                tx.remove(dir, &units(&format!("name {n:05}")))?;
            }
            tx.remove(ROOT, &units("dir"))
        })
    }));
    let run = run(&base, Durability::Immediate, &steps);
    assert_survives("directory", &run, seeds());
}

#[test]
fn names_move_to_extension_records_whole() {
    let base = base(|volume| {
        let file = find(volume, "old");
        for n in 0..6 {
            volume
                .hard_link(file, ROOT, &units(&format!("n{n}")))
                .unwrap();
        }
    });
    let steps: Vec<Step> = (6..18)
        .map(|n| {
            step(move |v: &Volume| v.hard_link(find(v, "old"), ROOT, &units(&format!("n{n}"))))
        })
        .collect();
    let run = run(&base, Durability::Immediate, &steps);
    assert_survives("many names", &run, seeds());
}

#[test]
fn a_transaction_larger_than_the_log_is_whole() {
    let device = fresh(
        32 << 20,
        &FormatOptions {
            log_size: Some(256 << 10),
            ..FormatOptions::default()
        },
    );
    let volume = open(&device);
    create(&volume, ROOT, "dir", FileKind::Directory).unwrap();
    volume.close().unwrap();
    let steps = vec![step(|v: &Volume| {
        let dir = find(v, "dir");
        v.transaction(|tx| {
            for n in 0..400 {
                let name = units(&format!("name {n:05}"));
                tx.create(dir, &name, FileKind::File, &CreateOptions::default())?;
            }
            Ok(())
        })
    })];
    let run = run(&device, Durability::OnSync, &steps);
    assert_survives("spill", &run, seeds());
}

/// An index block is freed, its clusters are used for a file's data, all is
/// synced, and the crash comes before the next checkpoint.
#[test]
fn a_freed_index_block_is_not_replayed_over_data() {
    let base = base(|volume| fill(volume, 200));
    let sim = Arc::new(SimDevice::new(&base));
    let volume = Volume::open(sim.clone(), with(Durability::Immediate)).unwrap();
    let dir = find(&volume, "dir");
    for n in 0..200 {
        volume.remove(dir, &units(&format!("name {n:05}"))).unwrap();
    }
    volume.sync().unwrap();
    // The whole of the free space, so that every freed cluster is used.
    let file = create(&volume, ROOT, "data", FileKind::File).unwrap();
    let mut len = 0;
    loop {
        match volume.write_at(file, &[], len, &[0xD5; 4096]) {
            Ok(()) => len += 4096,
            Err(Error::DiskFull) => break,
            Err(error) => panic!("{error}"),
        }
    }
    volume.sync().unwrap();
    let mut cuts = sim.cuts();
    while cuts.step() {}
    for loss in [Loss::All, Loss::Nothing, Loss::Seed(1)] {
        let image = Arc::new(cuts.image(loss));
        let volume = open(&image);
        let file = find(&volume, "data");
        let mut bytes = vec![0; len as usize];
        assert_eq!(
            volume.read_at(file, &[], 0, &mut bytes).unwrap() as u64,
            len
        );
        assert!(bytes.iter().all(|byte| *byte == 0xD5));
        assert_eq!(volume.entries(find(&volume, "dir")).unwrap().len(), 0);
    }
}

#[test]
fn somebody_elses_write_is_noticed_and_nothing_is_replayed() {
    let base = base(|_| {});
    let run = run(&base, Durability::Immediate, &mixed_steps());
    // In the middle: several records wait in the log.
    let mut cuts = run.sim.cuts();
    while cuts.position() < run.safe[4].0 {
        cuts.step();
    }
    let image = Arc::new(cuts.image(Loss::Nothing));
    // The root directory's record, as a foreign driver would change it.
    let boot = {
        let mut sector = [0; 512];
        image.read_at(0, &mut sector).unwrap();
        sector
    };
    let cluster = u64::from(boot[0x0D]) * 512;
    let mft = u64::from_le_bytes(boot[0x30..0x38].try_into().unwrap()) * cluster;
    let at = mft + 5 * 1024;
    let mut record = [0; 1024];
    image.read_at(at, &mut record).unwrap();
    record[0x60] ^= 1;
    image.write_at(at, &record).unwrap();
    let before = image.snapshot();
    let error = Volume::open(image.clone(), options()).unwrap_err();
    assert!(
        matches!(error, Error::Unsupported(linkwright_ntfs::Unsupported::ForeignWriter { offset }) if offset == at),
        "{error}"
    );
    let (mut old, mut new) = (vec![0; 4 << 20], vec![0; 4 << 20]);
    before.read_at(0, &mut old).unwrap();
    image.read_at(0, &mut new).unwrap();
    assert!(old == new, "a refused volume is not written to");
    Volume::open(image, OpenOptions::read_only()).expect("it can still be read");
}

#[test]
fn a_failed_call_latches_and_nothing_is_lost() {
    let base = base(|_| {});
    let steps = mixed_steps();
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
            let there = recovered(&cuts.image(Loss::Seed(n)), &what);
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

/// The other judges look at a few of the images.
#[test]
fn other_judges_find_nothing_after_recovery() {
    let run = run(
        &base(|volume| fill(volume, 60)),
        Durability::Immediate,
        &mixed_steps(),
    );
    let mut cuts = run.sim.cuts();
    let mut judged = 0;
    while cuts.step() {
        if !cuts.position().is_multiple_of(11) {
            continue;
        }
        let image = Arc::new(cuts.image(Loss::Seed(3)));
        Volume::recover(image.clone()).unwrap();
        let mut bytes = vec![0; image.len() as usize];
        image.read_at(0, &mut bytes).unwrap();
        let file = ScratchImage::zeroed(image.len());
        std::fs::write(file.path(), &bytes).unwrap();
        rust_fs_ntfs::assert_clean(file.path());
        if ntfsfix::available().is_ok() {
            ntfsfix::assert_clean(file.path());
        }
        judged += 1;
    }
    println!("{judged} images judged");
    assert!(judged > 4);
}
