//! How much there is to copy, for a progress display.

use std::collections::HashSet;

use linkwright_fs::{Entry, NodeKind, Result, Stat};

use super::Source;
use super::tree::FileKey;

/// Bytes of data under a source, each file once. What cannot be looked at
/// counts nothing: the copy itself will say so.
///
/// # Errors
/// The source itself cannot be listed.
pub fn measure(source: &Source, is_interrupted: &dyn Fn() -> bool) -> Result<u64> {
    let mut seen = HashSet::new();
    let mut size_of = |stat: &Stat| {
        let counts = stat.kind == NodeKind::File && !stat.is_link();
        let again = stat.names > 1 && !seen.insert(FileKey::of(&source.fs, stat));
        if counts && !again { stat.size } else { 0 }
    };
    let mut total = size_of(&source.stat);
    let mut levels: Vec<Box<dyn Iterator<Item = Result<Entry>> + Send + '_>> = Vec::new();
    if source.stat.is_plain_directory() {
        levels.push(source.fs.list(&source.node)?);
    }
    while let Some(level) = levels.last_mut() {
        if is_interrupted() {
            break;
        }
        let Some(entry) = level.next() else {
            levels.pop();
            continue;
        };
        let Ok(entry) = entry else { continue };
        let Ok(stat) = source.fs.stat(&entry.node) else {
            continue;
        };
        total = total.saturating_add(size_of(&stat));
        if stat.is_plain_directory()
            && levels.len() < super::tree::MAX_DEPTH
            && let Ok(below) = source.fs.list(&entry.node)
        {
            levels.push(below);
        }
    }
    Ok(total)
}
