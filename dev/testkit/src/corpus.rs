//! Volumes that other systems made: test material for reading, which lies
//! outside the project and may be absent.
//!
//! Unpacked copies are kept in the system's temporary folder, so that each is
//! unpacked once for all test binaries.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use flate2::read::GzDecoder;

use crate::{
    Failure, ScratchImage, Skip, SkipKind,
    command::{self, PATIENCE, program},
};

/// The folder of the corpus.
#[must_use]
pub fn folder() -> PathBuf {
    std::env::var_os("LINKWRIGHT_CORPUS")
        .map_or_else(|| crate::shared_root().join("images"), PathBuf::from)
}

/// A file of the corpus as it lies there.
///
/// # Errors
/// A [`Skip`] when it is absent.
pub fn file(name: &str) -> Result<PathBuf, Skip> {
    let path = folder().join(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(Skip::new(
        SkipKind::Shared,
        name,
        format!("not in {}", folder().display()),
    ))
}

/// The bytes of a file of the corpus; one whose name ends in `.gz` is
/// unpacked.
///
/// # Errors
/// A [`Skip`] when it is absent.
///
/// # Panics
/// When it is there and cannot be read.
pub fn bytes(name: &str) -> Result<Vec<u8>, Skip> {
    let path = file(name)?;
    let mut bytes = fs::read(&path).expect("read a corpus file");
    if name.ends_with(".gz") {
        let packed = std::mem::take(&mut bytes);
        GzDecoder::new(packed.as_slice())
            .read_to_end(&mut bytes)
            .expect("unpack a corpus file");
    }
    Ok(bytes)
}

/// A whole volume of the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volume {
    /// Windows 10, 1 KiB clusters; log not clean.
    Velociraptor,
    /// Windows 7, 512-byte clusters, 8.3 names; log not clean.
    Win7Tiny,
    /// Windows of 2013, shadow copies, 8.3 names; 1 GiB in a qcow2.
    VssTest,
    /// Windows 10, 2 MiB clusters, on a disk with an MBR.
    Ntfs2M,
    /// Windows 10, on a disk with an MBR.
    LastAccess,
    /// Repaired by chkdsk; 32 GiB, nearly all of it holes.
    RepairedLf2,
}

/// A partition of a disk image, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// Where it starts.
    pub offset: u64,
    /// How long it is.
    pub length: u64,
}

impl Volume {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Velociraptor,
        Self::Win7Tiny,
        Self::VssTest,
        Self::Ntfs2M,
        Self::LastAccess,
        Self::RepairedLf2,
    ];

    /// The name of the packed file.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Velociraptor => "velociraptor_test.ntfs.dd.raw.gz",
            Self::Win7Tiny => "logfileparser_win7_tiny.dd.gz",
            Self::VssTest => "plaso_vsstest.qcow2",
            Self::Ntfs2M => "suhanov_ntfs-2m.raw.gz",
            Self::LastAccess => "suhanov_ntfs-lastaccess.raw.gz",
            Self::RepairedLf2 => "ntfsprogs_windows_repaired_lf2.img.tar.xz",
        }
    }

    /// Where the volume lies in the image, when it is one partition of a disk.
    #[must_use]
    pub const fn partition(self) -> Option<Partition> {
        // As the MBR says: start 128 sectors, 0x1FE800 and 0x7E800 sectors.
        match self {
            Self::Ntfs2M => Some(Partition {
                offset: 128 * 512,
                length: 0x1F_E800 * 512,
            }),
            Self::LastAccess => Some(Partition {
                offset: 128 * 512,
                length: 0x7_E800 * 512,
            }),
            Self::Velociraptor | Self::Win7Tiny | Self::VssTest | Self::RepairedLf2 => None,
        }
    }

    /// The unpacked image as it was packed (a whole disk where it was one), in
    /// the cache. Not to be written to.
    ///
    /// # Errors
    /// A [`Skip`] when it is absent, or the program that unpacks it is.
    ///
    /// # Panics
    /// When unpacking fails.
    pub fn image(self) -> Result<PathBuf, Skip> {
        let packed = file(self.file_name())?;
        match self {
            Self::VssTest => drop(command::installed("qemu-img", "qemu-utils")?),
            Self::RepairedLf2 => {
                command::installed("tar", "tar")?;
                command::installed("xz", "xz-utils")?;
            }
            _ => {}
        }
        Ok(cached(&packed, "image", |to| unpack(&packed, to)))
    }

    /// The volume by itself, cut out of its disk where it lies on one, in the
    /// cache: what drivers and tools take that know no partitions. Not to be
    /// written to.
    ///
    /// # Errors
    /// As [`Self::image`].
    ///
    /// # Panics
    /// As [`Self::image`].
    pub fn bare(self) -> Result<PathBuf, Skip> {
        let image = self.image()?;
        let Some(partition) = self.partition() else {
            return Ok(image);
        };
        let packed = file(self.file_name())?;
        Ok(cached(&packed, "bare", |to| {
            let mut disk = File::open(&image).map_err(|e| failed(&image, &e))?;
            disk.seek(SeekFrom::Start(partition.offset))
                .map_err(|e| failed(&image, &e))?;
            copy_with_holes(&mut disk.take(partition.length), to).map_err(|e| failed(to, &e))
        }))
    }

    /// A copy of [`Self::bare`] to write to.
    ///
    /// # Errors
    /// As [`Self::image`].
    ///
    /// # Panics
    /// As [`Self::image`], and when the copy cannot be made.
    pub fn scratch(self) -> Result<ScratchImage, Skip> {
        Ok(ScratchImage::copy_of(&self.bare()?).expect("copy a corpus volume"))
    }

    /// A copy of [`Self::image`] to write to.
    ///
    /// # Errors
    /// As [`Self::image`].
    ///
    /// # Panics
    /// As [`Self::scratch`].
    pub fn scratch_disk(self) -> Result<ScratchImage, Skip> {
        Ok(ScratchImage::copy_of(&self.image()?).expect("copy a corpus image"))
    }
}

