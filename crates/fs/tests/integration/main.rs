//! What the back ends do, side by side.

mod backends;
mod operations;
#[cfg(unix)]
mod race;
mod table;
