//! Links as a picture.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

const GRAPH_EXAMPLES: &str = "Examples:
  A page to look at in a browser, with search and list:
    linkwright graph -o links.html disk.img:/
  A drawing of the links below a directory of this machine:
    linkwright graph -o links.svg ~/projects
  Absolute links of a volume lead to its drive; laid out by Graphviz:
    linkwright graph --drive C=disk.img --format dot C:/";

#[derive(Debug, Args)]
#[command(after_long_help = GRAPH_EXAMPLES)]
pub(crate) struct GraphArgs {
    /// What to write; without it the end of FILE's name says it, else dot
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<GraphFormat>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite FILE when it is there
    #[arg(long, requires = "output")]
    pub(crate) replace: bool,
    /// A directory
    pub(crate) place: OsString,
}

/// What `graph` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Graphviz
    Dot,
    /// A flowchart for Markdown pages
    Mermaid,
    /// A drawing
    Svg,
    /// One page with the drawing, a search and a list
    Html,
}

impl GraphArgs {
    /// The format that was asked for, by name or by the end of the file's.
    pub(crate) fn format(&self) -> GraphFormat {
        let end = self.output.as_ref().and_then(|path| path.extension());
        let by_name = end.and_then(|end| match end.to_str()?.to_ascii_lowercase().as_str() {
            "dot" | "gv" => Some(GraphFormat::Dot),
            "mmd" | "mermaid" => Some(GraphFormat::Mermaid),
            "svg" => Some(GraphFormat::Svg),
            "html" | "htm" => Some(GraphFormat::Html),
            _ => None,
        });
        self.format.or(by_name).unwrap_or(GraphFormat::Dot)
    }
}
