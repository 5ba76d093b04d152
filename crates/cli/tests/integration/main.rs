//! The program as its users run it: arguments in; exit status, standard output
//! and standard error out.
#![forbid(unsafe_code)]

mod doctor;
mod host;
mod image;
mod links;
mod main_job;
mod manifest;
mod program;
mod trees;
