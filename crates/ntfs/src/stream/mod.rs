//! Streams: the bytes of a file.
//!
//! User data is not journaled, as on Windows; it is made safe by never writing
//! over what a file shows: changed clusters are written to free ones and the
//! runs are pointed there in the same transaction as everything else. Clusters
//! that are allocated but lie behind the initialized size show nothing yet and
//! are written in place.

mod compressed;
mod map;
mod named;
mod overlay;
mod read;
mod resize;
mod sparse;
mod write;

pub use named::StreamInfo;

pub(crate) use map::{StreamBody, StreamMap};
