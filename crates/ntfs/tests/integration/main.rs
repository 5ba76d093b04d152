//! The engine against volumes and other systems' tools.

mod support;

mod ahead;
mod basics;
mod big;
mod bulk;
mod corpus;
mod crash;
mod filling;
mod full;
mod hostile;
mod links;
mod many_links;
mod metadata;
mod model;
mod names;
mod refusals;
mod scan;
mod scratch;
mod streams;
mod usn;
mod waiting;
