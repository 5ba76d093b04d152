//! Names: making, removing, moving them; making and deleting the files behind
//! them; symbolic links and junctions.

mod aside;
mod bulk;
mod create;
mod hard_link;
mod names;
mod remove;
mod rename;
mod short_names;
mod symbolic;

pub use bulk::{LinksError, NewLink};
pub use create::{CreateOptions, FileKind};
pub use names::{EntryState, Name};
pub use rename::Replace;
pub use symbolic::LinkType;
