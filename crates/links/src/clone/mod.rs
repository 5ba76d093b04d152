//! Trees made from trees: clones of links, mirrors, snapshots.
//!
//! What holds for all:
//!
//! * Links below the source keep their relation: one that leads to something
//!   below the source ([inner](Outer)) leads to its counterpart at the
//!   destination, whether its text is relative or absolute.
//! * Names of one file are names of one file at the destination; where it has as
//!   many as it can have, a new copy starts, and is reported.
//! * No link is entered, except with [`Outer::Unroll`]; nothing is written or
//!   removed through one.
//! * What cannot be made is reported and left out.

mod directory;
mod file;
mod link;
mod remove;
mod snapshot;
mod target;
mod work;

use std::sync::Arc;

use linkwright_fs::{FileSystem, Name, Node, Result, Stat};

use crate::copy::{Loss, Mode, Problem};
use crate::walk::Place;

pub use remove::remove_tree;
pub use snapshot::{SnapshotName, Snapshots, set_apart, snapshots};
pub use work::grow;

/// What files of the source become.
#[derive(Debug, Clone, Default)]
pub enum Files {
    /// Another name of the file.
    #[default]
    Hard,
    /// A symbolic link to the file.
    Symbolic,
    /// A copy; where an earlier tree has the same file unchanged, another name of
    /// that one.
    Copy {
        /// The earlier tree.
        last: Option<Node>,
    },
    /// A copy in a tree that is there, and that gets the same as the source:
    /// what is unchanged stays, what the source has not is removed.
    Mirror,
}

/// What becomes of links that lead out of the source. The words are those of Link
/// Shell Extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Outer {
    /// They stay as they are, whatever that means at another place.
    #[default]
    Keep,
    /// They are left out.
    Crop,
    /// What they lead to is taken in their place.
    Unroll,
    /// They lead to the same from their new place.
    Splice,
}

/// How to make a tree.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Files.
    pub files: Files,
    /// Links that lead out.
    pub outer: Outer,
    /// The drive letter of the source's volume, which absolute links and
    /// junctions name; without it they lead out.
    pub drive: Option<char>,
    /// Whether anything is written.
    pub mode: Mode,
}

/// Where a tree is made.
#[derive(Clone)]
pub struct Into {
    /// The volume.
    pub fs: Arc<dyn FileSystem>,
    /// The directory it is made in.
    pub dir: Node,
    /// The name it is made under.
    pub name: Name,
    /// The path it will have in the end, which links lead to.
    pub path: Vec<Name>,
}

/// How much was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Directories.
    pub directories: u64,
    /// Files with data of their own.
    pub files: u64,
    /// Further names of files.
    pub hard_links: u64,
    /// Link objects.
    pub links: u64,
    /// Of the links those that got another text.
    pub retargeted: u64,
    /// What was there, the same.
    pub same: u64,
    /// Copies that were begun because a file had no room for names.
    pub new_copies: u64,
    /// Links that were left out as asked for.
    pub cropped: u64,
    /// Links in whose place there is what they lead to.
    pub unrolled: u64,
    /// What was removed, each thing under a directory counted.
    pub removed: u64,
    /// What failed.
    pub problems: u64,
}

/// One thing worth telling. Paths are those below the source.
#[derive(Debug)]
pub enum Event<'a> {
    /// A new copy was begun.
    NewCopy(&'a [Name]),
    /// A link was left out.
    Cropped(&'a [Name]),
    /// What a link leads to was taken in its place.
    Unrolled(&'a [Name]),
    /// Something that the source has not was removed.
    Removed(&'a [Name]),
    /// Something was left out.
    Problem(&'a [Name], Problem),
    /// Of something a part was lost.
    Lost(&'a [Name], Loss),
}

/// Hears what happens. From several threads, one at a time.
pub trait Watch: Send {
    /// Something worth telling.
    fn event(&mut self, event: Event<'_>);

    /// So much is made.
    fn progress(&mut self, counts: &Counts);

    /// Whether to stop now.
    fn is_interrupted(&self) -> bool;
}

/// Finds what a link leads to in the end, and facts about it.
pub type Follow<'a> = dyn Fn(&Arc<dyn FileSystem>, &[Name]) -> Result<(Place, Stat)> + 'a;
