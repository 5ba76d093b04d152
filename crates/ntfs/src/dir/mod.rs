//! Directories: looking up, listing, adding and taking entries.

mod entries;
mod list;

pub use list::{DirEntry, DirIter};
