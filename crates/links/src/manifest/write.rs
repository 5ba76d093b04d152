//! Writing a manifest, link by link.

use std::io::{self, Write};

use linkwright_fs::Name;

use super::line::{EndLine, HeaderLine, Line, LinkLine};
use super::{Header, Link, NameForm};

/// Writes the lines; nothing is kept.
pub struct Writer<W> {
    out: W,
    form: NameForm,
    links: u64,
}

impl<W: Write> Writer<W> {
    /// Writes the first line.
    ///
    /// # Errors
    /// What writing failed with.
    pub fn new(out: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self {
            out,
            form: header.names,
            links: 0,
        };
        writer.line(&Line::Manifest(HeaderLine::of(header)))?;
        Ok(writer)
    }

    /// Writes a link; `path` is the one below the place.
    ///
    /// # Errors
    /// What writing failed with.
    pub fn link(&mut self, path: &[Name], link: &Link) -> io::Result<()> {
        self.links += 1;
        let line = LinkLine::of(path, link, self.form);
        self.line(&Line::Link(Box::new(line)))
    }

    /// Links that were written.
    pub fn links(&self) -> u64 {
        self.links
    }

    /// Writes the last line, without which the rest is not read.
    ///
    /// # Errors
    /// What writing failed with.
    pub fn finish(mut self, unreadable: u64) -> io::Result<W> {
        let links = self.links;
        self.line(&Line::End(EndLine { links, unreadable }))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}
