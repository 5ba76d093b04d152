//! `mkntfs` (ntfs-3g): volumes that are not ours.

use std::{path::Path, time::Duration};

use crate::{
    Failure, ScratchImage, Skip,
    command::{self, program},
};

/// Whether `mkntfs` is installed.
///
/// # Errors
/// A [`Skip`].
pub fn available() -> Result<(), Skip> {
    command::installed("mkntfs", "ntfs-3g").map(drop)
}

/// What volume to make.
#[derive(Debug, Clone)]
pub struct Mkntfs {
    size: u64,
    cluster_size: Option<u32>,
    sector_size: Option<u32>,
    label: Option<String>,
}

impl Mkntfs {
    /// A volume of `size` bytes, everything else as mkntfs has it.
    #[must_use]
    pub fn new(size: u64) -> Self {
        Self {
            size,
            cluster_size: None,
            sector_size: None,
            label: None,
        }
    }

    /// Bytes per cluster.
    #[must_use]
    pub fn cluster_size(mut self, bytes: u32) -> Self {
        self.cluster_size = Some(bytes);
        self
    }

    /// Bytes per sector. 4096 is how mkntfs is brought to file records of
    /// 4 KiB: it has no option for the record size itself.
    #[must_use]
    pub fn sector_size(mut self, bytes: u32) -> Self {
        self.sector_size = Some(bytes);
        self
    }

    /// The volume's label.
    #[must_use]
    pub fn label(mut self, text: &str) -> Self {
        self.label = Some(text.to_owned());
        self
    }

    /// Makes the volume in a fresh image file.
    ///
    /// # Panics
    /// When mkntfs refuses, with what it said.
    #[must_use]
    #[track_caller]
    pub fn make(&self) -> ScratchImage {
        let image = ScratchImage::zeroed(self.size);
        self.make_at(image.path()).expect("mkntfs");
        image
    }

    /// Makes the volume in an existing file of any size.
    ///
    /// # Errors
    /// What mkntfs said.
    pub fn make_at(&self, path: &Path) -> Result<(), Failure> {
        let mut command = program("mkntfs");
        command.args(["--force", "--quick", "--quiet"]);
        if let Some(bytes) = self.cluster_size {
            command.args(["--cluster-size", &bytes.to_string()]);
        }
        if let Some(bytes) = self.sector_size {
            command.args(["--sector-size", &bytes.to_string()]);
        }
        if let Some(label) = &self.label {
            command.args(["--label", label]);
        }
        command::run_ok(command.arg(path), Duration::from_secs(120)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::skip_unless;

    #[test]
    fn options_reach_the_boot_sector() {
        skip_unless!(available());
        let image = Mkntfs::new(64 << 20)
            .sector_size(4096)
            .cluster_size(8192)
            .make();
        let mut boot = [0; 512];
        std::fs::File::open(image.path())
            .unwrap()
            .read_exact_at(&mut boot, 0)
            .unwrap();
        assert_eq!(&boot[3..11], b"NTFS    ");
        assert_eq!(u16::from_le_bytes([boot[0x0B], boot[0x0C]]), 4096);
        assert_eq!(boot[0x0D], 2, "sectors per cluster");
        assert_eq!(boot[0x40] as i8, -12, "records of 4 KiB");
    }
}
