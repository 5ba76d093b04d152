//! Several images for one run of the machine with ntfs3: they are the
//! partitions of one disk, so that a mount that is refused, and what it wrote
//! all the same, can be looked at for each of them.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use super::{
    mkntfs::{self, Mkntfs},
    ntfs3,
    ntfs3g::Access,
};
use crate::{Failure, ScratchImage, Skip};

const SECTOR: u64 = 512;
/// Bytes of the volume that the machine wants to find at the disk's start.
const FIRST_VOLUME: u64 = 8 << 20;
const ALIGN: u64 = 1 << 20;
/// Entries of the partition table: 4 KiB, which together with its header fit
/// the boot file of the volume at the start.
const MOST: usize = 32;
const ENTRY: usize = 128;

/// A mount that is tried.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The volume; holds afterwards what the driver left.
    pub image: &'a Path,
    /// Mount options, e.g. `ro` or `rw,force`.
    pub options: &'a str,
    /// What to do on the mounted volume (busybox `sh`, in its root).
    pub commands: &'a str,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it was mounted.
    pub mounted: bool,
    /// What driver and commands said.
    pub said: Vec<String>,
}

/// Whether the machine can be started and a disk be made for it.
///
/// # Errors
/// A [`Skip`].
pub fn available() -> Result<(), Skip> {
    ntfs3::available()?;
    mkntfs::available()
}

