//! Whose the library is. A process that was forked has copies of volumes, caches and
//! locks which belong to its parent: it must not write through them, nor wait for a
//! lock whose owner did not come along. So it is asked before anything else.

use std::sync::atomic::{AtomicU32, Ordering};

static OWNER: AtomicU32 = AtomicU32::new(0);

/// Whether this process may use the library: the first one that asks may.
pub(crate) fn is_owner() -> bool {
    let own = std::process::id();
    match OWNER.compare_exchange(0, own, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => true,
        Err(owner) => owner == own,
    }
}
