//! The volume that scans and checks look at: a million files, a thousand to a
//! directory, every tenth with a second name, and some links of other kinds.

use std::path::PathBuf;

use linkwright_ntfs::{CreateOptions, FileId, FileKind, LinkType, OpenOptions, Volume};

use crate::Outcome;
use crate::lab::Lab;
use crate::load::{junction, symlink};
use crate::volumes::{in_file, size, wide};

const FILES: u64 = 1_000_000;
/// Files in a directory.
pub(super) const CROWD: u64 = 1000;
/// One file in so many has a second name.
const TWICE: u64 = 10;
/// Symbolic links in a directory; one junction beside them.
const SYMLINKS: u64 = 10;

/// A volume, and what is on it.
pub(super) struct Million {
    pub(super) image: PathBuf,
    pub(super) files: u64,
    /// Names of all kinds, directories' too.
    pub(super) names: u64,
}

/// Makes it, or finds what an earlier part made.
pub(super) fn volume(lab: &Lab) -> Outcome<Million> {
    let files = lab.scaled(FILES, CROWD);
    let directories = files / CROWD;
    let million = Million {
        image: lab.path("million.img"),
        files,
        names: directories * (CROWD + CROWD / TWICE + SYMLINKS + 2),
    };
    if !million.image.exists() {
        lab.progress(&format!("a volume of {files} files"));
        let bytes = size(files + million.names / 50, files / TWICE);
        let volume = Volume::open(in_file(&million.image, bytes)?, OpenOptions::read_write())?;
        for number in 0..directories {
            fill(&volume, number)?;
        }
        volume.close()?;
    }
    Ok(million)
}

fn fill(volume: &Volume, number: u64) -> Outcome<()> {
    let none = CreateOptions::default();
    let name = wide(&format!("directory with a name {number:05}"));
    let directory = volume.create(FileId::ROOT, &name, FileKind::Directory, &none)?;
    for file in 0..CROWD {
        let name = wide(&format!("file with a name {file:07}"));
        let id = volume.create(directory, &name, FileKind::File, &none)?;
        if file % TWICE == 0 {
            let name = wide(&format!("its second name {file:07}"));
            volume.hard_link(id, directory, &name)?;
        }
    }
    for link in 0..SYMLINKS {
        let target = symlink(&format!("..\\file with a name {link:07}"))?;
        let name = wide(&format!("link {link:04}"));
        volume.symbolic_link(directory, &name, LinkType::File, &target, &none)?;
    }
    let target = junction("C:\\directory with a name 00000")?;
    volume.junction(directory, &wide("junction"), &target, &none)?;
    Ok(())
}
