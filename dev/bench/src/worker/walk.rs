//! Ways over a whole volume, each counting what it meets.

use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_ntfs::{FileId, OpenOptions, Scanned, ScannedFile, ScannedName, Standing, Volume};
use linkwright_ntfs_check::{CheckOptions, check};
use linkwright_reparse::ReparseBuffer;
use linkwright_testkit::command::program;
use linkwright_testkit::oracle::ntfs3g::{Access, Mount};
use linkwright_testkit::oracle::rust_fs_ntfs;
use ntfs::indexes::NtfsFileNameIndex;
use ntfs::structured_values::{NtfsFileAttributeFlags, NtfsFileNamespace};
use ntfs::{Ntfs, NtfsIndexEntry};

use super::Told;
use crate::Outcome;
use crate::metadata::Metadata;

/// Directories deeper than this are taken for a loop.
const DEPTH: usize = 64;

/// Seconds and a count, with the memory it took.
fn told(start: Instant, count: u64) -> Told {
    let seconds = start.elapsed().as_secs_f64();
    Told {
        count,
        ..Told::of(seconds)
    }
}

fn device(image: &Path) -> Outcome<FileDevice> {
    Ok(FileDevice::open(image, &FileOptions::read_only())?)
}

/// The file records in order: the floor of a scan.
pub(super) fn records(image: &Path) -> Outcome<Told> {
    let device = device(image)?;
    let metadata = Metadata::find(&device)?;
    let reading = metadata.read_records(&device)?;
    Ok(Told {
        count: reading.bytes,
        ..Told::of(reading.seconds)
    })
}

/// The file records and index blocks: the floor of a check.
pub(super) fn metadata(image: &Path) -> Outcome<Told> {
    let device = device(image)?;
    let metadata = Metadata::find(&device)?;
    let reading = metadata.read_all(&device)?;
    Ok(Told {
        count: reading.bytes,
        ..Told::of(reading.seconds)
    })
}

/// Our checker; the records it looked at.
pub(super) fn our_check(image: &Path) -> Outcome<Told> {
    let device = device(image)?;
    let start = Instant::now();
    let summary = check(&device, &CheckOptions::default(), &mut |_| {})?;
    if !summary.is_clean() {
        return Err(format!("not clean: {summary:?}").into());
    }
    Ok(told(start, summary.records))
}

/// The checker of the crate `rust-fs-ntfs`; its findings.
pub(super) fn fsck(image: &Path) -> Outcome<Told> {
    let start = Instant::now();
    let findings = rust_fs_ntfs::findings(image)?;
    Ok(told(start, u64::try_from(findings.len())?))
}

/// Every name with its path, by our engine's scan of the file records.
pub(super) fn scan(image: &Path) -> Outcome<Told> {
    scanned(image, |_| Ok(0))
}

/// The same with the kind, file and number of names of each, and where links lead.
pub(super) fn scan_links(image: &Path) -> Outcome<Told> {
    scanned(image, |file| {
        let target = match file.reparse_bytes()? {
            Some(bytes) => target_len(&ReparseBuffer::decode(&bytes)?),
            None => 0,
        };
        let kind = usize::from(file.is_directory());
        let number = usize::try_from(file.file().record().0)?;
        Ok(kind + number + usize::try_from(file.link_count())? + target)
    })
}

/// Units of where a link leads.
fn target_len(buffer: &ReparseBuffer) -> usize {
    match buffer {
        ReparseBuffer::SymbolicLink(link) => link.substitute_name().len(),
        ReparseBuffer::MountPoint(link) => link.substitute_name().len(),
        ReparseBuffer::LxSymlink(link) => link.target().len(),
        ReparseBuffer::Other(other) => other.data().len(),
    }
}

