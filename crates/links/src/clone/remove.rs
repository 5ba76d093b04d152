//! Removing a tree. No link is followed, no directory entered through one.

use linkwright_fs::{Attributes, ErrorKind, FileSystem, Name, Node, Result};

/// Deepest directories that are entered.
const MAX_DEPTH: usize = 16_384;

/// Removes a name and what is below it; gives how many names went.
///
/// What is read-only goes too, as the whole tree is to go; other names of a file
/// keep the attribute.
///
/// # Errors
/// What the first removal failed with; what went before is gone.
pub fn remove_tree(
    fs: &dyn FileSystem,
    dir: &Node,
    name: &Name,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<u64> {
    let mut removed = 0;
    // Directories that are to go when they are empty, the deepest last.
    let mut levels = vec![(dir.clone(), vec![name.clone()])];
    while let Some((dir, names)) = levels.last_mut() {
        if is_interrupted() {
            return Err(ErrorKind::Interrupted.into());
        }
        let Some(name) = names.last().cloned() else {
            levels.pop();
            // The directory that was emptied is the next of its own.
            if let Some((dir, names)) = levels.last_mut()
                && let Some(name) = names.pop()
            {
                remove(fs, dir, &name)?;
                removed += 1;
            }
            continue;
        };
        let node = fs.child(dir, &name)?;
        if !fs.stat(&node)?.is_plain_directory() {
            remove(fs, dir, &name)?;
            names.pop();
            removed += 1;
            continue;
        }
        let opened = fs.opened(&node)?;
        let mut below = Vec::new();
        for entry in fs.list(&opened)? {
            below.push(entry?.name);
        }
        if levels.len() > MAX_DEPTH {
            return Err(ErrorKind::NameTooLong.into());
        }
        levels.push((opened, below));
    }
    Ok(removed)
}

/// Removes one name, read-only or not.
fn remove(fs: &dyn FileSystem, dir: &Node, name: &Name) -> Result<()> {
    match fs.remove(dir, name) {
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            let node = fs.child(dir, name)?;
            let stat = fs.stat(&node)?;
            if !stat.attributes.contains(Attributes::READ_ONLY) {
                return Err(error);
            }
            fs.set_attributes(&node, stat.attributes - Attributes::READ_ONLY)?;
            let done = fs.remove(dir, name);
            if done.is_err() || stat.names > 1 {
                fs.set_attributes(&node, stat.attributes)?;
            }
            done
        }
        done => done,
    }
}
