//! The power fails at every write and flush.
//!
//! Each test runs steps on a simulated device and then makes, for every place
//! of the trace, images that a loss of power there can leave. Each image must
//! open and hold the state after some step: one that was acknowledged before
//! the cut, or the one that was under way. The checker must find nothing.

mod beside;
mod faults;
mod foreign;
mod judge;
mod large;
mod marks;
mod operations;
mod others;
mod reuse;
mod state;
mod steps;
mod structures;
mod sweep;
mod takeover;
mod usn;
mod waiting;
