//! `link`: makes a link, TARGET LINK.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use linkwright_fs::posix::PosixFs;
use linkwright_fs::resolve::{LastLink, Outcome};
use linkwright_fs::{
    Capabilities, Create, Error, ErrorKind, LinkContent, LinkType, Name, NodeKind, Replace,
};
use linkwright_links::relative_path;
use linkwright_reparse::{MountPoint, SymbolicLink, TargetContext};

use crate::args::{LinkArgs, TypeChoice};
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::location::{Location, LocationError};
use crate::place::{Slot, Spot, SpotPath, path_bytes};
use crate::report::Report;
use crate::verbs::text::type_word;
use crate::volumes::Access;

/// What is to be made, once all is known.
pub(super) enum Plan {
    /// Another name of a file.
    Hard { target: Box<Spot> },
    /// A link object.
    Link {
        link_type: LinkType,
        content: LinkContent,
    },
}

pub(super) fn run(ctx: &Context, args: &LinkArgs) -> Result<Report> {
    let access = access(args.dry_run.dry_run);
    let link = link_place(ctx, &args.link, &args.target, access)?;
    let slot = link.slot(ctx)?;
    let plan = if args.symbolic {
        symbolic(ctx, args, &link, &slot)?
    } else if args.junction {
        junction(ctx, &args.target, &link)?
    } else {
        Plan::Hard {
            target: Box::new(ctx.spot(&args.target, access)?),
        }
    };
    let replace = match args.replace {
        true => Replace::Yes,
        false => Replace::No,
    };
    make(ctx, &link, &slot, &plan, replace, args.dry_run.dry_run)?;
    say(ctx, args, &link, &plan);
    Ok(Report::done())
}

/// What a verb that writes opens volumes for.
pub(super) fn access(dry_run: bool) -> Access {
    match dry_run {
        true => Access::Read,
        false => Access::Write,
    }
}

/// The place of the link. `DIR/` means: in that directory, with the last name
/// of the target.
fn link_place(ctx: &Context, link: &OsStr, target: &OsStr, access: Access) -> Result<Spot> {
    let spot = ctx.spot(link, access)?;
    spot.refuse_stream()?;
    if !spot.trailing_separator() {
        return Ok(spot);
    }
    let name = target
        .as_bytes()
        .rsplit(|byte| matches!(byte, b'/' | b'\\'))
        .find(|part| !part.is_empty());
    match name {
        Some(name) => Ok(spot.join(&Name::from_host_bytes(name))),
        None => Err(spot.failure(&ErrorKind::AlreadyExists.into())),
    }
}

/// Makes it, or in a dry run sees whether it could be made.
pub(super) fn make(
    ctx: &Context,
    link: &Spot,
    slot: &Slot,
    plan: &Plan,
    replace: Replace,
    dry_run: bool,
) -> Result<()> {
    let at = |error: Error| link.failure(&error);
    let existing = slot.existing().map_err(at)?;
    match (&existing, replace) {
        (Some(_), Replace::No) => return Err(at(ErrorKind::AlreadyExists.into())),
        (Some((_, stat)), Replace::Yes) if stat.is_plain_directory() => {
            return Err(at(ErrorKind::AccessDenied.into()).help("a directory is never replaced"));
        }
        _ => {}
    }
    if dry_run {
        return check(ctx, slot, plan);
    }
    if existing.is_none() {
        return place(ctx, link, slot, plan, &slot.name);
    }
    // Under another name first: the old one is there until the new one is whole.
    let aside = Name::from(format!(".linkwright-{}.part", std::process::id()).as_str());
    place(ctx, link, slot, plan, &aside)?;
    let moved = slot
        .fs
        .rename(&slot.dir, &aside, &slot.dir, &slot.name, Replace::Yes);
    if moved.is_err() {
        slot.fs.remove(&slot.dir, &aside).ok();
    } else if slot.fs.child(&slot.dir, &aside).is_ok() {
        // POSIX leaves both names when they are of one file already.
        slot.fs.remove(&slot.dir, &aside).map_err(at)?;
    }
    moved.map_err(at)
}

fn place(ctx: &Context, link: &Spot, slot: &Slot, plan: &Plan, name: &Name) -> Result<()> {
    let at = |error: Error| link.failure(&error);
    match plan {
        Plan::Hard { target } => {
            let found = hard_target(ctx, target, slot)?;
            slot.fs.hard_link(&found, &slot.dir, name).map_err(at)
        }
        Plan::Link { link_type, content } => slot
            .fs
            .create_link(&slot.dir, name, *link_type, content, &Create::default())
            .map(|_| ())
            .map_err(at),
    }
}

