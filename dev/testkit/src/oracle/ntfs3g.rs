//! A mount by the ntfs-3g driver, through FUSE.

use std::{
    fs,
    io::Read,
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    Failure, Skip, SkipKind, TreeSnapshot,
    command::{self, PATIENCE, program},
    snapshot::Contents,
};

const NAME: &str = "ntfs-3g";

/// Whether ntfs-3g is installed and this machine lets us mount (tried once,
/// on a volume of its own).
///
/// # Errors
/// A [`Skip`].
pub fn available() -> Result<(), Skip> {
    static PROBED: OnceLock<Result<(), Skip>> = OnceLock::new();
    PROBED.get_or_init(probe).clone()
}

fn probe() -> Result<(), Skip> {
    command::installed("ntfs-3g", "ntfs-3g")?;
    super::mkntfs::available()?;
    if !Path::new("/dev/fuse").exists() {
        return Err(Skip::new(SkipKind::Oracle, NAME, "no /dev/fuse"));
    }
    let image = super::mkntfs::Mkntfs::new(4 << 20).make();
    Mount::new(image.path(), Access::ReadOnly)
        .map(drop)
        .map_err(|failure| {
            let why = failure.output.lines().next().unwrap_or("?").to_owned();
            Skip::new(SkipKind::Oracle, NAME, format!("cannot mount here: {why}"))
        })
}

/// Whether the mount may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The image is not touched.
    ReadOnly,
    /// The driver may write.
    ReadWrite,
}

/// A mounted image; dropping it unmounts and waits for the driver to end, so
/// that the image is complete afterwards.
#[derive(Debug)]
pub struct Mount {
    driver: Child,
    folder: TempDir,
}

impl Mount {
    /// Mounts `image` in a temporary folder.
    ///
    /// # Errors
    /// What the driver said: e.g. an unclean log or an image it cannot read.
    pub fn new(image: &Path, access: Access) -> Result<Self, Failure> {
        let options = match access {
            Access::ReadOnly => "ro",
            // What remains of a log by Windows is not thrown away in a test.
            Access::ReadWrite => "norecover",
        };
        Self::with_options(image, options)
    }

