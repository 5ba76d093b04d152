//! Free space: clusters in `$Bitmap` and file records in `$MFT:$BITMAP`.

pub(crate) mod bits;
mod clusters;
mod pending;
mod records;
mod reserved;

pub(crate) use clusters::Extent;
pub(crate) use pending::PendingFrees;
pub(crate) use records::{RecordCursor, RecordUse};
pub(crate) use reserved::Reserved;
