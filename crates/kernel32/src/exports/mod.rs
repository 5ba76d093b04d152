//! The exported functions, by what they are about.

mod attributes;
mod copies;
mod data;
mod errors;
mod files;
mod handles;
mod ktm;
mod links;
mod linkwright;
mod notifications;
mod nt;
mod paths;
mod searches;
mod security;
mod transacted;
mod volumes;

pub use attributes::*;
pub use copies::*;
pub use data::*;
pub use errors::*;
pub use files::*;
pub use handles::*;
pub use ktm::*;
pub use links::*;
pub use linkwright::*;
pub use notifications::*;
pub use nt::*;
pub use paths::*;
pub use searches::*;
pub use security::*;
pub use transacted::*;
pub use volumes::*;
