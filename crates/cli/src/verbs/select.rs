//! Which of the things met are wanted: `--kind`, `--broken`, `--absolute`,
//! `--outside`, `--glob` and `--regex`.

use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use linkwright_fs::resolve::{LastLink, Leads, Manner, Resolver, Rules};
use linkwright_fs::{Capabilities, FileSystem, Name, NodeKind, Stat};
use linkwright_links::{LinkKind, LinkRecord, Place, Wanted};
use regex::bytes::{RegexSet, RegexSetBuilder};

use crate::args::{KindChoice, SelectArgs};
use crate::failure::{Failure, Result};
use crate::place::path_bytes;

/// What is wanted below one place.
pub(crate) struct Selection {
    args: SelectArgs,
    names: GlobSet,
    paths: GlobSet,
    regexes: RegexSet,
    folds_case: bool,
}

/// Something that was met.
pub(crate) struct Item<'a> {
    /// The place that is listed.
    pub(crate) top: &'a Place,
    /// Its names from the root of the volume.
    pub(crate) path: &'a [Name],
    /// Facts about it.
    pub(crate) stat: &'a Stat,
    /// What it holds, when it is a link.
    pub(crate) record: Option<&'a LinkRecord>,
}

impl Selection {
    /// As the user gave it; letter case counts where it does on the volume.
    pub(crate) fn new(args: &SelectArgs, fs: &dyn FileSystem) -> Result<Self> {
        let folds_case = fs.capabilities().contains(Capabilities::WINDOWS_NAMES);
        let (paths, names): (Vec<_>, Vec<_>) =
            args.glob.iter().partition(|glob| glob.contains('/'));
        let regexes = RegexSetBuilder::new(&args.regex)
            .case_insensitive(folds_case)
            .build()
            .map_err(|error| Failure::usage(format!("--regex: {error}")))?;
        Ok(Self {
            args: args.clone(),
            names: globs(&names, folds_case)?,
            paths: globs(&paths, folds_case)?,
            regexes,
            folds_case,
        })
    }

    /// Whether only links can be wanted, so that nothing else need be met.
    pub(crate) fn met(&self) -> Wanted {
        let no_links = |kind: &KindChoice| matches!(kind, KindChoice::File | KindChoice::Dir);
        let by_kind = !self.args.kind.is_empty() && !self.args.kind.iter().any(no_links);
        match by_kind || self.args.broken || self.args.absolute || self.args.outside {
            true => Wanted::Links,
            false => Wanted::All,
        }
    }

    /// Whether everything is wanted.
    pub(crate) fn is_everything(&self) -> bool {
        self.met() == Wanted::All
            && self.args.kind.is_empty()
            && self.names.is_empty()
            && self.paths.is_empty()
            && self.regexes.is_empty()
    }

    /// The kinds that are wanted, when nothing else is asked for.
    pub(crate) fn kinds_alone(&self) -> Option<&[KindChoice]> {
        let args = &self.args;
        let more = args.broken || args.absolute || args.outside;
        let texts = self.names.len() + self.paths.len() + self.regexes.len();
        (!more && texts == 0).then_some(&args.kind)
    }

    /// Whether this is wanted.
    pub(crate) fn takes(
        &self,
        resolver: &Resolver<'_>,
        item: &Item<'_>,
    ) -> linkwright_fs::Result<bool> {
        let args = &self.args;
        let is_link = |is: &dyn Fn(&LinkRecord) -> bool| item.record.is_some_and(is);
        let wanted = (args.kind.is_empty() || args.kind.iter().any(|kind| is_of(*kind, item)))
            && (!args.broken || is_link(&|record| record.broken == Some(true)))
            && (!args.absolute || is_link(&|record| record.relative == Some(false)))
            && self.matches(item);
        Ok(wanted && (!args.outside || self.leads_out(resolver, item)?))
    }

