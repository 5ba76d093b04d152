//! The links of a place.

use std::io::{self, Write};
use std::ops::ControlFlow;

use linkwright_fs::{
    Attributes, Capabilities, Error, ErrorKind, FileSystem, LinkContent, LinkType, Name, NodeKind,
    Result, Stat, Target, Times,
};

use super::{Group, GroupId, Header, Link, Manifest, NameForm, Writer};
use crate::walk::{Event, Met, Place, Wanted, walk_for};

/// What a walk over the links of a place comes to.
pub enum Collected<'a> {
    /// A link and its path below the place.
    Link(&'a [Name], Box<Link>),
    /// Something that cannot be read; its path below the place.
    Unreadable(&'a [Name], Error),
}

/// Tells every link below a place.
///
/// # Errors
/// The place cannot be listed; what `visit` returns.
pub fn collect(place: &Place, visit: &mut dyn FnMut(Collected<'_>) -> Result<()>) -> Result<()> {
    let above = place.path.len();
    let mut done = Ok(());
    walk_for(place, Wanted::Links, &mut |event| {
        let told = match event {
            Event::Met(met) => {
                let path = met.path.get(above..).unwrap_or_default();
                match link_of(&*place.fs, &met) {
                    Ok(link) => visit(Collected::Link(path, Box::new(link))),
                    // It went away meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                    Err(error) => visit(Collected::Unreadable(path, error)),
                }
            }
            Event::Failed { path, error } => {
                let path = path.get(above..).unwrap_or_default();
                visit(Collected::Unreadable(path, error))
            }
        };
        match told {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                done = Err(error);
                ControlFlow::Break(())
            }
        }
    })?;
    done
}

impl Manifest {
    /// That of a place. `visit` hears of each link, and of what could not be read.
    ///
    /// # Errors
    /// As [`collect`].
    pub fn of(
        place: &Place,
        name: &str,
        visit: &mut dyn FnMut(&Collected<'_>) -> Result<()>,
    ) -> Result<Self> {
        let mut manifest = Self {
            header: Header {
                place: name.to_owned(),
                names: NameForm::of(place.fs.capabilities()),
            },
            ..Self::default()
        };
        collect(place, &mut |collected| {
            visit(&collected)?;
            match collected {
                Collected::Link(path, link) => {
                    manifest.links.insert(path.to_vec(), *link);
                }
                Collected::Unreadable(..) => manifest.unreadable += 1,
            }
            Ok(())
        })?;
        Ok(manifest)
    }
}

/// Writes the manifest of a place; gives how many links it has, and how much
/// could not be read. `visit` hears of each.
///
/// # Errors
/// As [`collect`]; what writing failed with.
pub fn export(
    place: &Place,
    name: &str,
    out: &mut dyn Write,
    visit: &mut dyn FnMut(&Collected<'_>) -> Result<()>,
) -> Result<(u64, u64)> {
    let io = |error: io::Error| Error::from(error);
    let header = Header {
        place: name.to_owned(),
        names: NameForm::of(place.fs.capabilities()),
    };
    let mut writer = Writer::new(out, &header).map_err(io)?;
    let mut unreadable = 0;
    collect(place, &mut |collected| {
        visit(&collected)?;
        match &collected {
            Collected::Link(path, link) => writer.link(path, link).map_err(io)?,
            Collected::Unreadable(..) => unreadable += 1,
        }
        Ok(())
    })?;
    let links = writer.links();
    writer.finish(unreadable).map_err(io)?;
    Ok((links, unreadable))
}

fn link_of(fs: &dyn FileSystem, met: &Met<'_>) -> Result<Link> {
    let is_windows = fs.capabilities().contains(Capabilities::WINDOWS_NAMES);
    let content = match met.stat.is_link() {
        true => Some(fs.link(met.node)?.ok_or(ErrorKind::NotFound)?),
        false => None,
    };
    let link_type = match &content {
        // Where such a link leads is no part of it.
        Some(LinkContent::Posix(_)) => match fs.followed(met.node) {
            Ok(Target::Found(found)) => Some(found.stat.link_type()),
            _ => None,
        },
        Some(LinkContent::Reparse(_)) => Some(met.stat.link_type()),
        None => Some(LinkType::File),
    };
    Ok(Link {
        link_type,
        group: group_of(met.stat),
        size: match content {
            None => met.stat.size,
            Some(_) => 0,
        },
        times: Times {
            created: met.stat.times.created,
            modified: met.stat.times.modified,
            ..Times::default()
        },
        attributes: is_windows.then_some(met.stat.attributes & KEPT),
        mode: met.stat.mode.filter(|_| content.is_none()),
        content,
    })
}

/// Attributes that belong to a link: the others say how its data lies on the
/// volume.
pub(super) const KEPT: Attributes = Attributes::READ_ONLY
    .union(Attributes::HIDDEN)
    .union(Attributes::SYSTEM)
    .union(Attributes::ARCHIVE)
    .union(Attributes::from_bits_retain(NOT_CONTENT_INDEXED));
/// FILE_ATTRIBUTE_NOT_CONTENT_INDEXED (MS-FSCC 2.6).
const NOT_CONTENT_INDEXED: u32 = 0x2000;

fn group_of(stat: &Stat) -> Option<Group> {
    (stat.names > 1 && stat.kind != NodeKind::Directory).then_some(Group {
        id: GroupId {
            record: stat.record,
            sequence: stat.sequence,
            device: stat.device,
        },
        names: stat.names,
    })
}
