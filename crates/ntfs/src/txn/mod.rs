//! The only part of the engine that writes to or flushes the device.
//!
//! Order of a commit (this is the whole of it, in prose and in [`Store`]):
//! 1. File data goes to clusters that are free on the device, at any time
//!    before the commit ([`Store::write_fresh`]).
//! 2. Before the first commit of a session the mark of an open volume is made
//!    durable ([`Store::commit`] of the mark, then [`Store::flush`]).
//! 3. A commit flushes when fresh data was written since the last flush, so
//!    that no metadata shows data that is not there, and then writes its
//!    blocks in place in ascending order, each with its copy in the mirror.
//! 4. A durable commit ends in a flush.
//!
//! The commit itself is an ordered write, not yet a journaled one: see
//! docs/limits.md.
//!
//! A write or flush that fails latches the store: what the device holds is not
//! known from then on, so every later write is refused until the volume is
//! opened again.

mod store;
mod write_set;

pub(crate) use store::{Mirror, Store};
pub(crate) use write_set::{Write, WriteSet};
