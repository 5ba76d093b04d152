//! Operations on a damaged volume, on a device that fails.
//!
//! On a volume without damage more is asked: whatever failed, recovery brings
//! it back and the checker finds nothing.

use std::sync::Arc;

use linkwright_device::{
    BlockDevice, DeviceError, Fault, FaultDevice, FaultDuration, IoOperation, Overlay,
};
use linkwright_ntfs::{
    CaseSensitivity, CreateOptions, DirtyPolicy, Durability, Error, ExtendedAttribute, FileId,
    FileKind, LinkType, OpenOptions, Replace, Volume,
};
use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::object_id::ObjectId;
use linkwright_reparse::{MountPoint, SymbolicLink};

use crate::bytes::{Bytes, answers};
use crate::volumes::{damaged, descriptor, seeds as edits, units, writing};

/// Bytes of an input for one operation.
const OPERATION: usize = 4;
/// Operations of one input.
const MOST: usize = 64;

/// A device that can be taken apart again after the volume is gone.
struct Shared(Arc<FaultDevice<Arc<Overlay>>>);

impl BlockDevice for Shared {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        self.0.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        self.0.write_at(offset, buf)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.0.flush()
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

/// Header: what fails (2 bits), whether for ever (1 bit), how operations are
/// kept (2 bits), whether a dirty volume is written to; which call; how much of
/// a failing write arrives.
pub(super) fn operations(bytes: &[u8]) {
    let (damaged, [how, nth_low, nth_high, torn]) = damaged(bytes);
    let device = Arc::new(FaultDevice::new(damaged.device.clone()));
    let operation = match how & 3 {
        0 => None,
        1 => Some(IoOperation::Read),
        2 => Some(IoOperation::Write),
        _ => Some(IoOperation::Flush),
    };
    let options = OpenOptions {
        durability: match how >> 3 & 3 {
            0 | 1 => Durability::OnSync,
            2 => Durability::Written,
            _ => Durability::Immediate,
        },
        dirty: match how & 0x20 {
            0 => DirtyPolicy::Refuse,
            _ => DirtyPolicy::Ignore,
        },
        ..writing()
    };
    if let Some(operation) = operation {
        let nth = u64::from(u16::from_le_bytes([nth_low, nth_high]));
        let duration = match how & 4 {
            0 => FaultDuration::Once,
            _ => FaultDuration::Forever,
        };
        let fault = Fault {
            duration,
            ..Fault::once(operation, nth)
        };
        // A medium writes sectors whole.
        device.arm(fault.torn(usize::from(torn) * 512));
    }
    let work = Volume::open(Arc::new(Shared(device.clone())), options)
        .and_then(|volume| run(volume, damaged.rest));
    if damaged.edits == 0 {
        if operation.is_none() {
            work.expect("a sound volume on a sound device");
        }
        device.disarm();
        Volume::recover(damaged.device.clone()).expect("it can be recovered");
        super::check::assert_sound(&*damaged.device, "after recovery");
    }
}

fn run(volume: Volume, mut rest: Bytes<'_>) -> Result<(), Error> {
    let mut files: Vec<FileId> = (16..96)
        .filter_map(|record| volume.file_by_record(RecordNumber(record)).ok())
        .collect();
    files.push(FileId::ROOT);
    for _ in 0..MOST {
        if rest.is_empty() {
            break;
        }
        let [op, file, other, amount] = rest.array::<OPERATION>();
        let pick = |index: u8| files[usize::from(index) % files.len()];
        let step = Step {
            op,
            file: pick(file),
            other: pick(other),
            amount,
        };
        if let Ok(Some(new)) = step.make(&volume) {
            files.push(new);
        } else {
            answers(step.change(&volume).and_then(|()| step.set(&volume)));
        }
    }
    volume.close()
}

/// One operation.
struct Step {
    op: u8,
    file: FileId,
    other: FileId,
    amount: u8,
}

impl Step {
    fn name(&self) -> Vec<u16> {
        let long = "z".repeat(usize::from(self.amount & 0x80));
        units(&format!("fuzz {}{long}", self.amount % 32))
    }

    /// A name that is there.
    fn present(&self, volume: &Volume) -> Result<Option<Vec<u16>>, Error> {
        let entries = volume.entries(self.file)?;
        let entry = entries.get(usize::from(self.amount) % entries.len().max(1));
        Ok(entry.map(|entry| entry.name.units().to_vec()))
    }

