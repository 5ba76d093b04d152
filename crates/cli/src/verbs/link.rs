//! `link`: makes a link, TARGET LINK.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use linkwright_fs::resolve::{LastLink, Outcome};
use linkwright_fs::{
    Capabilities, Error, ErrorKind, LinkContent, LinkType, Name, NodeKind, Replace,
};
use linkwright_links::make::{
    Attempt, Form, Kind, Made, Slot, Source, cannot_hold, form_of, rehearse, symbolic_content,
};
use linkwright_links::{posix_to_windows, relative_path, windows_to_posix};
use linkwright_names::path::Win32PathKind;
use linkwright_reparse::MountPoint;

use crate::args::{LinkArgs, TypeChoice};
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::location::{Location, LocationError};
use crate::place::{Spot, SpotPath, absolute_host, host_names, host_path, path_bytes};
use crate::report::Report;
use crate::verbs::text::type_word;
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &LinkArgs) -> Result<Report> {
    let access = access(args.dry_run.dry_run);
    let link = link_place(ctx, &args.link, &args.target, access)?;
    let slot = link.slot(ctx)?;
    let kind = args.kind();
    let requested = form(ctx, args, kind, &link, &slot);
    let attempts = attempts(ctx, args, kind, requested, &slot)?;
    let replace = match args.replace {
        true => Replace::Yes,
        false => Replace::No,
    };
    let made = make(&link, &slot, attempts, replace, args.dry_run.dry_run)?;
    say(ctx, args, &link, &slot, &made)?;
    Ok(Report::done())
}

/// The form that was asked for.
fn form(ctx: &Context, args: &LinkArgs, kind: Kind, link: &Spot, slot: &Slot) -> Result<Form> {
    match kind {
        Kind::Symlink => symbolic(ctx, args, link, slot),
        Kind::Junction => junction(ctx, &args.target, link, slot),
        Kind::Hard | Kind::Copy => hard(ctx, &args.target, slot),
    }
}

/// What was asked for, and the fallbacks behind it.
fn attempts<'a>(
    ctx: &'a Context,
    args: &'a LinkArgs,
    kind: Kind,
    requested: Result<Form>,
    slot: &'a Slot,
) -> Result<Vec<Attempt<'a>>> {
    let first: Attempt<'a> = match requested {
        Ok(form) => (kind, Box::new(move || Ok(form))),
        // Not to be had here: the fallbacks come.
        Err(failure) => match failure.kind {
            Some(error) if cannot_hold(kind, error) && !args.fallback.is_empty() => {
                let error = Error::with_source(error, failure.what);
                (kind, Box::new(move || Err(error)))
            }
            _ => return Err(failure),
        },
    };
    let fallbacks = args.fallback.iter().map(|choice| -> Attempt<'a> {
        let kind = choice.kind();
        let form = move || {
            let source = source(ctx, args, slot).map_err(Failure::into_error)?;
            form_of(kind, &source, slot)
        };
        (kind, Box::new(form))
    });
    Ok(std::iter::once(first).chain(fallbacks).collect())
}

/// The place that a fallback is to lead to: what the text of a symbolic link
/// leads to, seen from the link, or the target itself.
fn source(ctx: &Context, args: &LinkArgs, slot: &Slot) -> Result<Source> {
    let is_text = args.symbolic && !args.relative && !args.absolute;
    if is_text && !slot.fs.capabilities().contains(Capabilities::FOLLOWS_LINKS) {
        let content = symbolic_content(slot, &Name::from_host(&args.target))
            .map_err(|error| Failure::at(args.target.to_string_lossy(), &error))?;
        let walk = ctx
            .resolver()
            .walk_content(&slot.fs, &slot.dir_path, &content);
        let walk = walk.map_err(|error| Failure::at(args.target.to_string_lossy(), &error))?;
        let Outcome::Found(place) = walk.outcome else {
            return Err(Failure::at(
                args.target.to_string_lossy(),
                &ErrorKind::NotFound.into(),
            ));
        };
        return Ok(Source {
            fs: place.fs,
            node: place.node,
            stat: place.stat,
            path: place.path,
            drive: None,
        });
    }
    let spot = match is_text {
        true => Spot {
            fs: Arc::clone(&slot.fs),
            path: SpotPath::Host(host_path(&slot.dir_path).join(&args.target)),
        },
        false => ctx.spot(&args.target, Access::Read)?,
    };
    let found = spot.find(ctx, LastLink::Follow)?;
    let drive = match &spot.path {
        SpotPath::Image { location, .. } => location
            .drive
            .or_else(|| ctx.drives.letter_of(&location.device)),
        SpotPath::Host(_) => None,
    };
    Ok(Source {
        fs: found.fs,
        node: found.node,
        stat: found.stat,
        path: found.path,
        drive,
    })
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
    link: &Spot,
    slot: &Slot,
    attempts: Vec<Attempt<'_>>,
    replace: Replace,
    dry_run: bool,
) -> Result<Made> {
    let at = |error: Error| link.failure(&error);
    match (slot.existing().map_err(at)?, replace) {
        (Some(_), Replace::No) => return Err(at(ErrorKind::AlreadyExists.into())),
        (Some((_, stat)), Replace::Yes) if stat.is_plain_directory() => {
            return Err(at(ErrorKind::AccessDenied.into()).help("a directory is never replaced"));
        }
        _ => {}
    }
    match dry_run {
        true => rehearse(attempts).map_err(at),
        false => linkwright_links::make::make(slot, attempts, replace).map_err(at),
    }
}