/// Tries all these mounts one after the other, in one run of the machine.
///
/// # Errors
/// When the machine does not come up or the disk cannot be made.
pub fn try_all(attempts: &[Attempt<'_>]) -> Result<Vec<Outcome>, Failure> {
    let failed = |error: io::Error| Failure::new("disk for ntfs3", error.to_string());
    let disk = ScratchImage::zeroed(FIRST_VOLUME);
    Mkntfs::new(FIRST_VOLUME).make_at(disk.path())?;
    let places = lay_out(disk.path(), attempts).map_err(failed)?;
    let run = ntfs3::run(disk.path(), Access::ReadWrite, &script(attempts))?;
    let file = File::open(disk.path()).map_err(failed)?;
    for (attempt, (start, len)) in attempts.iter().zip(places) {
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        file.read_exact_at(&mut bytes, start).map_err(failed)?;
        fs::write(attempt.image, bytes).map_err(failed)?;
    }
    outcomes(&run.output, attempts.len())
}

/// As [`try_all`], for volumes that may bring the machine down: the outcome of
/// one that does ends with [`DOWN`], and the rest is tried in another machine.
///
/// # Errors
/// When a machine does not come to the first volume.
pub fn try_each(attempts: &[Attempt<'_>]) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::new();
    loop {
        let rest = attempts.get(outcomes.len()..).unwrap_or_default();
        let rest = rest.get(..rest.len().min(MOST)).unwrap_or_default();
        if rest.is_empty() {
            return Ok(outcomes);
        }
        match try_all(rest) {
            Ok(told) => outcomes.extend(told),
            Err(failure) => {
                let mut told = told(&failure.output);
                match told.last_mut() {
                    // It came to the end, and did not end well.
                    Some(_) if failure.output.contains("@done") => {}
                    Some(last) => last.said.push(DOWN.to_owned()),
                    None => return Err(failure),
                }
                told.truncate(rest.len());
                outcomes.append(&mut told);
            }
        }
    }
}

/// What [`try_each`] adds to what is said of a volume that brought the machine
/// down.
pub const DOWN: &str = "and the machine was gone";

/// Copies the images behind the first volume, and writes the table.
fn lay_out(disk: &Path, attempts: &[Attempt<'_>]) -> io::Result<Vec<(u64, u64)>> {
    assert!(attempts.len() <= MOST, "more images than the table holds");
    let file = File::options().read(true).write(true).open(disk)?;
    let mut places = Vec::new();
    let mut at = FIRST_VOLUME;
    for attempt in attempts {
        let bytes = fs::read(attempt.image)?;
        file.write_all_at(&bytes, at)?;
        let len = bytes.len() as u64;
        places.push((at, len));
        at = (at + len).next_multiple_of(ALIGN);
    }
    let end = at + ALIGN;
    file.set_len(end)?;
    let (header, table) = guid_table(&places, end / SECTOR);
    // The boot sector of the volume at the start has room for the entry that
    // says that there is such a table.
    let mut protective = [0; 16];
    protective[4] = 0xEE;
    protective[8..12].copy_from_slice(&1_u32.to_le_bytes());
    protective[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    file.write_all_at(&protective, 446)?;
    file.write_all_at(&[0; 48], 446 + 16)?;
    file.write_all_at(&header, SECTOR)?;
    file.write_all_at(&table, 2 * SECTOR)?;
    Ok(places)
}

/// Header and entries (UEFI 2.10, 5.3).
fn guid_table(places: &[(u64, u64)], sectors: u64) -> ([u8; 512], Vec<u8>) {
    let mut table = vec![0; MOST * ENTRY];
    for (number, (start, len)) in (1_u8..).zip(places) {
        let entry = &mut table[(usize::from(number) - 1) * ENTRY..][..ENTRY];
        entry[..16].fill(0xA2);
        entry[16..32].fill(number);
        entry[32..40].copy_from_slice(&(start / SECTOR).to_le_bytes());
        entry[40..48].copy_from_slice(&((start + len) / SECTOR - 1).to_le_bytes());
    }
    let mut header = [0; 512];
    header[..8].copy_from_slice(b"EFI PART");
    header[8..12].copy_from_slice(&0x1_0000_u32.to_le_bytes());
    header[12..16].copy_from_slice(&92_u32.to_le_bytes());
    header[24..32].copy_from_slice(&1_u64.to_le_bytes());
    header[32..40].copy_from_slice(&(sectors - 1).to_le_bytes());
    header[40..48].copy_from_slice(&34_u64.to_le_bytes());
    header[48..56].copy_from_slice(&(sectors - 2).to_le_bytes());
    header[56..72].fill(0x5A);
    header[72..80].copy_from_slice(&2_u64.to_le_bytes());
    header[80..84].copy_from_slice(&u32::try_from(MOST).unwrap_or(0).to_le_bytes());
    header[84..88].copy_from_slice(&u32::try_from(ENTRY).unwrap_or(0).to_le_bytes());
    header[88..92].copy_from_slice(&crc32(&table).to_le_bytes());
    let sum = crc32(&header[..92]);
    header[16..20].copy_from_slice(&sum.to_le_bytes());
    (header, table)
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Seconds that the commands on one volume may take, and the kernel in one
/// call: a damaged volume can lead the driver in circles.
const PATIENCE: u64 = 60;

fn script(attempts: &[Attempt<'_>]) -> String {
    // A driver that goes in circles ends the machine, which a panic does.
    let mut text = String::from(
        "cd /; umount /mnt; mkdir -p /m\n\
         echo 1 >/proc/sys/kernel/softlockup_panic; echo 15 >/proc/sys/kernel/watchdog_thresh\n",
    );
    for (number, attempt) in (1..).zip(attempts) {
        let Attempt {
            options, commands, ..
        } = attempt;
        let commands = if commands.is_empty() {
            "true"
        } else {
            commands
        };
        text.push_str(&format!(
            "cat >/commands.one <<'@end'\ncd /m && ls -R . >/dev/null; {commands}\n@end\n\
             echo '@try'; dmesg -c >/dev/null\n\
             if mount -t ntfs3 -o {options} /dev/vda{number} /m 2>&1; then\n\
             echo '@mounted'; timeout -s KILL {PATIENCE} sh /commands.one 2>&1\n\
             [ $? != 137 ] || echo 'not done after {PATIENCE} s'\n\
             umount /m || umount -l /m\n\
             fi; sync; dmesg -c | grep -i ntfs\n"
        ));
    }
    text.push_str("echo '@done'; mount -t ntfs3 /dev/vda /mnt\n");
    text
}

fn outcomes(output: &str, expected: usize) -> Result<Vec<Outcome>, Failure> {
    let outcomes = told(output);
    if outcomes.len() == expected {
        return Ok(outcomes);
    }
    Err(Failure::new("mounts by ntfs3", output))
}

/// What the machine told of each volume it came to.
fn told(output: &str) -> Vec<Outcome> {
    let text = output.split("@done").next().unwrap_or_default();
    text.split("@try")
        .skip(1)
        .map(|part| Outcome {
            mounted: part.contains("@mounted"),
            said: part
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && *line != "@mounted")
                .map(str::to_owned)
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skip_unless;

    #[test]
    fn clean_and_dirty_volumes_are_told_apart_in_one_run() {
        skip_unless!(available());
        let images: Vec<ScratchImage> = (0..3).map(|_| Mkntfs::new(4 << 20).make()).collect();
        fs_ntfs::fsck::set_dirty(images[1].path()).unwrap();
        let attempt = |n: usize, commands| Attempt {
            image: images[n].path(),
            options: "rw",
            commands,
        };
        let tried = try_all(&[
            attempt(0, "echo hello >x"),
            attempt(1, ""),
            attempt(2, "true"),
        ])
        .unwrap();
        let mounted: Vec<bool> = tried.iter().map(|t| t.mounted).collect();
        assert_eq!(mounted, [true, false, true], "{tried:?}");
        assert!(tried[1].said.iter().any(|line| line.contains("dirty")));
        let bytes = fs::read(images[0].path()).unwrap();
        assert!(bytes.windows(5).any(|window| window == b"hello"));
    }
}
