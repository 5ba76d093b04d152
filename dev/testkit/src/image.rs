//! Image files in a temporary folder of their own.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::command::{self, Failure};

/// An image file that goes away with the value.
#[derive(Debug)]
pub struct ScratchImage {
    folder: TempDir,
    path: PathBuf,
}

impl ScratchImage {
    /// A sparse file of `len` zero bytes.
    ///
    /// # Panics
    /// When the temporary folder cannot be written.
    #[must_use]
    pub fn zeroed(len: u64) -> Self {
        let image = Self::absent();
        let file = File::create(&image.path).expect("create a scratch image");
        file.set_len(len).expect("size a scratch image");
        image
    }

    /// A path in a fresh folder, with no file there yet.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn absent() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("linkwright-")
            .tempdir()
            .expect("make a temporary folder");
        let path = folder.path().join("volume.img");
        Self { folder, path }
    }

    /// A copy of `source`, holes kept.
    ///
    /// # Errors
    /// What `cp` said.
    pub fn copy_of(source: &Path) -> Result<Self, Failure> {
        let image = Self::absent();
        command::run_ok(
            command::program("cp")
                .args(["--sparse=always", "--reflink=auto"])
                .arg(source)
                .arg(&image.path),
            command::PATIENCE,
        )?;
        // The corpus is read only; a copy is there to be written to.
        let mut permissions = std::fs::metadata(&image.path)
            .map_err(|e| io_failure(&e))?
            .permissions();
        #[expect(
            clippy::permissions_set_readonly_false,
            reason = "a scratch file in our own folder"
        )]
        permissions.set_readonly(false);
        std::fs::set_permissions(&image.path, permissions).map_err(|e| io_failure(&e))?;
        Ok(image)
    }

    /// The image file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder it lies in, for files that belong to the same test.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn io_failure(error: &io::Error) -> Failure {
    Failure::new("copy an image", error.to_string())
}
