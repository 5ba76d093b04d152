//! The entries of new names, directory by directory.

use linkwright_ntfs_format::{FormatError, index};

use super::NewLink;
use super::order::Sorted;
use super::plan::Plan;
use crate::engine::Engine;
use crate::error::Result;
use crate::index::attributes::AttributeIndex;
use crate::index::bulk::{Arrivals, Merge, NameRules, batch_bytes};

/// The names of one directory, in order.
struct Names<'a> {
    plan: &'a Plan,
    links: &'a [NewLink<'a>],
    sorted: &'a [Sorted],
    /// The first one, in the caller's order, that the directory has already.
    taken: Option<usize>,
}

impl Names<'_> {
    fn link(&self, at: usize) -> usize {
        let link = self.sorted.get(at).map(|sorted| sorted.link);
        link.and_then(|link| usize::try_from(link).ok())
            .unwrap_or(usize::MAX)
    }
}

impl Arrivals for Names<'_> {
    fn len(&self) -> usize {
        self.sorted.len()
    }

    fn encode(&self, at: usize, out: &mut Vec<u8>) -> core::result::Result<(), FormatError> {
        let sorted = self.sorted.get(at);
        let link = sorted.and_then(|sorted| self.links.get(usize::try_from(sorted.link).ok()?));
        let (Some(sorted), Some(link)) = (sorted, link) else {
            return Ok(());
        };
        let (file, header) = self.plan.header(sorted.ends(), link.name)?;
        index::push_directory_entry(out, file, &header, link.name)
    }

    fn taken(&mut self, at: usize) {
        let link = self.link(at);
        self.taken = Some(self.taken.map_or(link, |taken| taken.min(link)));
    }
}

impl Engine {
    /// Adds the entries of all links; the first link, in the caller's order, whose
    /// name its directory has already.
    pub(super) fn add_entries(
        &mut self,
        plan: &Plan,
        links: &[NewLink<'_>],
        sorted: &[Sorted],
    ) -> Result<Option<usize>> {
        let upcase = self.upcase.clone();
        let most = batch_bytes(self.cache.limit());
        let mut first: Option<usize> = None;
        for sorted in sorted.chunk_by(|a, b| a.directory == b.directory) {
            let number = sorted.first().map(|sorted| sorted.directory);
            let number = number.and_then(|number| usize::try_from(number).ok());
            let Some(directory) = number.and_then(|number| plan.directories.get(number)) else {
                continue;
            };
            self.waiting.forget(directory.base);
            let rules = NameRules {
                upcase: &upcase,
                case: directory.case,
            };
            let mut names = Names {
                plan,
                links,
                sorted,
                taken: None,
            };
            let mut at = 0;
            while at < sorted.len() {
                let mut index = AttributeIndex::open(&mut *self, directory.base, &index::I30)?;
                // From the root each time: nobody found this index in order.
                at = Merge::new(rules).batch(&mut index, &mut names, at, most)?;
                index.close();
                self.relieve_memory()?;
            }
            first = [first, names.taken].into_iter().flatten().min();
        }
        Ok(first)
    }
}
