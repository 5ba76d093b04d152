//! Progress with rate and time left, on standard error when it is a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line that tells how far a copy or a check is.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Of a copy. Shown when standard error is a terminal and people read the
    /// output.
    pub(crate) fn new(is_json: bool) -> Self {
        Self::with_template(
            is_json,
            "{bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        )
    }

    /// Of work that is counted in file records, shown as that of a copy.
    pub(crate) fn of_records(is_json: bool) -> Self {
        Self::with_template(
            is_json,
            "{msg}: {human_pos} of {human_len} records, {per_sec}, {eta} left",
        )
    }

    /// Of work that is counted in files and links.
    pub(crate) fn of_objects(is_json: bool) -> Self {
        Self::with_template(
            is_json,
            "{msg}: {human_pos} of {human_len}, {per_sec}, {eta} left",
        )
    }

    /// Of work that is counted in links; how many there are is known for some of
    /// its parts only.
    pub(crate) fn of_links(is_json: bool, total: Option<u64>) -> Self {
        let progress = Self::with_template(
            is_json,
            match total {
                Some(_) => "{msg}: {human_pos} of {human_len}, {per_sec}, {eta} left",
                None => "{msg}: {human_pos}, {per_sec}, {elapsed}",
            },
        );
        progress.expect(total.unwrap_or(0));
        progress
    }

    /// Of a search, whose end is not known before.
    pub(crate) fn of_search(is_json: bool) -> Self {
        Self::with_template(is_json, "{human_pos} objects, {per_sec}")
    }

    /// Of things that are counted one by one, shown as that of a copy.
    pub(crate) fn counted(is_json: bool, what: &'static str) -> Self {
        let progress = Self::with_template(
            is_json,
            "{human_pos} of {human_len} {msg}, {per_sec}, {eta} left",
        );
        progress.0.set_message(what);
        progress
    }

    fn with_template(is_json: bool, template: &str) -> Self {
        let visible = !is_json && std::io::stderr().is_terminal();
        let target = match visible {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Whether anybody sees it, so that it is worth to measure the work.
    pub(crate) fn is_visible(&self) -> bool {
        !self.0.is_hidden()
    }

    /// That many bytes, or things, more are to be done.
    pub(crate) fn expect(&self, bytes: u64) {
        self.0.inc_length(bytes);
    }

    /// That many more are done.
    pub(crate) fn add(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// A new part of the work begins: rate and time left are its own.
    pub(crate) fn begin(&self, what: &'static str) {
        self.0.set_message(what);
        self.0.reset();
    }

    /// So much of the part is done.
    pub(crate) fn reach(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// So much is done of what was expected.
    pub(crate) fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Makes way for a line of text.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
