//! Faults to be injected into a clean volume, one at a time, by raw edits.

mod indexes;
mod metafiles;
mod names;
mod records;
mod streams;
mod usn;

use linkwright_ntfs_check::ProblemCode;

use crate::editor::Editor;

/// A fault: what the checker must call it, and how it is made. `None` from the
/// edit says that the volume has nothing it could be done to.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) code: ProblemCode,
    pub(crate) inject: fn(&Editor<'_>) -> Option<()>,
}

pub(crate) const fn fault(
    name: &'static str,
    code: ProblemCode,
    inject: fn(&Editor<'_>) -> Option<()>,
) -> Fault {
    Fault { name, code, inject }
}

pub(crate) use usn::sound as sound_journal;

/// Every fault.
pub(crate) fn all() -> Vec<Fault> {
    let mut faults = metafiles::faults();
    faults.extend(records::faults());
    faults.extend(streams::faults());
    faults.extend(names::faults());
    faults.extend(indexes::faults());
    faults.extend(usn::faults());
    faults
}
