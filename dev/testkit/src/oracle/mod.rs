//! Judges of our volumes that share no code with us. Each module has
//! `available()`; ask it first (`skip_unless!`).

pub mod mkntfs;
pub mod ntfs3g;
pub mod ntfsfix;
