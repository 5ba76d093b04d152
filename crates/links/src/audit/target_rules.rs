//! What is to be said about where a link leads.

use std::sync::Arc;

use linkwright_fs::resolve::Place;
use linkwright_fs::{Capabilities, LinkContent, LinkType, Name, NodeKind, ReparseBuffer, Result};

use super::case::{is_below, other_case, stored};
use super::examine::Say;
use super::leads::{Ending, Leads};
use super::{Examiner, Finding};
use crate::plan::type_word;
use crate::target::{Form, TargetText};
use crate::walk::Met;

/// A link, and where it leads.
pub(super) struct Subject<'a> {
    pub(super) examiner: &'a Examiner<'a>,
    pub(super) met: &'a Met<'a>,
    pub(super) content: &'a LinkContent,
    pub(super) text: &'a TargetText,
    pub(super) dir: &'a [Name],
    pub(super) leads: &'a Leads,
}

impl Subject<'_> {
    /// Says what there is to say; gives the path of the target as it is stored,
    /// where its names are in another case.
    pub(super) fn rules(&self, say: &mut Say<'_>) -> Result<Option<Vec<Name>>> {
        let target = self.text.name();
        match &self.leads.end {
            Ending::Missing => {
                let real = match self.is_mount_point() {
                    true => None,
                    false => other_case(self.examiner, self.dir, self.text).unwrap_or(None),
                };
                match &real {
                    Some(path) => say.found(Finding::Case, differs(&target, path)),
                    None => say.found(Finding::Dangling, format!("{target} is not there")),
                }
                return Ok(real);
            }
            Ending::Loop => say.found(Finding::Loop, format!("{target} leads back to it")),
            Ending::TooLong(links, _) => say.found(
                Finding::ChainTooLong,
                format!("{target} leads through {links} links"),
            ),
            Ending::Elsewhere if !self.is_mount_point() && !self.is_lx() => say.found(
                Finding::OtherVolume,
                format!("{target} is not on this volume, nor on a drive that is known here"),
            ),
            Ending::Found(end) => self.kind(end, say),
            Ending::Elsewhere | Ending::Unknown => {}
        }
        match &self.leads.near {
            Some(near) => self.place(near, say),
            None => Ok(None),
        }
    }

    fn is_mount_point(&self) -> bool {
        matches!(self.content, LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) if mount.is_volume())
    }

    fn is_junction(&self) -> bool {
        matches!(
            self.content,
            LinkContent::Reparse(ReparseBuffer::MountPoint(_))
        )
    }

    fn is_lx(&self) -> bool {
        matches!(
            self.content,
            LinkContent::Reparse(ReparseBuffer::LxSymlink(_))
        )
    }

    /// What the object at the end says.
    fn kind(&self, end: &Place, say: &mut Say<'_>) {
        let is_directory = end.stat.kind == NodeKind::Directory;
        let end_type = end.stat.link_type();
        let is_typed = self
            .examiner
            .top
            .fs
            .capabilities_at(self.met.dir)
            .is_ok_and(|can| can.contains(Capabilities::TYPED_LINKS));
        let own_type = match self.is_junction() {
            true => LinkType::Directory,
            false => self.met.stat.link_type(),
        };
        if is_typed && !self.is_lx() && own_type != end_type {
            say.found(
                Finding::WrongType,
                format!(
                    "a link to a {} leads to a {}",
                    long_word(own_type),
                    long_word(end_type)
                ),
            );
        }
        if is_directory && self.is_here(end) && self.is_above(&end.path) {
            say.found(
                Finding::IntoAncestor,
                format!("{} is a directory that it is in", self.text.name()),
            );
        }
    }

    fn is_above(&self, path: &[Name]) -> bool {
        let fs = &*self.examiner.top.fs;
        is_below(fs, &self.examiner.upcase, self.dir, path)
    }

    /// Whether a place is on the volume of the link.
    fn is_here(&self, place: &Place) -> bool {
        Arc::ptr_eq(&place.fs, &self.examiner.top.fs) && place.stat.device == self.met.stat.device
    }

    /// What the place that the link names says.
    fn place(&self, near: &Place, say: &mut Say<'_>) -> Result<Option<Vec<Name>>> {
        let target = self.text.name();
        if !self.is_here(near) {
            if !self.is_mount_point() && !matches!(self.leads.end, Ending::Elsewhere) {
                say.found(
                    Finding::OtherVolume,
                    format!("{target} is on another volume"),
                );
            }
            return Ok(None);
        }
        let top = self.examiner.top;
        let is_inside = is_below(&*top.fs, &self.examiner.upcase, &near.path, &top.path);
        let can_be_relative = !self.is_junction() && !self.is_lx();
        match self.text.form {
            Form::Relative if !is_inside => {
                say.found(
                    Finding::OutsideTree,
                    format!("{target} leads out of the tree"),
                );
            }
            Form::Rooted | Form::Drive | Form::Device if is_inside && can_be_relative => {
                say.found(Finding::Absolute, format!("{target} is in the same tree"));
            }
            _ => {}
        }
        let real = stored(&*near.fs, &self.examiner.upcase, &near.path)?;
        if let Some(path) = &real {
            say.found(Finding::Case, differs(&target, path));
        }
        Ok(real)
    }
}

fn differs(target: &Name, path: &[Name]) -> String {
    let name = path.last().map(ToString::to_string).unwrap_or_default();
    format!("{target} is stored in another case: {name}")
}

fn long_word(link_type: LinkType) -> &'static str {
    match type_word(link_type) {
        "dir" => "directory",
        word => word,
    }
}
