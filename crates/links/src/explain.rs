//! What becomes of a path: each link on the way by the rules of who follows it.

use std::sync::Arc;

use linkwright_fs::resolve::{LastLink, Manner, Resolver, Rules, Side, Walk};
use linkwright_fs::{Capabilities, FileSystem, Name, Result};

/// A path, followed by those who could follow it.
#[derive(Clone)]
pub struct Explanation {
    /// By whom the first walk is.
    pub manner: Manner,
    /// The walk of Windows, or on a POSIX host that of the host.
    pub walk: Walk,
    /// Where Windows stops at a link of its subsystem for Linux: the whole walk
    /// with such links followed.
    pub wsl: Option<Walk>,
}

struct By(Manner);

impl Rules for By {
    fn manner(&self) -> Manner {
        self.0
    }
}

/// Follows a path from the root of `fs`, the last link too. On a POSIX host `.`
/// and `..` may be among the names.
///
/// # Errors
/// What reading failed with. A path that leads nowhere is no error.
pub fn explain(
    resolver: &Resolver<'_>,
    fs: &Arc<dyn FileSystem>,
    path: &[Name],
) -> Result<Explanation> {
    let manner = match fs.capabilities().contains(Capabilities::FOLLOWS_LINKS) {
        true => Manner::Posix,
        false => Manner::Windows,
    };
    let walk = resolver.walk_by(fs, path, LastLink::Follow, &By(manner))?;
    let at_lx = walk.stop.is_some() && walk.hops.last().is_some_and(|hop| hop.side() == Side::Wsl);
    let wsl = match at_lx && manner == Manner::Windows {
        true => Some(resolver.walk(fs, path, LastLink::Follow)?),
        false => None,
    };
    Ok(Explanation { manner, walk, wsl })
}
