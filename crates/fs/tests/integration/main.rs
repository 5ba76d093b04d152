//! What the back ends do, side by side.

mod backends;
mod operations;
mod table;
