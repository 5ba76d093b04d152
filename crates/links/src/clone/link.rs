//! One link: where it leads decides what becomes of it.

use std::sync::Arc;

use linkwright_fs::{
    Capabilities, Create, ErrorKind, LinkContent, LinkType, Name, Node, NodeKind, Result, Stat,
    Target,
};

use super::directory::{joined, times};
use super::target::{Leads, lead_to, leads};
use super::work::{Key, Scope, Task, Work, lock};
use super::{Counts, Event, Files, Follow, Outer};
use crate::copy::{self, Problem};
use crate::target::{Form, TargetText};

impl Work<'_> {
    /// One link; whether its name is one of what is made.
    #[expect(
        clippy::too_many_arguments,
        reason = "a name on both sides, and what it is"
    )]
    pub(super) fn link(
        &self,
        task: &Task,
        node: &Node,
        stat: &Stat,
        to: Option<&Node>,
        name: &Name,
        follow: Option<&Follow<'_>>,
        counts: &mut Counts,
    ) -> Result<bool> {
        let path = joined(&task.path, name);
        let content = task.scope.fs.link(node)?.ok_or(ErrorKind::NotFound)?;
        let dir = [&task.scope.source[..], &task.below].concat();
        let text = TargetText::of(&content);
        let leads = match &text {
            None => Leads::Elsewhere,
            Some(text) => leads(text, &content, &dir, &task.scope.source, self.options.drive),
        };
        let new_dir = [&task.scope.destination[..], &task.below].concat();
        let new = match (leads, &text) {
            (Leads::To { path: at, climbs }, Some(text))
                if self.same.is_below(&at, &task.scope.source) =>
            {
                let below = at.get(task.scope.source.len()..).unwrap_or_default();
                let counterpart = [&task.scope.destination[..], below].concat();
                match text.form == Form::Relative && !climbs {
                    true => content.clone(),
                    false => lead_to(&content, text, &new_dir, &counterpart)?,
                }
            }
            (leads, text) => match (self.options.outer, leads, text) {
                (Outer::Crop, ..) => {
                    counts.cropped += 1;
                    self.event(Event::Cropped(&path));
                    return Ok(false);
                }
                (Outer::Unroll, ..) => {
                    return self.unroll(task, (&dir, to), name, &path, follow, counts);
                }
                (Outer::Splice, Leads::To { path: at, .. }, Some(text))
                    if text.form == Form::Relative =>
                {
                    if !Arc::ptr_eq(&task.scope.fs, &self.fs) {
                        self.problem(&path, Problem::ForeignTarget(text.name()));
                        return Ok(false);
                    }
                    lead_to(&content, text, &new_dir, &at)?
                }
                (Outer::Splice | Outer::Keep, ..) => content.clone(),
            },
        };
        counts.retargeted += u64::from(new != content);
        self.make_link(task, node, stat, (to, name), &path, &new, counts)
    }

    /// Makes a link object, unless it is there.
    #[expect(clippy::too_many_arguments, reason = "as `link`")]
    fn make_link(
        &self,
        task: &Task,
        node: &Node,
        stat: &Stat,
        (to, name): (Option<&Node>, &Name),
        path: &[Name],
        content: &LinkContent,
        counts: &mut Counts,
    ) -> Result<bool> {
        let translated = copy::translate(content, self.capabilities, &copy::Options::default());
        let content = match translated {
            Ok(translated) => translated.content,
            Err(problem) => {
                self.problem(path, problem);
                return Ok(true);
            }
        };
        let typed = Capabilities::TYPED_LINKS;
        let has_type = task.scope.fs.capabilities().contains(typed);
        let link_type = match (self.capabilities.contains(typed), has_type) {
            (true, false) => match task.scope.fs.followed(node)? {
                Target::Found(found) => found.stat.link_type(),
                _ => {
                    self.problem(path, Problem::Dangling);
                    return Ok(true);
                }
            },
            (_, true) => stat.link_type(),
            (false, false) => LinkType::File,
        };
        let Some(to) = to else {
            counts.links += 1;
            return Ok(true);
        };
        if self.another_name(task, &task.scope.fs, stat, to, name, counts)? {
            return Ok(true);
        }
        // What is to be new has a place of its own; a mirror may have the link.
        let is_mirror = matches!(self.options.files, Files::Mirror);
        if is_mirror && let Some((there, found)) = copy::existing(&self.fs, to, name)? {
            let is_same = self.fs.link(&there)?.as_ref() == Some(&content)
                && (!self.capabilities.contains(typed) || found.link_type() == link_type);
            if is_same {
                counts.same += 1;
                return Ok(true);
            }
            if found.is_plain_directory() && self.is_writing() {
                let stop = || self.check().is_err();
                counts.removed += super::remove_tree(&*self.fs, to, name, &stop)?;
            }
        }
        counts.links += 1;
        if self.is_writing() {
            let create = Create {
                attributes: stat.attributes & copy::KEPT,
                times: times(stat),
                ..Create::default()
            };
            copy::replace_existing(&self.fs, to, name, |name| {
                self.fs
                    .create_link(to, name, link_type, &content, &create)
                    .map(|_| ())
            })?;
        }
        if stat.names > 1 {
            lock(&self.made).insert(Key::of(&task.scope.fs, stat), path.to_vec());
        }
        Ok(true)
    }

    /// What a link leads to, in its place.
    fn unroll(
        &self,
        task: &Task,
        (dir, to): (&[Name], Option<&Node>),
        name: &Name,
        path: &[Name],
        follow: Option<&Follow<'_>>,
        counts: &mut Counts,
    ) -> Result<bool> {
        let Some(follow) = follow else {
            return Err(ErrorKind::UnresolvedLink.into());
        };
        let (place, stat) = follow(&task.scope.fs, &joined(dir, name))?;
        counts.unrolled += 1;
        self.event(Event::Unrolled(path));
        if stat.kind == NodeKind::File {
            self.file(task, &place.fs, &place.node, &stat, to, name, counts)?;
            return Ok(true);
        }
        if !stat.is_plain_directory() {
            self.problem(path, Problem::SpecialFile);
            return Ok(false);
        }
        let key = Key::of(&place.fs, &stat);
        if task.scope.above.contains(&key) || self.same.is_below(dir, &place.path) {
            return Err(ErrorKind::LinkLoop.into());
        }
        let made = self.make_directory(&place.fs, &stat, to, name, counts)?;
        let mut above = task.scope.above.clone();
        above.push(key);
        let scope = Scope {
            fs: place.fs,
            source: place.path,
            destination: joined(&[&task.scope.destination[..], &task.below].concat(), name),
            above,
        };
        self.push(Task {
            scope: Arc::new(scope),
            from: place.node,
            to: made,
            last: None,
            path: path.to_vec(),
            below: Vec::new(),
        });
        Ok(true)
    }
}