    fn matches(&self, item: &Item<'_>) -> bool {
        let below = item.path.get(item.top.path.len()..).unwrap_or_default();
        let globbed = self.names.is_empty() && self.paths.is_empty() || {
            let name = item
                .path
                .last()
                .map(Name::to_host_bytes)
                .unwrap_or_default();
            self.names.is_match(as_path(&name)) || self.paths.is_match(as_path(&below_bytes(below)))
        };
        globbed && (self.regexes.is_empty() || self.regexes.is_match(&below_bytes(below)))
    }

    /// Whether the target of a link, as it is written, is not below the place
    /// that is listed.
    fn leads_out(&self, resolver: &Resolver<'_>, item: &Item<'_>) -> linkwright_fs::Result<bool> {
        if !item.stat.is_link() {
            return Ok(false);
        }
        let fs = &item.top.fs;
        let manner = match fs.capabilities().contains(Capabilities::FOLLOWS_LINKS) {
            true => Manner::Posix,
            false => Manner::Tool,
        };
        let walk = resolver.walk_by(fs, item.path, LastLink::Follow, &By(manner))?;
        let Some(hop) = walk.hops.first() else {
            return Ok(false);
        };
        let is_here = match &hop.leads {
            Leads::Relative | Leads::Rooted => true,
            Leads::Drive(letter) => same(fs, resolver.drives.drive(*letter)?),
            Leads::Volume(guid) => same(fs, resolver.drives.volume(*guid)?),
            Leads::Share { .. } | Leads::PosixRoot | Leads::Device => false,
            // It leads nowhere that could be told.
            Leads::Opaque | Leads::Refused(_) => return Ok(false),
        };
        let below = hop.onward.get(..item.top.path.len());
        Ok(!is_here || !below.is_some_and(|start| self.same_names(start, &item.top.path)))
    }

    fn same_names(&self, one: &[Name], other: &[Name]) -> bool {
        let folded = |name: &Name| name.to_string().to_lowercase();
        one == other || self.folds_case && one.iter().map(folded).eq(other.iter().map(folded))
    }
}

struct By(Manner);

impl Rules for By {
    fn manner(&self) -> Manner {
        self.0
    }
}

fn same(fs: &Arc<dyn FileSystem>, other: Option<Arc<dyn FileSystem>>) -> bool {
    other.is_some_and(|other| Arc::ptr_eq(fs, &other))
}

fn globs(texts: &[&String], folds_case: bool) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        let glob = GlobBuilder::new(text)
            .literal_separator(true)
            .case_insensitive(folds_case)
            .build()
            .map_err(|error| Failure::usage(format!("--glob: {error}")))?;
        set.add(glob);
    }
    set.build()
        .map_err(|error| Failure::usage(format!("--glob: {error}")))
}

fn as_path(bytes: &[u8]) -> &std::path::Path {
    use std::os::unix::ffi::OsStrExt;
    std::path::Path::new(std::ffi::OsStr::from_bytes(bytes))
}

/// `dir/name`, without a separator before it.
fn below_bytes(names: &[Name]) -> Vec<u8> {
    let path = path_bytes(names);
    path.strip_prefix(b"/").unwrap_or(&path).to_vec()
}

fn is_of(kind: KindChoice, item: &Item<'_>) -> bool {
    let link = |wanted: LinkKind| item.record.is_some_and(|record| record.kind == wanted);
    match kind {
        KindChoice::Link => item.record.is_some(),
        KindChoice::Hard => link(LinkKind::Hard),
        KindChoice::Symlink => link(LinkKind::Symlink),
        KindChoice::Junction => link(LinkKind::Junction),
        KindChoice::MountPoint => link(LinkKind::MountPoint),
        KindChoice::LxSymlink => link(LinkKind::LxSymlink),
        KindChoice::Other => link(LinkKind::Other),
        KindChoice::File => item.record.is_none() && item.stat.kind != NodeKind::Directory,
        KindChoice::Dir => item.stat.is_plain_directory(),
    }
}
