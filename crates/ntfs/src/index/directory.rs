//! Directories: entries found by name.

use core::cell::Cell;
use core::cmp::Ordering;
use std::borrow::Cow;

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::FormatError;
use linkwright_ntfs_format::file_name::{self, Duplicated, FileNameView};
use linkwright_ntfs_format::index::EntryView;

use super::collation::{Collation, NameOrder, Probe, compare_folded, compare_names};
use super::fault::NodeAt;
use super::insert::{Change, Insertion, edit_key, insert_unless};
use super::node::undecodable;
use super::remove::remove_with;
use super::search::{Found, find, load, next_above};
use super::store::IndexStore;

/// Whether names that differ by case only are one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameCase {
    /// They are different names: a case-sensitive directory, or POSIX rules.
    Sensitive,
    /// They are the same name; where several stand side by side all the same,
    /// the exact one is preferred, then the first.
    Insensitive,
}

/// A search for an exact name.
pub(super) struct NameProbe<'a> {
    upcase: &'a UpcaseTable,
    /// The bytes of the name's units.
    name: Cow<'a, [u8]>,
    /// Whether a name that differs by case only was met. A search compares the
    /// names on both sides of the gap where it ends, so it meets one if there
    /// is one and the exact name is not there.
    met_other_case: Cell<bool>,
}

impl<'a> NameProbe<'a> {
    pub(super) fn new(upcase: &'a UpcaseTable, name: &[u16]) -> Self {
        let name = name.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        Self::of_bytes(upcase, Cow::Owned(name))
    }

    pub(super) fn of_bytes(upcase: &'a UpcaseTable, name: Cow<'a, [u8]>) -> Self {
        Self {
            upcase,
            name,
            met_other_case: Cell::new(false),
        }
    }

    #[cfg(test)]
    pub(super) fn met_other_case(&self) -> bool {
        self.met_other_case.get()
    }

    fn order(&self, key: &[u8]) -> Result<NameOrder, FormatError> {
        let key = file_name::name_bytes(key)?;
        Ok(compare_names(self.upcase, &self.name, key))
    }
}

impl Probe for NameProbe<'_> {
    fn compare(&self, key: &[u8]) -> Result<Ordering, FormatError> {
        let order = self.order(key)?;
        if order.folded.is_eq() && order.raw.is_ne() {
            self.met_other_case.set(true);
        }
        Ok(order.folded.then(order.raw))
    }

    /// The steps are units.
    fn compare_from(&self, key: &[u8], same: usize) -> Result<(Ordering, usize), FormatError> {
        let name = file_name::name_bytes(key)?;
        let (folded, same) = compare_folded(self.upcase, &self.name, name, same);
        match folded {
            // Where case is all that differs, the units in front count too.
            Ordering::Equal => self.compare(key).map(|order| (order, same)),
            folded => Ok((folded, same)),
        }
    }

    fn name(&self) -> Option<(&UpcaseTable, &[u8])> {
        Some((self.upcase, &self.name))
    }
}

/// A search for the gap in front of all names equal but for case.
struct FirstOfCases<'a>(NameProbe<'a>);

impl Probe for FirstOfCases<'_> {
    fn compare(&self, key: &[u8]) -> Result<Ordering, FormatError> {
        Ok(self.0.order(key)?.folded.then(Ordering::Less))
    }
}

/// Looks a name up.
///
/// # Errors
/// As [`find`].
pub(crate) fn lookup<S: IndexStore>(
    store: &S,
    upcase: &UpcaseTable,
    name: &[u16],
    case: NameCase,
) -> Result<Option<Found>, S::Error> {
    let probe = NameProbe::new(upcase, name);
    if let Some(found) = expected(store, &probe) {
        return Ok(Some(found));
    }
    let exact = find(store, &probe)?;
    if exact.is_some() || case == NameCase::Sensitive || !probe.met_other_case.get() {
        return Ok(exact);
    }
    next_above(store, &FirstOfCases(probe))
}

/// The entry of exactly this name, when it is where the last change lets expect
/// it.
fn expected<S: IndexStore>(store: &S, probe: &NameProbe<'_>) -> Option<Found> {
    let step = store.hint()?;
    let node = load(store, step.at).ok()?;
    let here = step.slot < node.len() && probe.compare(node.key(step.slot)).ok()?.is_eq();
    here.then(|| Found::new(node, step.slot))
}

/// Adds an encoded directory entry
/// ([`encode_directory_entry`](linkwright_ntfs_format::index::encode_directory_entry)).
///
/// # Errors
/// As [`insert`](super::insert::insert).
pub(crate) fn add<S: IndexStore>(
    store: &mut S,
    upcase: &UpcaseTable,
    entry: &[u8],
    case: NameCase,
) -> Result<Insertion, S::Error> {
    let name = EntryView::at(entry, 0)
        .and_then(|view| FileNameView::new(view.key()).and(file_name::name_bytes(view.key())))
        .map_err(|e| store.fault(undecodable(NodeAt::Root, e)))?;
    let probe = NameProbe::of_bytes(upcase, Cow::Borrowed(name));
    insert_unless(store, &probe, entry, || {
        case == NameCase::Insensitive && probe.met_other_case.get()
    })
}

/// Takes out the entry of exactly this name; `None` when there is none.
///
/// # Errors
/// As [`remove_with`].
pub(crate) fn take<S: IndexStore>(
    store: &mut S,
    upcase: &UpcaseTable,
    name: &[u16],
) -> Result<Option<()>, S::Error> {
    let probe = NameProbe::new(upcase, name);
    remove_with(store, Collation::FileName(upcase), &probe, |_| Ok(()))
}

/// Writes duplicated information over that of the entry of exactly this name.
///
/// # Errors
/// As [`edit_key`].
pub(crate) fn refresh<S: IndexStore>(
    store: &mut S,
    upcase: &UpcaseTable,
    name: &[u16],
    duplicated: &Duplicated,
) -> Result<Change, S::Error> {
    let probe = NameProbe::new(upcase, name);
    edit_key(store, &probe, |key| {
        // A key that was found by its name has the fixed part.
        file_name::set_duplicated(key, duplicated)
    })
}
