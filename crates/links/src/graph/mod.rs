//! The links below a place as a picture: [`Graph::of`] finds them and where they
//! lead, [`dot()`], [`mermaid()`], [`svg()`] and [`html()`] draw them.
//!
//! Directories are boxes with the names in them that matter: links, names of
//! files that have several, and what links lead to. What is in none of these
//! boxes is an [`End`]: a target that is missing, is somewhere else, or the file
//! that several names share.

mod dot;
mod html;
mod layout;
mod leads;
mod mermaid;
mod model;
mod svg;
mod view;

pub use dot::dot;
pub use html::html;
pub use mermaid::mermaid;
pub use model::{Directory, Edge, End, EndKind, Entry, Graph, NodeId, State};
pub use svg::svg;

#[cfg(test)]
mod tests;
