//! Directories: looking up, listing, adding and taking entries; entries that
//! wait for their places.

mod entries;
mod list;
mod waiting;

pub use list::{DirEntry, DirIter};
pub(crate) use waiting::Waiting;
