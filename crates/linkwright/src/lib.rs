//! Windows file links - hard links, symbolic links, junctions - with the
//! meaning that Windows gives them: on the host's own file system, and in NTFS
//! images without mount, root or Windows.
//!
//! What four things cross-platform programs get wrong, and what is done here:
//!
//! * **The type.** On Windows a symbolic link is one to a file or one to a
//!   directory. [`symbolic_link`] looks at the target from the link's own
//!   directory, and fails when nothing is there ([`LinkOptions::link_type`] says
//!   it then). It never guesses.
//! * **The privilege.** Windows lets only some users make symbolic links; that
//!   is [`ErrorKind::PrivilegeNotHeld`], and nothing else is.
//! * **Junction or symlink.** They are different things, made by different calls.
//! * **The silent fallback.** Nothing else than what was asked for is made,
//!   unless [`LinkOptions::fallback`] names it; [`Made`] tells what and why.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let base = folder.path();
//! std::fs::write(base.join("config"), "v = 1")?;
//! linkwright::hard_link(base.join("config"), base.join("backup"))?;
//! linkwright::symbolic_link("config", base.join("current"))?;
//!
//! let link = linkwright::read_link(base.join("current"))?;
//! assert_eq!(link.target.unwrap().to_string(), "config");
//! assert_eq!(link.broken, Some(false));
//! # Ok(())
//! # }
//! ```
//!
//! With a fallback, and what came of it:
//!
//! ```
//! use linkwright::{Kind, LinkOptions};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let base = folder.path();
//! std::fs::create_dir(base.join("data"))?;
//! let made = LinkOptions::new()
//!     .fallback([Kind::Symlink, Kind::Copy])
//!     .junction(base.join("data"), base.join("link"))?;
//! if made.made != made.requested {
//!     println!("a {} instead: {}", made.made.as_str(), made.because.unwrap());
//! }
//! # Ok(())
//! # }
//! ```
//!
#![cfg_attr(
    all(feature = "ntfs", unix),
    doc = "
The same on a volume in an image:

```
use linkwright::Volume;
# fn main() -> Result<(), Box<dyn std::error::Error>> {
# let folder = tempfile::tempdir()?;
let image = folder.path().join(\"disk.img\");
let volume = Volume::create(&image, 32 << 20)?.drive('C');
volume.write(\"/notes.txt\", b\"hello\")?;
linkwright::hard_link(volume.at(\"/notes.txt\"), volume.at(\"/same.txt\"))?;
linkwright::symbolic_link(\"notes.txt\", volume.at(\"/short.txt\"))?;

let names = linkwright::names(volume.at(\"/notes.txt\"))?;
assert_eq!(names.len(), 2);
volume.close()?;
# Ok(())
# }
```
"
)]
//! # Features
//!
//! `host` - paths of the host; `ntfs` - volumes in images, with the engine. Both
//! are on by default; a program that needs the host alone takes
//! `default-features = false, features = ["host"]` and few dependencies.
#![forbid(unsafe_code)]

mod error;
mod location;
mod options;
mod query;
#[cfg(all(feature = "ntfs", unix))]
mod volume;

pub use error::{Error, Result};
pub use linkwright_fs::{ErrorKind, LinkType, Win32Error};
pub use linkwright_links::make::{Kind, Made};
pub use linkwright_links::{LinkKind, LinkRecord};
pub use location::Location;
pub use options::{LinkOptions, TypeChoice};
pub use query::{Resolved, names, read_link, remove_link, resolve};
#[cfg(all(feature = "ntfs", unix))]
pub use volume::Volume;

/// Gives the file at `original` another name. A symbolic link gets the name
/// itself, as on Windows.
///
/// # Errors
/// `AlreadyExists` (183), `NotFound` (2), `PathNotFound` (3), `AccessDenied` for
/// a directory (5), `CrossDevice` (17), `TooManyLinks` (1142), `Unsupported`.
pub fn hard_link(original: impl Into<Location>, link: impl Into<Location>) -> Result<()> {
    LinkOptions::new().hard_link(original, link).map(drop)
}

/// Makes a symbolic link that holds `target`, verbatim. Its type is that of what
/// is there, seen from the directory of the link.
///
/// # Errors
/// As [`hard_link`]; `NotFound` or `PathNotFound` when the type cannot be told
/// because nothing is there; `PrivilegeNotHeld` (1314).
pub fn symbolic_link(target: impl AsRef<std::ffi::OsStr>, link: impl Into<Location>) -> Result<()> {
    LinkOptions::new().symbolic_link(target, link).map(drop)
}

/// Makes a junction to a directory; the link holds its whole path, drive
/// included. A relative path of the host begins at the directory of the link, as
/// the text of a symbolic link does.
///
/// # Errors
/// As [`hard_link`]; `NotADirectory` (267) when `target` is none,
/// `InvalidTarget` when its volume has no drive letter.
pub fn junction(target: impl Into<Location>, link: impl Into<Location>) -> Result<()> {
    LinkOptions::new().junction(target, link).map(drop)
}