/// One attempt, without fallbacks.
pub(super) fn only<'a>(kind: Kind, form: Form) -> Vec<Attempt<'a>> {
    vec![(kind, Box::new(move || Ok(form)))]
}

/// The file that gets another name. A link is not followed: it gets the name
/// itself, as on Windows.
pub(super) fn hard(ctx: &Context, target: &OsStr, slot: &Slot) -> Result<Form> {
    let target = ctx.spot(target, Access::Read)?;
    target.refuse_stream()?;
    let found = target.find(ctx, LastLink::Keep)?;
    let source = Source {
        fs: found.fs,
        node: found.node,
        stat: found.stat,
        path: found.path,
        drive: None,
    };
    form_of(Kind::Hard, &source, slot).map_err(|error| match error.kind() {
        ErrorKind::AccessDenied => target
            .failure(&error)
            .help("a directory has one name; make a junction (-j) or a symbolic link (-s)"),
        _ => target.failure(&error),
    })
}

fn symbolic(ctx: &Context, args: &LinkArgs, link: &Spot, slot: &Slot) -> Result<Form> {
    let text = if args.relative {
        relative(ctx, args, link, slot)?
    } else if args.absolute {
        absolute(ctx, &args.target, link)?
    } else if args.translate {
        translated(&args.target, has_types(link, slot)?)?
    } else {
        verbatim(ctx, &args.target)?
    };
    let content = symbolic_content(slot, &text).map_err(|error| link.failure(&error))?;
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
    Ok(Form::Link { link_type, content })
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

/// The text with the separators of the other system. A drive has no name on a
/// host, so a text with one cannot be turned.
fn translated(target: &OsStr, to_windows: bool) -> Result<Name> {
    let text = Name::from_host(target);
    if to_windows {
        return Ok(Name::from_units(posix_to_windows(target.as_bytes())));
    }
    match Win32PathKind::of(text.units()) {
        Win32PathKind::Relative | Win32PathKind::Rooted => {
            Ok(Name::from_host_bytes(&windows_to_posix(text.units())))
        }
        _ => Err(
            Failure::usage("a target with a drive or a share has no path on this host")
                .path(text.to_string())
                .help("give the path that it has here"),
        ),
    }
}

/// The type of what is there, seen from the directory of the link.
fn auto_type(
    ctx: &Context,
    link: &Spot,
    slot: &Slot,
    content: &LinkContent,
    text: &Name,
) -> Result<LinkType> {
    if !has_types(link, slot)? {
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

fn has_types(link: &Spot, slot: &Slot) -> Result<bool> {
    let here = slot.fs.capabilities_at(&slot.dir);
    Ok(here
        .map_err(|error| link.failure(&error))?
        .contains(Capabilities::TYPED_LINKS))
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
        (SpotPath::Host(to), SpotPath::Host(_)) => {
            let to = absolute_host(to).map_err(|error| target.failure(&error))?;
            let separator = if has_types(link, slot)? { '\\' } else { '/' };
            Ok(relative_path(&slot.dir_path, &host_names(&to), separator))
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
pub(super) fn junction(ctx: &Context, target: &OsStr, link: &Spot, slot: &Slot) -> Result<Form> {
    let here = slot.fs.capabilities_at(&slot.dir);
    let here = here.map_err(|error| link.failure(&error))?;
    if !here.contains(Capabilities::REPARSE_POINTS) {
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
    Ok(Form::Link {
        link_type: LinkType::Directory,
        content: LinkContent::Reparse(mount.into()),
    })
}

fn say(ctx: &Context, args: &LinkArgs, link: &Spot, slot: &Slot, made: &Made) -> Result<()> {
    let dry_run = args.dry_run.dry_run;
    let link_type = match (dry_run, made.made) {
        (false, _) => match slot.existing().map_err(|error| link.failure(&error))? {
            Some((_, stat)) => type_word(stat.link_type()),
            None => return Err(link.failure(&ErrorKind::NotFound.into())),
        },
        (true, Kind::Junction) => type_word(LinkType::Directory),
        (true, _) => type_word(LinkType::File),
    };
    let because = made.because.as_ref();
    ctx.out.json(
        link.line("created")
            .set("kind", made.made.as_str())
            .set("type", link_type)
            .set_bytes("target", args.target.as_bytes())
            .set("requested", made.requested.as_str())
            .set("made", made.made.as_str())
            .set_opt("because", because.map(ToString::to_string))
            .set_opt("because_win32", because.map(|error| error.win32().0))
            .set("dry_run", dry_run),
    );
    if let Some(because) = because {
        ctx.out.note(&format!(
            "note: {}: a {} in place of a {}: {because}",
            link.display(),
            made.made.as_str(),
            made.requested.as_str(),
        ));
    }
    if dry_run {
        ctx.out.text_of(&[
            b"would make ",
            &link.bytes(),
            b" -> ",
            args.target.as_bytes(),
        ]);
    }
    Ok(())
}
