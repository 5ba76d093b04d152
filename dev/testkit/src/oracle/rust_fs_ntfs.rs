//! The checker of the crate `rust-fs-ntfs`: every file record in use, the
//! mirror of `$MFT`, and the clusters of all run lists against `$Bitmap`. It
//! follows no index.

use std::{fs::File, os::unix::fs::FileExt, path::Path};

use fs_ntfs::{block_io::BlockIo, facade::Filesystem, fsck};

use crate::Failure;

/// Read-only access for the crate's checker.
struct Image {
    file: File,
    len: u64,
}

impl BlockIo for Image {
    fn read_exact_at(&mut self, offset: u64, buf: &mut [u8]) -> Result<(), String> {
        self.file
            .read_exact_at(buf, offset)
            .map_err(|error| error.to_string())
    }

    fn write_all_at(&mut self, _offset: u64, _buf: &[u8]) -> Result<(), String> {
        Err("the image is open for reading".to_owned())
    }

    fn size(&self) -> u64 {
        self.len
    }
}

/// What it finds wrong with a volume, one line each. Some volumes by others
/// have findings of their own: compare before and after ([`assert_no_more`]).
///
/// # Errors
/// When the volume is too damaged for it to answer.
pub fn findings(image: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: String| Failure::new(format!("fsck of {}", image.display()), error);
    let file = File::open(image).map_err(|error| failed(error.to_string()))?;
    let len = file
        .metadata()
        .map_err(|error| failed(error.to_string()))?
        .len();
    let report =
        fsck::check_io(&mut Image { file, len }).map_err(|error| failed(error.to_string()))?;
    let mut findings: Vec<String> = report
        .findings
        .iter()
        .map(|finding| format!("{finding:?}"))
        .collect();
    if report.dirty {
        findings.push("the dirty flag is set".to_owned());
    }
    Ok(findings)
}

/// Fails the test when there is any finding.
///
/// # Panics
/// With the findings.
#[track_caller]
pub fn assert_clean(image: &Path) {
    assert_no_more(image, &[]);
}

/// Fails the test when there is a finding that was not there `before`.
///
/// # Panics
/// With the new findings.
#[track_caller]
pub fn assert_no_more(image: &Path, before: &[String]) {
    let after = findings(image).expect("rust-fs-ntfs");
    let new: Vec<&String> = after
        .iter()
        .filter(|finding| !before.contains(finding))
        .collect();
    assert!(
        new.is_empty(),
        "rust-fs-ntfs on {}: {new:#?}",
        image.display()
    );
}

/// What is asked of the crate beside its check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// To read.
    ReadOnly,
    /// To write.
    ReadWrite,
    /// To write, after replaying the log.
    Replaying,
    /// To replay the log and nothing else.
    ReplayOnly,
    /// To repair: it empties the log and clears the dirty flag.
    Repair,
}

/// Mounts the volume and lists its root.
///
/// # Errors
/// What it refuses, in its words.
pub fn mount(image: &Path, how: Mount) -> Result<(), Failure> {
    let failed = |error: String| Failure::new(format!("{how:?} of {}", image.display()), error);
    let mounted = match how {
        Mount::ReadOnly => Filesystem::mount(image),
        Mount::ReadWrite => Filesystem::mount_rw(image),
        Mount::Replaying => Filesystem::mount_rw_replaying_log(image),
        Mount::ReplayOnly => {
            return fsck::replay_logfile(image)
                .map(drop)
                .map_err(|error| failed(error.to_string()));
        }
        Mount::Repair => {
            return fsck::fsck(image)
                .map(drop)
                .map_err(|error| failed(error.to_string()));
        }
    };
    mounted
        .and_then(|volume| volume.read_dir("/"))
        .map(drop)
        .map_err(|error| failed(error.to_string()))
}

/// Sets the dirty flag, as a system does that finds damage.
///
/// # Errors
/// When the volume cannot be read or written.
pub fn set_dirty(image: &Path) -> Result<(), Failure> {
    fsck::set_dirty(image)
        .map(drop)
        .map_err(|error| Failure::new(image.display().to_string(), error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        oracle::mkntfs::{self, Mkntfs},
        skip_unless,
    };

    #[test]
    fn a_fresh_volume_is_clean_and_a_damaged_record_is_found() {
        skip_unless!(mkntfs::available());
        let image = Mkntfs::new(8 << 20).make();
        assert_clean(image.path());
        let before = std::fs::read(image.path()).unwrap();
        let cluster = u64::from(before[0x0D]) * 512;
        let mft = u64::from_le_bytes(before[0x30..0x38].try_into().unwrap()) * cluster;
        let file = File::options().write(true).open(image.path()).unwrap();
        // The signature of record 6, $Bitmap.
        file.write_all_at(b"BAAD", mft + 6 * 1024).unwrap();
        // Either a finding or a refusal to answer, never silence.
        assert!(
            findings(image.path()).is_ok_and(|found| !found.is_empty())
                || findings(image.path()).is_err()
        );
    }
}
