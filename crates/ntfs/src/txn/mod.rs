//! The only part of the engine that writes to or flushes the device.
//!
//! Order of a session (this is the whole of it, in prose and in [`Store`];
//! docs/design/journal.md says why):
//! 1. File data and blocks in fresh places go to clusters that are free on the
//!    device and in every image of the journal, at any time before their commit
//!    ([`Store::write_fresh`]).
//! 2. Before the first commit [`Store::begin`]: what another system left in
//!    the log is removed, the journal's header; flush; restart pages "in use";
//!    the dirty flag ([`Store::put_flag`]). These are durable with the first
//!    commit, which does not count without the restart pages.
//! 3. A commit ([`Store::commit`]) flushes when fresh data was written since
//!    the last flush, so that no metadata shows data that is not there, and
//!    then writes one record: blocks as a whole the first time since a
//!    checkpoint, ranges of bytes later; checksums of what is on the device, a
//!    sequence number, and a checksum that makes it count as a whole or not at
//!    all. Of a large group the images lie behind the record and in free clusters
//!    ([`Store::images`]), and of one that memory cannot take in free clusters
//!    ([`Store::commit_far`]), durable before the record that names them; it
//!    stands alone in the log. [`Store::flush`] makes a record durable.
//! 4. A checkpoint ([`Store::checkpoint`]): flush; all images in place; flush;
//!    the header tells that the records are done with; flush. Clusters freed
//!    by any of them are used again only now.
//! 5. The end: [`Store::settle_last`] writes the images to their places, and a
//!    header with which the records count all or not at all; flush; the dirty flag
//!    goes, records and restart pages are filled with 0xFF ([`Store::end`]);
//!    flush; the header; flush.
//!
//! A large group may be on its way on a thread of its own; [`Store::stand_in`] takes
//! the place of the store meanwhile, and writes to free clusters only.
//!
//! Beside all that, [`ScratchDevice`] writes to free clusters whose content
//! means nothing to anybody after a crash.
//!
//! A write or flush that fails latches the store: what the device holds is not
//! known from then on, so every later write is refused until the volume is
//! opened again.

mod checksum;
mod commit;
mod far;
mod images;
mod journal;
mod layout;
mod marks;
mod ranges;
mod record;
mod region;
mod restart;
mod scratch;
mod sectors;
mod store;
mod write_set;

pub(crate) use far::{FarBlock, MAX_FAR, push_block, table_len};
pub(crate) use journal::Found;
pub(crate) use layout::is_readable;
pub(crate) use marks::{FlagPlace, SessionStart};
pub(crate) use region::LogRegion;
pub(crate) use scratch::ScratchDevice;
pub(crate) use store::{Mirror, Places, Store};
pub(crate) use write_set::WriteSet;
