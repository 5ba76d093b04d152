//! The program as its users run it: arguments in; exit status, standard output
//! and standard error out.
#![forbid(unsafe_code)]

mod doctor;
mod generated;
mod graph;
mod host;
mod image;
mod links;
mod look;
mod main_job;
mod manifest;
mod mend;
mod program;
mod readme;
mod remove;
mod trees;