    /// Operations that make a file.
    fn make(&self, volume: &Volume) -> Result<Option<FileId>, Error> {
        let (parent, name) = (self.file, self.name());
        let defaults = CreateOptions::default();
        let made = match self.op % 32 {
            0 => volume.create(parent, &name, FileKind::File, &defaults)?,
            1 => volume.create(parent, &name, FileKind::Directory, &defaults)?,
            2 => {
                let link = SymbolicLink::relative(&units("some\\where")).expect("a target");
                volume.symbolic_link(parent, &name, LinkType::File, &link, &defaults)?
            }
            3 => {
                let mount = MountPoint::junction(&units("C:\\some\\where")).expect("a target");
                volume.junction(parent, &name, &mount, &defaults)?
            }
            _ => return Ok(None),
        };
        Ok(Some(made))
    }

    /// Operations on names and contents.
    fn change(&self, volume: &Volume) -> Result<(), Error> {
        let (file, amount) = (self.file, u64::from(self.amount));
        match self.op % 32 {
            4 => volume.hard_link(file, self.other, &self.name()),
            5 | 6 => match self.present(volume)? {
                Some(name) => volume.remove(file, &name),
                None => Ok(()),
            },
            7 | 8 => match self.present(volume)? {
                Some(name) => {
                    let replace = match self.op % 32 {
                        7 => Replace::Yes,
                        _ => Replace::No,
                    };
                    volume.rename(file, &name, self.other, &self.name(), replace)
                }
                None => Ok(()),
            },
            9 => volume.write_at(file, &[], 0, &[self.op; 900]),
            10 => volume.write_at(file, &[], amount * 1000, &[self.op; 9000]),
            11 => volume.set_len(file, &[], amount * amount * 10),
            12 => volume.create_stream(file, &self.name()),
            13 => volume.remove_stream(file, &self.name()),
            14 => volume.write_at(file, &self.name(), amount * 100, &[self.op; 5000]),
            15 => volume.set_sparse(file, &[]),
            16 => volume.zero_range(file, &[], amount * 500, 60_000),
            17 => volume.sync(),
            18 => match self.present(volume)? {
                Some(name) => volume.refresh_name(file, &name),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Operations on everything else.
    fn set(&self, volume: &Volume) -> Result<(), Error> {
        let (file, amount) = (self.file, usize::from(self.amount));
        match self.op % 32 {
            19 => {
                let link = SymbolicLink::relative(&self.name()).expect("a target");
                volume.set_reparse_point(file, &link.encode())
            }
            20 => volume.delete_reparse_point(file, 0xA000_000C, None),
            21 => volume.set_security(file, &descriptor(u32::from(self.amount))),
            22 => volume
                .object_id_or(file, ObjectId([self.amount; 16]))
                .map(drop),
            23 => volume.delete_object_id(file),
            24 | 25 => {
                let attribute = ExtendedAttribute {
                    flags: 0,
                    name: b"FUZZ".to_vec(),
                    value: vec![self.op; amount * amount],
                };
                let list = [attribute];
                volume.set_extended_attributes(file, &list[..usize::from(self.op % 2)])
            }
            26 => {
                let case = match self.amount & 1 {
                    0 => CaseSensitivity::Sensitive,
                    _ => CaseSensitivity::Insensitive,
                };
                volume.set_case_sensitive(file, case)
            }
            27 => {
                // Rolled back: nothing of it is to be seen.
                let undone: Result<(), Error> = volume.transaction(|tx| {
                    tx.write_at(file, &[], 0, &[1; 20_000])?;
                    tx.hard_link(file, self.other, &self.name())?;
                    tx.remove(self.other, &[1])
                });
                undone
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let every: Vec<u8> = (0..32_u8)
        .flat_map(|op| [op, op.wrapping_mul(7), op.wrapping_mul(13), 3 * op])
        .collect();
    let mut seeds = edits(&[0, 0, 0, 0], &every);
    seeds.retain(|seed| seed[1] == 0 || seed.len() % 3 == 0 || seed[2] % 2 == 0);
    for how in 0..32_u8 {
        for nth in [1, 5, 20, 60] {
            seeds.push([&[how % 6, 0, how, nth, 0, how / 4][..], &every].concat());
        }
    }
    // A tree, and its end.
    let grow: Vec<u8> = (0..48_u8)
        .flat_map(|n| [[0, 1, 4, 9, 5, 7][usize::from(n % 6)], n, n / 2, n])
        .collect();
    for base in 0..6 {
        seeds.push([&[base, 0, 0, 0, 0, 0][..], &grow].concat());
        seeds.push([&[base, 0, 2, 30, 0, 1][..], &grow].concat());
    }
    seeds
}
