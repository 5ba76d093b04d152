//! Oracles and test material for the tests of this workspace.
//!
//! Everything here works on paths of image files and knows nothing of the
//! engine, so that it can judge the engine. The parts:
//!
//! - [`oracle`]: other programs, drivers and crates that read NTFS. Each has
//!   `available()`, which says in one line why it cannot be asked here.
//! - [`panel`]: all of them at once, who must agree.
//! - [`corpus`]: volumes that other systems made, unpacked on demand.
//! - [`snapshot`]: a tree as plain data, so that two readers can be compared.
//!
//! ```no_run
//! use linkwright_testkit::{oracle::{mkntfs, ntfsfix}, skip_unless};
//!
//! fn a_test() {
//!     skip_unless!(mkntfs::available());
//!     skip_unless!(ntfsfix::available());
//!     let image = mkntfs::Mkntfs::new(64 << 20).make();
//!     // ... write to image.path() ...
//!     ntfsfix::assert_clean(image.path());
//! }
//! ```
//!
//! Environment:
//!
//! | variable | meaning |
//! |---|---|
//! | `LINKWRIGHT_REQUIRE_ORACLES` | `1`: an oracle that is not there fails the test instead of skipping it |
//! | `LINKWRIGHT_ORACLES_EXCEPT` | comma-separated oracle names that may still be skipped |
//! | `LINKWRIGHT_SHARED` | folder with `images/` and `tools/`, default `../shared` from the workspace root |
//! | `LINKWRIGHT_CORPUS` | folder of the corpus, default `images` in the above |
//! | `LINKWRIGHT_LONG` | `1`: the long tests run ([`long`]) |
//! | `LINKWRIGHT_SKIP_LOG` | file to which each skip line is appended |
#![forbid(unsafe_code)]

mod alone;
pub mod command;
pub mod corpus;
pub mod image;
pub mod oracle;
pub mod panel;
mod skip;
pub mod snapshot;

use std::path::PathBuf;

pub use alone::{alone, peak_kib};
pub use command::Failure;
pub use image::ScratchImage;
pub use panel::Panel;
pub use skip::{Skip, SkipKind};
pub use snapshot::{Entry, Kind, TreeSnapshot};

/// The workspace's root folder.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest
        .ancestors()
        .nth(2)
        .map_or_else(|| manifest.clone(), PathBuf::from)
}

/// The folder of test material that is not part of the project.
#[must_use]
pub fn shared_root() -> PathBuf {
    std::env::var_os("LINKWRIGHT_SHARED")
        .map_or_else(|| workspace_root().with_file_name("shared"), PathBuf::from)
}

/// Whether the long tests are wanted (`cargo xtask test --long`).
///
/// # Errors
/// A [`Skip`] that names the way to run them.
pub fn long(what: &str) -> Result<(), Skip> {
    if std::env::var_os("LINKWRIGHT_LONG").is_some_and(|v| v == "1") {
        return Ok(());
    }
    Err(Skip::new(
        SkipKind::Long,
        what,
        "long; run `cargo xtask test --long`",
    ))
}