/// Counts names; `facts` is what else is looked at of a file.
fn scanned(image: &Path, facts: impl Fn(&ScannedFile<'_>) -> Outcome<usize>) -> Outcome<Told> {
    let start = Instant::now();
    let volume = Volume::open(Arc::new(device(image)?), OpenOptions::read_only())?;
    let (mut count, mut damaged, mut sum) = (0, 0, 0_usize);
    let mut failed = None;
    // Names that follow each other often have one directory.
    let (mut parent, mut path) = (None, Vec::new());
    volume.links(&mut |scanned| {
        let Scanned::File(file) = scanned else {
            damaged += 1;
            return ControlFlow::Continue(());
        };
        if file.file().record().0 < METAFILES {
            return ControlFlow::Continue(());
        }
        match facts(&file) {
            Ok(more) => sum = sum.wrapping_add(more),
            Err(error) => failed = Some(error),
        }
        let rooted = |name: &ScannedName<'_>| name.standing() == Standing::Rooted;
        for name in file.names().filter(|name| !name.is_short() && rooted(name)) {
            if parent.replace(name.parent()) != Some(name.parent()) {
                path = name.directory().unwrap_or_default().join(&SEPARATOR[..]);
            }
            sum = sum.wrapping_add(path.len() + name.unit_count());
            count += 1;
        }
        ControlFlow::Continue(())
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    if damaged > 0 {
        return Err(format!("{damaged} records are damaged").into());
    }
    std::hint::black_box(sum);
    Ok(told(start, count))
}

const SEPARATOR: [u16; 1] = [b'\\' as u16];

/// Every name, directory by directory, by our engine.
pub(super) fn directories(image: &Path) -> Outcome<Told> {
    let start = Instant::now();
    let volume = Volume::open(Arc::new(device(image)?), OpenOptions::read_only())?;
    let count = directory(&volume, FileId::ROOT, 0)?;
    Ok(told(start, count))
}

fn directory(volume: &Volume, id: FileId, depth: usize) -> Outcome<u64> {
    if depth > DEPTH {
        return Err("too deep".into());
    }
    let mut count = 0;
    for entry in volume.list(id)? {
        let entry = entry?;
        if entry.file.record().0 < METAFILES {
            continue;
        }
        count += 1;
        if entry.is_directory() && entry.reparse_tag.is_none() {
            count += directory(volume, entry.file, depth + 1)?;
        }
    }
    Ok(count)
}

/// Records of NTFS' own files, which others do not list.
const METAFILES: u64 = 24;

/// The same by the crate `ntfs`.
pub(super) fn crate_ntfs(image: &Path) -> Outcome<Told> {
    let start = Instant::now();
    let mut reader = BufReader::new(std::fs::File::open(image)?);
    let ntfs = Ntfs::new(&mut reader)?;
    let count = crate_directory(&ntfs, &mut reader, FileId::ROOT.record().0, 0)?;
    Ok(told(start, count))
}

fn crate_directory(
    ntfs: &Ntfs,
    reader: &mut BufReader<std::fs::File>,
    record: u64,
    depth: usize,
) -> Outcome<u64> {
    if depth > DEPTH {
        return Err("too deep".into());
    }
    let file = ntfs.file(reader, record)?;
    let index = file.directory_index(reader)?;
    let (mut entries, mut below, mut count) = (index.entries(), Vec::new(), 0);
    while let Some(entry) = entries.next(reader) {
        let entry: NtfsIndexEntry<'_, NtfsFileNameIndex> = entry?;
        let Some(key) = entry.key() else { continue };
        let key = key?;
        let child = entry.file_reference().file_record_number();
        if child < METAFILES || key.namespace() == NtfsFileNamespace::Dos {
            continue;
        }
        count += 1;
        let link = NtfsFileAttributeFlags::REPARSE_POINT;
        if key.is_directory() && !key.file_attributes().contains(link) {
            below.push(child);
        }
    }
    for child in below {
        count += crate_directory(ntfs, reader, child, depth + 1)?;
    }
    Ok(count)
}

/// `find` on a mount of ntfs-3g: names.
pub(super) fn find(image: &Path) -> Outcome<Told> {
    on_mount(image, &[])
}

/// The same with the kind, file and number of names of each and where links lead,
/// as a scan tells them: a question to the driver for every name.
pub(super) fn find_links(image: &Path) -> Outcome<Told> {
    on_mount(image, &["-printf", "%y %i %n %P %l\n"])
}

/// The mount is there before the clock starts.
fn on_mount(image: &Path, arguments: &[&str]) -> Outcome<Told> {
    let mount = Mount::new(image, Access::ReadOnly)?;
    let start = Instant::now();
    let lines = lines(program("find").arg(mount.path()).args(arguments))?;
    let seconds = start.elapsed().as_secs_f64();
    mount.unmount()?;
    // The mount point itself is a line.
    Ok(Told {
        count: lines.saturating_sub(1),
        ..Told::of(seconds)
    })
}

/// `fls -r -p` of The Sleuth Kit, NTFS' own files among its lines.
pub(super) fn fls(image: &Path) -> Outcome<Told> {
    let start = Instant::now();
    let lines = lines(program("fls").args(["-r", "-p"]).arg(image))?;
    Ok(told(start, lines))
}

/// How many lines a program prints.
fn lines(command: &mut Command) -> Outcome<u64> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().ok_or("no output")?;
    let mut reader = BufReader::with_capacity(1 << 20, stdout);
    let mut count = 0;
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        count += piece.iter().filter(|byte| **byte == b'\n').count();
        let length = piece.len();
        reader.consume(length);
    }
    let status = child.wait()?;
    match status.success() {
        true => Ok(u64::try_from(count)?),
        false => Err(format!("{command:?}: {status}").into()),
    }
}

/// How many lines a program prints, as a run with a clock.
pub(super) fn counted(name: &str, arguments: &[&str]) -> Outcome<Told> {
    let start = Instant::now();
    let lines = lines(program(name).args(arguments))?;
    Ok(told(start, lines))
}
