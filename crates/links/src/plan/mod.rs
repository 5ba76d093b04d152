//! Plans: what is to be done to links, written down before it is done, so that
//! it can be read, kept, done, and taken back.
//!
//! A plan is JSON lines: a [`Header`], one [`Step`] a link, an [`End`]. Each step
//! says what the link was and what it shall be, in full: an undo file is the same
//! with the two exchanged. [`apply`](apply::apply) checks that the world still is
//! as the plan says, and refuses what is not.
//!
//! Plans come from files: [`read::Lines`] takes nothing in them on trust.

pub mod apply;
mod format;
pub mod make;
mod perform;
pub mod read;
mod state;
mod world;

pub use format::{End, Header, Line, PathText, Step, VERSION, VolumeId};
pub use perform::TEMPORARY_SUFFIX;
pub(crate) use state::type_word;
pub use state::{FileState, LinkState, State, TimesText};
pub(crate) use state::{from_hex, to_hex};
pub use world::{Here, Mismatch, Places};