/// What a dry run can see.
fn check(ctx: &Context, slot: &Slot, plan: &Plan) -> Result<()> {
    match plan {
        Plan::Hard { target } => hard_target(ctx, target, slot).map(|_| ()),
        Plan::Link { .. } => Ok(()),
    }
}

/// The file that gets another name. A link is not followed: it gets the name
/// itself, as on Windows.
fn hard_target(ctx: &Context, target: &Spot, slot: &Slot) -> Result<linkwright_fs::Node> {
    target.refuse_stream()?;
    let found = target.find(ctx, LastLink::Keep)?;
    if !Arc::ptr_eq(&found.fs, &slot.fs) {
        return Err(target.failure(&ErrorKind::CrossDevice.into()));
    }
    if found.stat.kind == NodeKind::Directory {
        return Err(target
            .failure(&ErrorKind::AccessDenied.into())
            .help("a directory has one name; make a junction (-j) or a symbolic link (-s)"));
    }
    Ok(found.node)
}

fn symbolic(ctx: &Context, args: &LinkArgs, link: &Spot, slot: &Slot) -> Result<Plan> {
    let text = if args.relative {
        relative(ctx, args, link, slot)?
    } else if args.absolute {
        absolute(ctx, &args.target, link)?
    } else {
        verbatim(ctx, &args.target)?
    };
    let content = symbolic_content(link, &text)?;
    let link_type = match args.link_type {
        TypeChoice::File => LinkType::File,
        TypeChoice::Dir => LinkType::Directory,
        TypeChoice::Auto => auto_type(ctx, link, slot, &content, &text)?,
    };
    if let LinkContent::Reparse(_) = content
        && text.units().contains(&u16::from(b'/'))
    {
        ctx.out.note(&format!(
            "note: Windows does not follow '/' in a link target: {text}"
        ));
    }
    Ok(Plan::Link { link_type, content })
}

fn verbatim(ctx: &Context, target: &OsStr) -> Result<Name> {
    if ctx.grammar().reads_as_image(target) {
        return Err(Failure::usage(
            "the target of a symbolic link is text, and this reads as a place in an image",
        )
        .path(target.to_string_lossy())
        .help("add --relative or --absolute to have the text worked out from the place"));
    }
    Ok(Name::from_host(target))
}

/// What a symbolic link with this text holds, where the link is.
pub(super) fn symbolic_content(link: &Spot, text: &Name) -> Result<LinkContent> {
    let capabilities = link.fs.capabilities();
    if !capabilities.contains(Capabilities::REPARSE_POINTS) {
        return Ok(LinkContent::Posix(text.to_host_bytes()));
    }
    SymbolicLink::from_target_text(text.units(), &TargetContext::default())
        .map(|made| LinkContent::Reparse(made.into()))
        .map_err(|error| link.failure(&error.into()))
}

/// The type of what is there, seen from the directory of the link.
fn auto_type(
    ctx: &Context,
    link: &Spot,
    slot: &Slot,
    content: &LinkContent,
    text: &Name,
) -> Result<LinkType> {
    if !link.fs.capabilities().contains(Capabilities::TYPED_LINKS) {
        return Ok(LinkType::File);
    }
    let walk = ctx
        .resolver()
        .walk_content(&slot.fs, &slot.dir_path, content)
        .map_err(|error| link.failure(&error))?;
    let (kind, why) = match walk.outcome {
        Outcome::Found(place) => return Ok(place.stat.link_type()),
        Outcome::Missing => (ErrorKind::NotFound, "does not exist"),
        Outcome::MissingDirectory => (ErrorKind::PathNotFound, "does not exist"),
        Outcome::Loop => (ErrorKind::LinkLoop, "is a circle of links"),
        Outcome::Elsewhere | Outcome::Opaque | Outcome::Refused(_) => (
            ErrorKind::UnresolvedLink,
            "leads to a place that is not known here",
        ),
    };
    Err(Failure::of_kind(
        link.display(),
        kind,
        format!("the target {text} {why}, so the type of the link cannot be told"),
    )
    .help("say what it will be with --type file or --type dir"))
}

/// The way from the directory of the link to a place.
fn relative(ctx: &Context, args: &LinkArgs, link: &Spot, slot: &Slot) -> Result<Name> {
    let target = ctx.spot(&args.target, Access::Read)?;
    match (&target.path, &link.path) {
        (SpotPath::Image { location: to, .. }, SpotPath::Image { location: from, .. })
            if to.device == from.device =>
        {
            Ok(relative_path(&slot.dir_path, &to.path.components, '\\'))
        }
        (SpotPath::Host(to), SpotPath::Host(from)) => {
            let from = real_parent(from).map_err(|error| link.failure(&error))?;
            let to = absolute_host(to).map_err(|error| target.failure(&error))?;
            Ok(relative_path(&host_names(&from), &host_names(&to), '/'))
        }
        _ => Err(target.failure(&ErrorKind::CrossDevice.into())),
    }
}

