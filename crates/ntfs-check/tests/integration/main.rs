//! What the checker says of volumes: nothing of clean ones, and each fault by
//! its name.

mod clean;
mod documents;
mod editor;
mod faults;
mod hostile;
mod mutations;
mod others;
mod raw;
mod scale;
mod tools;
