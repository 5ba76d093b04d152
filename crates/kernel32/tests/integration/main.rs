//! The library from outside: by its header, its symbols, and through the runtimes
//! that load it.
#![cfg(unix)]

mod c_programs;
mod header;
mod installed;
mod managed;
mod processes;
mod python;
mod rows;
mod signatures;
mod support;
mod threads;