/// The cached file made of `packed` by `make`; made anew when `packed` has
/// changed. Other processes wait while one makes it.
fn cached(packed: &Path, what: &str, make: impl FnOnce(&Path) -> Result<(), Failure>) -> PathBuf {
    let metadata = fs::metadata(packed).expect("a corpus file");
    let stamp = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |age| age.as_secs());
    let user = rustix::process::getuid().as_raw();
    let cache = std::env::temp_dir().join(format!("linkwright-corpus-{user}"));
    fs::create_dir_all(&cache).expect("make the corpus cache");
    let name = packed.file_name().unwrap_or_default().to_string_lossy();
    let path = cache.join(format!("{name}-{}-{stamp}.{what}", metadata.len()));

    let lock = File::create(cache.join(format!("{name}.{what}.lock"))).expect("make a lock file");
    lock.lock().expect("lock the corpus cache");
    if !path.is_file() {
        let part = path.with_extension("part");
        make(&part).expect("unpack a corpus volume");
        fs::rename(&part, &path).expect("keep an unpacked volume");
    }
    path
}

fn unpack(packed: &Path, to: &Path) -> Result<(), Failure> {
    let name = packed.to_string_lossy();
    if name.ends_with(".gz") {
        let file = File::open(packed).map_err(|e| failed(packed, &e))?;
        return copy_with_holes(&mut GzDecoder::new(file), to).map_err(|e| failed(packed, &e));
    }
    if name.ends_with(".qcow2") {
        let mut convert = program("qemu-img");
        convert
            .args(["convert", "-q", "-f", "qcow2", "-O", "raw"])
            .arg(packed)
            .arg(to);
        return command::run_ok(&mut convert, PATIENCE).map(drop);
    }
    // One member, stored with its holes.
    let folder = to.with_extension("untar");
    fs::create_dir_all(&folder).map_err(|e| failed(&folder, &e))?;
    let mut extract = program("tar");
    extract
        .args(["-x", "-S", "-J", "--no-same-owner", "-f"])
        .arg(packed)
        .arg("-C")
        .arg(&folder);
    command::run_ok(&mut extract, PATIENCE)?;
    let member = fs::read_dir(&folder)
        .ok()
        .and_then(|mut members| members.next()?.ok())
        .ok_or_else(|| Failure::new(format!("unpack {name}"), "no member"))?;
    fs::rename(member.path(), to).map_err(|e| failed(to, &e))?;
    fs::remove_dir_all(&folder).map_err(|e| failed(&folder, &e))
}

/// Copies to a new file and leaves blocks of zeros as holes.
fn copy_with_holes(from: &mut impl Read, to: &Path) -> io::Result<()> {
    const BLOCK: usize = 64 << 10;
    let mut file = File::create(to)?;
    let mut block = Vec::with_capacity(BLOCK);
    let mut length = 0_u64;
    loop {
        block.clear();
        let read = from.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        if read == 0 {
            file.set_len(length)?;
            return file.flush();
        }
        if block.iter().any(|&byte| byte != 0) {
            file.seek(SeekFrom::Start(length))?;
            file.write_all(&block)?;
        }
        length += read as u64;
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(path.display().to_string(), error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileExt, MetadataExt};

    use super::*;
    use crate::skip_unless;

    #[test]
    fn copies_keep_their_holes_and_their_length() {
        let image = ScratchImage::absent();
        let mut bytes = vec![0; 3 << 20];
        bytes[2 << 20] = 1;
        bytes.truncate((3 << 20) - 5);
        copy_with_holes(&mut bytes.as_slice(), image.path()).unwrap();
        assert_eq!(fs::read(image.path()).unwrap(), bytes);
        assert!(fs::metadata(image.path()).unwrap().blocks() * 512 <= 64 << 10);
    }

    #[test]
    fn every_volume_unpacks_to_an_ntfs_boot_sector() {
        for volume in Volume::ALL {
            let bare = match volume.bare() {
                Ok(bare) => bare,
                Err(skip) => {
                    skip.report();
                    continue;
                }
            };
            let file = File::open(&bare).unwrap();
            let mut boot = [0; 512];
            file.read_exact_at(&mut boot, 0).unwrap();
            assert_eq!(&boot[3..11], b"NTFS    ", "{volume:?}");
            let sectors = u64::from_le_bytes(boot[0x28..0x30].try_into().unwrap());
            assert!(
                file.metadata().unwrap().len() >= (sectors + 1) * 512,
                "{volume:?}"
            );
            let copy = skip_unless!(volume.scratch());
            let stored = fs::metadata(copy.path()).unwrap().blocks() * 512;
            assert!(stored < 300 << 20, "{volume:?}: {stored} bytes stored");
        }
    }

    #[test]
    fn packed_and_plain_files_are_read() {
        let mft = skip_unless!(bytes("libfsntfs_mft_metadata_file.1"));
        assert_eq!(&mft[..4], b"FILE");
        let sds = skip_unless!(bytes("dissect_sds.bin.gz"));
        assert_eq!(sds.len(), 264_080);
    }

    #[test]
    fn what_is_absent_is_skipped() {
        let skip = file("no such file").unwrap_err();
        assert_eq!(skip.kind(), SkipKind::Shared);
    }
}