    /// Mounts `image` with mount options of the driver; empty: its defaults,
    /// with which it may fall back to reading.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_options(image: &Path, options: &str) -> Result<Self, Failure> {
        let what = format!("ntfs-3g mount of {}", image.display());
        let failed = |error: std::io::Error| Failure::new(&what, error.to_string());
        let folder = tempfile::Builder::new()
            .prefix("linkwright-mnt-")
            .tempdir()
            .map_err(failed)?;
        let outside = fs::metadata(folder.path()).map_err(failed)?.dev();
        // no_detach: the driver stays our child, and its end says that
        // everything is written. streams_interface: named streams as `FILE:stream`.
        let mut all = String::from("no_detach,streams_interface=windows");
        if !options.is_empty() {
            all.push(',');
            all.push_str(options);
        }
        let mut driver = program("ntfs-3g")
            .arg("-o")
            .arg(all)
            .arg(image)
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let start = Instant::now();
        loop {
            if fs::metadata(folder.path()).is_ok_and(|inside| inside.dev() != outside) {
                return Ok(Self { driver, folder });
            }
            let ended = driver.try_wait().map_err(failed)?;
            if ended.is_none() && start.elapsed() < Duration::from_secs(30) {
                thread::sleep(Duration::from_millis(5));
                continue;
            }
            drop(driver.kill());
            drop(driver.wait());
            let mut text = String::new();
            if let Some(mut pipe) = driver.stderr.take() {
                drop(pipe.read_to_string(&mut text));
            }
            return Err(Failure::new(what, text));
        }
    }

    /// Where the volume is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The tree without NTFS' own files; a target that the driver worked out
    /// inside the mount stands as `/…` from the volume's root.
    ///
    /// # Errors
    /// The first I/O error.
    pub fn snapshot(&self, contents: Contents) -> Result<TreeSnapshot, Failure> {
        let root = self.path();
        let mut tree = TreeSnapshot::of_folder(root, contents).map_err(|e| self.failed(&e))?;
        let prefix = root.to_string_lossy().into_owned();
        tree.for_each_mut(|_, entry| {
            if let Some(inside) = entry
                .target
                .as_deref()
                .and_then(|t| t.strip_prefix(&prefix))
            {
                entry.target = Some(inside.to_owned());
            }
        });
        Ok(tree)
    }

    /// An extended attribute of the link, file or directory itself, e.g.
    /// `system.ntfs_reparse_data` (the whole reparse buffer),
    /// `system.ntfs_attrib` (the attribute word, four bytes in host order),
    /// `system.ntfs_acl` (the self-relative security descriptor); `None` when
    /// there is none.
    ///
    /// # Errors
    /// Every other answer of the driver.
    pub fn attribute(&self, path: &str, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let mut value = vec![0_u8; 128 << 10];
        let path = self.path().join(path);
        match rustix::fs::lgetxattr(&path, name, value.as_mut_slice()) {
            Ok(length) => {
                value.truncate(length);
                Ok(Some(value))
            }
            Err(rustix::io::Errno::NODATA) => Ok(None),
            Err(error) => Err(Failure::new(
                format!("{name} of {}", path.display()),
                error.to_string(),
            )),
        }
    }

    /// Sets an extended attribute of the link, file or directory itself, e.g.
    /// `system.ntfs_reparse_data` to make a link that is not ours. A file that
    /// has become a link is seen as one by the next mount only.
    ///
    /// # Errors
    /// The driver's answer.
    pub fn set_attribute(&self, path: &str, name: &str, value: &[u8]) -> Result<(), Failure> {
        let path = self.path().join(path);
        rustix::fs::lsetxattr(&path, name, value, rustix::fs::XattrFlags::empty()).map_err(
            |error| {
                Failure::new(
                    format!("set {name} of {}", path.display()),
                    error.to_string(),
                )
            },
        )
    }

    /// The Win32 attribute word (`FILE_ATTRIBUTE_*`) of `path`.
    ///
    /// # Errors
    /// As [`Self::attribute`].
    pub fn win32_attributes(&self, path: &str) -> Result<u32, Failure> {
        let bytes = self
            .attribute(path, "system.ntfs_attrib")?
            .unwrap_or_default();
        let word = bytes
            .try_into()
            .map_err(|_| Failure::new("system.ntfs_attrib", "not four bytes"))?;
        Ok(u32::from_ne_bytes(word))
    }

    /// Unmounts, waits for the driver, and says when either went wrong.
    ///
    /// # Errors
    /// What `umount` or the driver said.
    pub fn unmount(mut self) -> Result<(), Failure> {
        self.close()
    }

    fn close(&mut self) -> Result<(), Failure> {
        if self.driver.try_wait().ok().flatten().is_some() {
            return Ok(());
        }
        let mut said = String::new();
        for (name, options) in [
            ("umount", &[][..]),
            ("fusermount3", &["-u"]),
            ("fusermount", &["-u"]),
        ] {
            if command::find(name).is_none() {
                continue;
            }
            match command::run_ok(
                program(name).args(options).arg(self.folder.path()),
                PATIENCE,
            ) {
                Ok(_) => break,
                Err(failure) => said.push_str(&failure.output),
            }
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(120) {
            if self.driver.try_wait().is_ok_and(|ended| ended.is_some()) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(2));
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
        drop(command::run(
            program("umount").arg("-l").arg(self.folder.path()),
            PATIENCE,
        ));
        Err(Failure::new("unmount", said))
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::new(
            format!("reading {}", self.path().display()),
            error.to_string(),
        )
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if let Err(failure) = self.close()
            && !thread::panicking()
        {
            panic!("{failure}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        oracle::{mkntfs::Mkntfs, ntfsfix},
        skip_unless,
        snapshot::Kind,
    };

    #[test]
    fn what_is_written_through_a_mount_is_read_through_the_next() {
        skip_unless!(available());
        let image = Mkntfs::new(16 << 20).cluster_size(1024).label("kit").make();
        let mount = Mount::new(image.path(), Access::ReadWrite).unwrap();
        fs::write(mount.path().join("a"), vec![7; 5000]).unwrap();
        fs::hard_link(mount.path().join("a"), mount.path().join("b")).unwrap();
        std::os::unix::fs::symlink("a", mount.path().join("s")).unwrap();
        fs::write(mount.path().join("a:stream"), b"named").unwrap();
        let written = mount.snapshot(Contents::Hash).unwrap();
        mount.unmount().unwrap();
        ntfsfix::assert_clean(image.path());

        let mount = Mount::new(image.path(), Access::ReadOnly).unwrap();
        let read = mount.snapshot(Contents::Hash).unwrap();
        written.assert_same("written", &read, "read");
        assert_eq!(read.len(), 3);
        assert_eq!(read.get("a").unwrap().nlink, Some(2));
        assert_eq!(read.get("s").unwrap().kind, Kind::Symlink);
        assert_eq!(fs::read(mount.path().join("b:stream")).unwrap(), b"named");
        assert_eq!(mount.win32_attributes("a").unwrap(), 0x20, "archive");
        assert_eq!(
            mount.attribute("a", "system.ntfs_reparse_data").unwrap(),
            None
        );
        assert!(
            mount
                .attribute("a", "system.ntfs_acl")
                .unwrap()
                .unwrap()
                .len()
                >= 20
        );
    }

    #[test]
    fn an_image_without_ntfs_is_refused_with_a_reason() {
        skip_unless!(available());
        let image = crate::ScratchImage::zeroed(4 << 20);
        let failure = Mount::new(image.path(), Access::ReadOnly).unwrap_err();
        assert!(failure.output.contains("NTFS"), "{failure}");
    }
}
