//! Runs that are cut at every write and flush.

use std::ops::Range;

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{Durability, FileId, OpenOptions, Volume};
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::{RecordNumber, fixup, record};
use linkwright_sim::{Event, SimDevice};
use linkwright_testkit::{long, skip_unless};

use super::judge::{Effort, Judge, Run, device, run_with, with};
use super::steps::Step;
use super::{operations, structures, usn};

/// What is done, and what shows that it is what it says.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) base: MemoryDevice,
    pub(super) options: OpenOptions,
    pub(super) steps: Vec<Step>,
    /// Looks at the volume before and after: whether what the name says did
    /// happen.
    pub(super) proof: Proof,
}

type Proof = fn(&Volume, &Volume) -> bool;

impl Scenario {
    /// Every step is flushed; nothing to prove beyond that the steps work.
    pub(super) fn new(name: &'static str, base: MemoryDevice, steps: Vec<Step>) -> Self {
        Self {
            name,
            base,
            options: with(Durability::Immediate),
            steps,
            proof: |_, _| true,
        }
    }

    pub(super) fn proof(mut self, proof: Proof) -> Self {
        self.proof = proof;
        self
    }

    pub(super) fn options(mut self, options: OpenOptions) -> Self {
        self.options = options;
        self
    }

    /// Does it once.
    pub(super) fn run(&self) -> Run {
        let run = run_with(&self.base, self.options.clone(), &self.steps);
        let open = |image| Volume::open(device(image), OpenOptions::read_only()).expect("it opens");
        let (before, after) = (open(self.base.snapshot()), open(run.sim.live()));
        assert!((self.proof)(&before, &after), "{}: not so", self.name);
        run
    }

    fn cut(&self, effort: Effort) -> u64 {
        Judge::new(self.name, effort).assert_survives(&self.run())
    }
}

/// Cuts a run as far as the usual tests go.
pub(super) fn sweep(scenario: &Scenario) {
    sweep_with(scenario, Effort::USUAL);
}

pub(super) fn sweep_with(scenario: &Scenario, effort: Effort) {
    let cuts = scenario.cut(effort);
    assert!(cuts > 20, "{}: {cuts} cuts", scenario.name);
}

#[test]
fn more_than_20_000_cuts_lose_nothing() {
    skip_unless!(long("more than 20,000 cuts"));
    let mut total = 0;
    for make in [operations::ALL, structures::ALL, usn::ALL].concat() {
        total += make().cut(Effort::LONG);
    }
    println!("{total} cuts in all");
    assert!(total > 20_000, "{total}");
}

/// Bytes of the device that the log takes, where a session began on it.
pub(super) fn log_range(sim: &SimDevice) -> Range<u64> {
    let mut cuts = sim.cuts();
    let start = loop {
        match cuts.next_event() {
            Some(Event::Write { offset, bytes }) if bytes.starts_with(b"RSTR") => break *offset,
            Some(_) => cuts.step(),
            None => panic!("no restart page was written"),
        };
    };
    let volume = Volume::open(device(sim.live()), OpenOptions::read_only()).unwrap();
    let file = volume.file_by_record(RecordNumber::LOG_FILE).unwrap();
    start..start + volume.stream_len(file, &[]).unwrap()
}

/// An attribute in a file's base record.
pub(super) struct Attribute {
    pub(super) resident: bool,
    /// Bytes of the value, when it lies in the record.
    pub(super) value: Vec<u8>,
    /// Bytes allocated, when it does not.
    pub(super) allocated: u64,
}

/// The first attribute of this type and name in a file's base record.
pub(super) fn attribute(
    volume: &Volume,
    file: RecordNumber,
    type_code: AttributeType,
    name: &str,
) -> Option<Attribute> {
    let mft = volume.file_by_record(RecordNumber::MFT).unwrap();
    let size = volume.info().unwrap().record_size as usize;
    let mut bytes = vec![0; size];
    volume
        .read_at(mft, &[], file.0 * size as u64, &mut bytes)
        .unwrap();
    fixup::remove(&mut bytes).unwrap();
    let name: Vec<u16> = name.encode_utf16().collect();
    let found = record::attributes(&bytes)
        .map(|view| view.expect("an attribute"))
        .find(|view| view.type_code() == type_code && view.name_is(&name))?;
    Some(Attribute {
        resident: !found.is_non_resident(),
        value: found.resident_value().unwrap_or_default().to_vec(),
        allocated: found
            .non_resident()
            .map_or(0, |part| part.sizes().allocated),
    })
}

/// Index blocks of a directory that are in use.
pub(super) fn index_blocks(volume: &Volume, dir: FileId) -> u32 {
    let bitmap = attribute(volume, dir.record(), AttributeType::BITMAP, "$I30");
    bitmap.map_or(0, |bitmap| {
        assert!(bitmap.resident, "a small bitmap");
        bitmap.value.iter().map(|byte| byte.count_ones()).sum()
    })
}
