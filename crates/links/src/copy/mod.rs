//! Copying trees between file systems, links kept as links.
//!
//! What holds for every copy:
//!
//! * Hard links inside of what is copied stay hard links; where a file has as
//!   many names as the destination allows, a new copy starts, and is reported.
//! * Symbolic links stay symbolic links; [`Options`] says what becomes of
//!   targets that the other side writes differently.
//! * A file is there whole or not at all, and modification times are kept.
//! * Nothing at the destination is ever written through a link.
//! * What cannot be copied is reported and left out; what the other side cannot
//!   hold of a thing is reported as lost.

mod content;
mod item;
mod measure;
mod names;
mod tree;

use std::sync::Arc;

use linkwright_fs::{Error, FileSystem, Name, Node, Stat};

pub(crate) use content::translate;
pub(crate) use item::{KEPT, existing, replace_existing};
pub use measure::measure;
pub use tree::Copier;

/// What to do with symbolic links that lead nowhere and so have no type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dangling {
    /// They are reported and left out.
    #[default]
    Refuse,
    /// They become links to a file.
    File,
    /// They become links to a directory.
    Directory,
    /// They are left out.
    Skip,
}

/// What to do with POSIX links that Windows cannot express: absolute ones that
/// no map matches, and texts with a `\` or `:` in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PosixLinks {
    /// They are reported and left out.
    #[default]
    Refuse,
    /// They become links of the Windows subsystem for Linux, text unchanged.
    Lx,
}

/// What to do with names that the destination cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IllegalNames {
    /// They are reported and left out, with all below them.
    #[default]
    Refuse,
    /// Each character at fault becomes `%` and its number in hexadecimal.
    Rename,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The copy is made.
    #[default]
    Write,
    /// Only reports what would be done.
    DryRun,
}

/// Turns the beginning of absolute link targets into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetMap {
    /// The beginning, as the source writes it: `/data`, `C:\data`, `\`.
    pub old: Name,
    /// What takes its place, as the destination writes it.
    pub new: Name,
}

/// How to copy.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Links that lead nowhere.
    pub dangling: Dangling,
    /// Absolute link targets; the first that matches counts.
    pub maps: Vec<TargetMap>,
    /// POSIX links that are no Windows links.
    pub posix_links: PosixLinks,
    /// Names that the destination cannot hold.
    pub illegal_names: IllegalNames,
    /// Whether anything is written.
    pub mode: Mode,
}

/// What is copied.
#[derive(Clone)]
pub struct Source {
    /// Its file system.
    pub fs: Arc<dyn FileSystem>,
    /// The object.
    pub node: Node,
    /// Facts about it.
    pub stat: Stat,
}

/// Where it goes.
#[derive(Clone)]
pub struct Destination {
    /// The file system.
    pub fs: Arc<dyn FileSystem>,
    /// The directory it goes into.
    pub dir: Node,
    /// The name it gets there.
    pub name: Name,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// A file with its data (in bytes).
    File(u64),
    /// A directory, or one that was there already.
    Directory,
    /// Another name of a file that was copied before.
    HardLink,
    /// A link object.
    Link,
}

/// Why something was left out.
#[derive(Debug)]
pub enum Problem {
    /// The destination cannot hold the name.
    IllegalName(linkwright_names::validity::NameErrorKind),
    /// Another name of the same directory differs in case only.
    CaseCollision,
    /// A pipe, socket or device.
    SpecialFile,
    /// A link that leads nowhere, and no type was given for it.
    Dangling,
    /// An absolute link target that no map matches.
    AbsoluteTarget(Name),
    /// A link target that the destination cannot express.
    ForeignTarget(Name),
    /// A reparse point that the destination cannot hold.
    ForeignReparsePoint(u32),
    /// A link stands where a directory is to be; it is not written through.
    LinkInTheWay,
    /// A directory stands where something else is to be.
    DirectoryInTheWay,
    /// Source and destination are the same.
    SameFile,
    /// A directory would be copied into itself.
    IntoItself,
    /// A directory was given, and directories were not asked for.
    IsDirectory,
    /// It failed.
    Failed(Error),
}

/// What of a thing the destination cannot hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// A named stream, of that many bytes.
    Stream(Name, u64),
    /// That many extended attributes.
    ExtendedAttributes(usize),
    /// Win32 attributes.
    Attributes(linkwright_fs::Attributes),
    /// The executable, set-user or set-group bits.
    Mode(u32),
    /// The tag of a reparse point that is no link; the data was copied.
    ReparsePoint(u32),
    /// A junction that became a symbolic link.
    JunctionType,
}

/// One thing that happened. Paths are relative to the source and to the
/// directory of the destination; `to` is the name it got.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something was copied.
    Made {
        /// Where it came from.
        from: &'a [Name],
        /// Where it is now.
        to: &'a [Name],
        /// What it is.
        made: Made,
    },
    /// A name was changed so that the destination can hold it.
    Renamed {
        /// Where it came from.
        from: &'a [Name],
        /// Where it is now.
        to: &'a [Name],
    },
    /// A file had as many names as it can have: this one is a new copy.
    NewCopy {
        /// Where it came from.
        from: &'a [Name],
        /// Where it is now.
        to: &'a [Name],
    },
    /// Something was left out.
    Problem {
        /// What it was.
        from: &'a [Name],
        /// Why.
        problem: Problem,
    },
    /// A link that leads nowhere was left out, as asked for.
    Skipped {
        /// Which.
        from: &'a [Name],
    },
    /// A part of something was lost.
    Lost {
        /// Of what.
        from: &'a [Name],
        /// Which part.
        loss: Loss,
    },
}

/// Hears what happens, and says when to stop.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: Event<'_>);

    /// That many more bytes were read.
    fn progress(&mut self, bytes: u64);

    /// Whether to stop now.
    fn is_interrupted(&self) -> bool;
}

/// Copies one file, link or tree.
///
/// Problems with single things go to the observer and end nothing; what stays
/// is whole.
///
/// # Errors
/// `Interrupted`, and errors after which nothing more can be copied: a full or
/// read-only destination, damaged or failing storage at the destination.
pub fn copy(
    source: &Source,
    destination: &Destination,
    options: &Options,
    observer: &mut dyn Observer,
) -> linkwright_fs::Result<()> {
    Copier::new(options).copy(source, destination, observer)
}

#[cfg(test)]
mod tests;
