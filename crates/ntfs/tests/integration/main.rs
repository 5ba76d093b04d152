//! The engine against volumes and other systems' tools.

mod support;

mod basics;
mod corpus;
mod hostile;
mod metadata;
mod full;
mod model;
mod names;
mod streams;
