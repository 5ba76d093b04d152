//! Oracles and test material for the tests of this workspace.
#![forbid(unsafe_code)]
