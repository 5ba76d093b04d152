//! Putting a link into its place, in place of what has the name when wanted.

use std::sync::atomic::{AtomicU64, Ordering};

use linkwright_fs::{
    Capabilities, Create, Error, ErrorKind, FileSystem, LinkContent, LinkType, Name, Node, Replace,
    Result,
};

use super::{Form, Slot};
use crate::copy;

/// Makes `form` at `slot`.
pub(super) fn put(slot: &Slot, form: &Form, replace: Replace) -> Result<()> {
    let Some((node, stat)) = slot.existing()? else {
        return place(slot, form, &slot.name);
    };
    if replace == Replace::No {
        return Err(ErrorKind::AlreadyExists.into());
    }
    if stat.is_plain_directory() {
        return Err(Error::with_source(
            ErrorKind::AccessDenied,
            "a directory is never replaced",
        ));
    }
    match (stat.link_type(), same_tag(slot, &node, form)?) {
        // A junction for a junction: its data is replaced, the object stays.
        (LinkType::Directory, Some(content)) => slot.fs.set_link(&node, content),
        (LinkType::Directory, None) => exchange(slot, form),
        (LinkType::File, _) => rename_over(slot, form),
    }
}

/// The content to set, when a link to a directory takes the place of one with
/// the same tag.
fn same_tag<'a>(slot: &Slot, node: &Node, form: &'a Form) -> Result<Option<&'a LinkContent>> {
    let Form::Link {
        link_type: LinkType::Directory,
        content: content @ LinkContent::Reparse(new),
    } = form
    else {
        return Ok(None);
    };
    Ok(match slot.fs.link(node)? {
        Some(LinkContent::Reparse(old)) if old.tag() == new.tag() => Some(content),
        _ => None,
    })
}

/// Makes it under another name, which then takes the place in one step.
fn rename_over(slot: &Slot, form: &Form) -> Result<()> {
    let fs = &*slot.fs;
    let aside = aside();
    place(slot, form, &aside)?;
    let moved = fs.rename(&slot.dir, &aside, &slot.dir, &slot.name, Replace::Yes);
    if moved.is_err() || fs.child(&slot.dir, &aside).is_ok() {
        // It failed; or both names are of one file, and POSIX leaves both.
        fs.remove(&slot.dir, &aside).ok();
    }
    moved
}

/// A link to a directory cannot be renamed over: the two change places. Where
/// the volume has transactions nobody sees a moment without the name.
fn exchange(slot: &Slot, form: &Form) -> Result<()> {
    let new = aside();
    place(slot, form, &new)?;
    let step = |fs: &dyn FileSystem| exchange_names(fs, slot, &new);
    let done = match slot.fs.capabilities().contains(Capabilities::TRANSACTIONS) {
        true => slot.fs.atomically(&mut { step }),
        false => step(&*slot.fs),
    };
    if done.is_err() {
        slot.fs.remove(&slot.dir, &new).ok();
    }
    done
}

fn exchange_names(fs: &dyn FileSystem, slot: &Slot, new: &Name) -> Result<()> {
    let old = aside();
    let rename = |from: &Name, to: &Name| fs.rename(&slot.dir, from, &slot.dir, to, Replace::No);
    rename(&slot.name, &old)?;
    if let Err(error) = rename(new, &slot.name) {
        rename(&old, &slot.name)?;
        return Err(error);
    }
    fs.remove(&slot.dir, &old)
}

fn place(slot: &Slot, form: &Form, name: &Name) -> Result<()> {
    match form {
        Form::Hard(node) => slot.fs.hard_link(node, &slot.dir, name),
        Form::Link { link_type, content } => slot
            .fs
            .create_link(&slot.dir, name, *link_type, content, &Create::default())
            .map(drop),
        Form::Copy(source) => copy_to(source, slot, name),
    }
}

fn copy_to(source: &copy::Source, slot: &Slot, name: &Name) -> Result<()> {
    let destination = copy::Destination {
        fs: std::sync::Arc::clone(&slot.fs),
        dir: slot.dir.clone(),
        name: name.clone(),
    };
    let mut first = FirstProblem(None);
    copy::copy(source, &destination, &copy::Options::default(), &mut first)?;
    first.0.map_or(Ok(()), Err)
}

/// Keeps the first thing that could not be copied.
struct FirstProblem(Option<Error>);

impl copy::Observer for FirstProblem {
    fn event(&mut self, event: copy::Event<'_>) {
        if let copy::Event::Problem { problem, .. } = event {
            self.0.get_or_insert(match problem {
                copy::Problem::Failed(error) => error,
                other => Error::with_source(ErrorKind::InvalidArgument, format!("{other:?}")),
            });
        }
    }

    fn progress(&mut self, _bytes: u64) {}

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// A name that nobody else takes.
fn aside() -> Name {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Name::from(format!(".linkwright-{}-{count}.link", std::process::id()).as_str())
}