/// The path of a place from its drive, or from the root of the host.
fn absolute(ctx: &Context, target: &OsStr, link: &Spot) -> Result<Name> {
    let spot = ctx.spot(target, Access::Read)?;
    match (&spot.path, link.is_host()) {
        (SpotPath::Host(path), true) => {
            let path = absolute_host(path).map_err(|error| spot.failure(&error))?;
            Ok(Name::from_host(path.as_os_str()))
        }
        (SpotPath::Image { location, .. }, false) => drive_text(ctx, &spot, location),
        _ => Err(spot.failure(&ErrorKind::CrossDevice.into())),
    }
}

/// `C:\dir\file` for a place on a volume that has a drive letter.
fn drive_text(
    ctx: &Context,
    spot: &Spot,
    location: &crate::location::ImageLocation,
) -> Result<Name> {
    let letter = location
        .drive
        .or_else(|| ctx.drives.letter_of(&location.device))
        .ok_or_else(|| {
            Failure::usage("an absolute path on this volume needs a drive letter")
                .path(spot.display())
                .help("give it one with --drive C=IMAGE")
        })?;
    let mut bytes = format!("{letter}:").into_bytes();
    bytes.extend(
        path_bytes(&location.path.components)
            .iter()
            .map(|&byte| if byte == b'/' { b'\\' } else { byte }),
    );
    Ok(Name::from_host_bytes(&bytes))
}

/// A junction to a place on a mapped drive, or to a text that starts with a
/// drive.
pub(super) fn junction(ctx: &Context, target: &OsStr, link: &Spot) -> Result<Plan> {
    if !link
        .fs
        .capabilities()
        .contains(Capabilities::REPARSE_POINTS)
    {
        return Err(link
            .failure(&ErrorKind::Unsupported(linkwright_fs::Feature::ReparsePoints).into())
            .help("only NTFS has junctions; make a symbolic link with -s"));
    }
    let text = match ctx.grammar().parse(target) {
        Ok(Location::Image(location)) => {
            let spot = Spot::open(ctx, target, Location::Image(location.clone()), Access::Read)?;
            let found = spot.find(ctx, LastLink::Keep)?;
            if found.stat.kind != NodeKind::Directory {
                return Err(spot
                    .failure(&ErrorKind::NotADirectory.into())
                    .help("a junction leads to a directory"));
            }
            drive_text(ctx, &spot, &location)?
        }
        // A drive that is not mapped here is one of the machine the volume
        // will be used on.
        Err(LocationError::UnmappedDrive(_)) => Name::from_host(target),
        Ok(Location::Host(_)) => {
            return Err(Failure::of_kind(
                target.to_string_lossy(),
                ErrorKind::InvalidTarget,
                "a junction leads to a directory on a drive",
            )
            .help("write C:\\dir, and map the drive with --drive C=IMAGE"));
        }
        Err(error) => return Err(Failure::location(target, &error)),
    };
    let mount = MountPoint::junction(text.units()).map_err(|error| link.failure(&error.into()))?;
    Ok(Plan::Link {
        link_type: LinkType::Directory,
        content: LinkContent::Reparse(mount.into()),
    })
}

fn say(ctx: &Context, args: &LinkArgs, link: &Spot, plan: &Plan) {
    let dry_run = args.dry_run.dry_run;
    let (kind, link_type) = match plan {
        Plan::Hard { .. } => ("hard", "file"),
        Plan::Link { link_type, .. } if args.junction => ("junction", type_word(*link_type)),
        Plan::Link { link_type, .. } => ("symlink", type_word(*link_type)),
    };
    ctx.out.json(
        link.line("created")
            .set("kind", kind)
            .set("type", link_type)
            .set_bytes("target", args.target.as_bytes())
            .set("dry_run", dry_run),
    );
    if dry_run {
        ctx.out.text_of(&[
            b"would make ",
            &link.bytes(),
            b" -> ",
            args.target.as_bytes(),
        ]);
    }
}

/// The directory that holds a host path, without links.
fn real_parent(path: &Path) -> linkwright_fs::Result<std::path::PathBuf> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    PosixFs::new().open_directory(parent)?;
    Ok(parent.canonicalize()?)
}

/// A host path from the root; its last name, link or not, stays.
fn absolute_host(path: &Path) -> linkwright_fs::Result<std::path::PathBuf> {
    match path.file_name() {
        Some(name) => Ok(real_parent(path)?.join(name)),
        None => Ok(path.canonicalize()?),
    }
}

fn host_names(path: &Path) -> Vec<Name> {
    path.components()
        .filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(Name::from_host(name)),
            _ => None,
        })
        .collect()
}
