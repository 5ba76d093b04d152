//! How a link is to be made.

use std::ffi::OsStr;

use linkwright_fs::resolve::{LastLink, NoDrives, Outcome, Resolver};
use linkwright_fs::{Capabilities, ErrorKind, LinkContent, LinkType, Name, Replace};
use linkwright_links::make::{
    Attempt, Form, Kind, Made, Slot, cannot_hold, form_of, make, symbolic_content,
};

use crate::error::{Error, Result};
use crate::location::{Location, Place, host_directory};

/// The type of a symbolic link, which counts on Windows and on NTFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TypeChoice {
    /// That of what is there; an error when nothing is.
    #[default]
    Auto,
    /// A link to a file.
    File,
    /// A link to a directory.
    Directory,
}

/// How a link is made: which fallbacks are allowed, whether something is
/// replaced, which type it has.
#[derive(Debug, Clone, Default)]
pub struct LinkOptions {
    fallback: Vec<Kind>,
    replace: Replace,
    link_type: TypeChoice,
}

impl LinkOptions {
    /// No fallback, nothing replaced, the type of what is there.
    pub fn new() -> Self {
        Self::default()
    }

    /// What may be made, in this order, where the place cannot hold what was
    /// asked for. [`Made`] tells what came of it.
    #[must_use]
    pub fn fallback(mut self, kinds: impl IntoIterator<Item = Kind>) -> Self {
        self.fallback = kinds.into_iter().collect();
        self
    }

    /// Takes the place of a file or link that has the name, in one step; never
    /// of a directory.
    #[must_use]
    pub fn replace(mut self) -> Self {
        self.replace = Replace::Yes;
        self
    }

    /// The type of symbolic links.
    #[must_use]
    pub fn link_type(mut self, choice: TypeChoice) -> Self {
        self.link_type = choice;
        self
    }

    /// As [`hard_link`](crate::hard_link), with these options.
    ///
    /// # Errors
    /// As there.
    pub fn hard_link(
        &self,
        original: impl Into<Location>,
        link: impl Into<Location>,
    ) -> Result<Made> {
        self.to_place(Kind::Hard, &original.into(), &link.into())
    }

    /// As [`junction`](crate::junction), with these options.
    ///
    /// # Errors
    /// As there.
    pub fn junction(&self, target: impl Into<Location>, link: impl Into<Location>) -> Result<Made> {
        let (target, link) = (target.into(), link.into());
        self.to_place(Kind::Junction, &target.seen_from(&link), &link)
    }

    /// As [`symbolic_link`](crate::symbolic_link), with these options.
    ///
    /// # Errors
    /// As there.
    pub fn symbolic_link(
        &self,
        target: impl AsRef<OsStr>,
        link: impl Into<Location>,
    ) -> Result<Made> {
        let (link, target) = (link.into(), target.as_ref());
        let slot = link.slot()?;
        let text = Name::from_host(target);
        let content = symbolic_content(&slot, &text).map_err(|error| link.error(error))?;
        let link_type = self.type_of(&link, &slot, target, &content)?;
        let form = Form::Link { link_type, content };
        let first: Attempt<'_> = (Kind::Symlink, Box::new(move || Ok(form)));
        let behind = self.target_place(&link, target);
        self.make(&link, &slot, first, behind.as_ref())
    }

    /// A link of a kind whose target is a place.
    fn to_place(&self, kind: Kind, target: &Location, link: &Location) -> Result<Made> {
        let slot = link.slot()?;
        let last = match kind {
            Kind::Hard => LastLink::Keep,
            Kind::Symlink | Kind::Junction | Kind::Copy => LastLink::Follow,
        };
        let source = target.source(last)?;
        let form = match form_of(kind, &source, &slot) {
            Err(error) if !cannot_hold(kind, error.kind()) => return Err(target.error(error)),
            form => form,
        };
        let first: Attempt<'_> = (kind, Box::new(move || form));
        self.make(link, &slot, first, Some(target))
    }

    /// Tries what was asked for, then the fallbacks that lead to `target`.
    fn make(
        &self,
        link: &Location,
        slot: &Slot,
        first: Attempt<'_>,
        target: Option<&Location>,
    ) -> Result<Made> {
        let fallbacks = self.fallback.iter().map(|&kind| -> Attempt<'_> {
            let form = move || {
                let target = target.ok_or(ErrorKind::NotFound)?;
                let source = target
                    .source(LastLink::Follow)
                    .map_err(|error| linkwright_fs::Error::from(error.kind()))?;
                form_of(kind, &source, slot)
            };
            (kind, Box::new(form))
        });
        let attempts = std::iter::once(first).chain(fallbacks);
        make(slot, attempts, self.replace).map_err(|error| link.error(error))
    }

    fn type_of(
        &self,
        link: &Location,
        slot: &Slot,
        target: &OsStr,
        content: &LinkContent,
    ) -> Result<LinkType> {
        match self.link_type {
            TypeChoice::File => return Ok(LinkType::File),
            TypeChoice::Directory => return Ok(LinkType::Directory),
            TypeChoice::Auto => {}
        }
        let here = slot.fs.capabilities_at(&slot.dir);
        let here = here.map_err(|error| link.error(error))?;
        if !here.contains(Capabilities::TYPED_LINKS) {
            // Links of POSIX have none.
            return Ok(LinkType::File);
        }
        if let (true, Some(place)) = (
            here.contains(Capabilities::FOLLOWS_LINKS) && cfg!(windows),
            self.target_place(link, target),
        ) {
            return Ok(place.find(LastLink::Follow)?.stat.link_type());
        }
        let resolver = Resolver { drives: &NoDrives };
        let walk = resolver.walk_content(&slot.fs, &slot.dir_path, content);
        let kind = match walk.map_err(|error| link.error(error))?.outcome {
            Outcome::Found(place) => return Ok(place.stat.link_type()),
            Outcome::Missing => ErrorKind::NotFound,
            Outcome::MissingDirectory => ErrorKind::PathNotFound,
            Outcome::Loop => ErrorKind::LinkLoop,
            Outcome::Elsewhere | Outcome::Opaque | Outcome::Refused(_) => ErrorKind::UnresolvedLink,
        };
        Err(Error::new(
            link.display(),
            linkwright_fs::Error::with_source(
                kind,
                "the type of the link cannot be told from its target; say it with link_type",
            ),
        ))
    }

    /// The place that a text leads to, seen from the link.
    fn target_place(&self, link: &Location, target: &OsStr) -> Option<Location> {
        match &link.0 {
            Place::Host(path) => Some(Location::from(host_directory(path).join(target))),
            Place::Volume { fs, path, drive } => {
                let text = Name::from_host(target);
                let is_separator = |unit: &u16| [u16::from(b'\\'), u16::from(b'/')].contains(unit);
                let mut names = match text.units().first() {
                    Some(unit) if is_separator(unit) => Vec::new(),
                    _ => path.split_last()?.1.to_vec(),
                };
                for part in text.units().split(|unit| is_separator(unit)) {
                    match part {
                        [] | [46] => {}
                        [46, 46] => drop(names.pop()),
                        name => names.push(Name::from_units(name.to_vec())),
                    }
                }
                Some(Location(Place::Volume {
                    fs: std::sync::Arc::clone(fs),
                    path: names,
                    drive: *drive,
                }))
            }
        }
    }
}
