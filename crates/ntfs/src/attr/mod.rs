//! Attributes of a file, wherever its records are.
//!
//! A file has a base record and, when that is full, extension records that its
//! `$ATTRIBUTE_LIST` names. The functions here hide that: callers find, insert,
//! resize and remove attributes by type and name.
//!
//! Invariants
//! - With a list, it has exactly one entry for each attribute extent of the
//!   file except itself, in the order of types, names and VCNs.
//! - `$STANDARD_INFORMATION` and `$ATTRIBUTE_LIST` stay in the base record; of
//!   `$MFT`, so does the first extent of `$DATA`.
//! - Every extension record holds at least one attribute.

mod each_name;
mod fill;
mod find;
mod insert;
mod list;
mod mft;
mod names;
mod order;
mod pages;
mod remove;
mod runs;
mod value;

pub(crate) use fill::{NewRecords, Way};
pub(crate) use find::{AttrKey, AttrRef};
pub(crate) use insert::NewAttribute;
pub(crate) use mft::TakenRecord;
pub(crate) use names::{Along, ListForm};
