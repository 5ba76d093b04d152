//! `mklink`: cmd's words and cmd's results.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use linkwright_fs::{LinkType, Name, Replace, Win32Error};
use linkwright_links::make::{self, Kind, symbolic_content};

use crate::args::MklinkArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::report::Report;
use crate::verbs::link;

const USAGE: &str = "\
Creates a symbolic link.

MKLINK [[/D] | [/H] | [/J]] Link Target

        /D      Creates a directory symbolic link.  Default is a file
                symbolic link.
        /H      Creates a hard link instead of a symbolic link.
        /J      Creates a Directory Junction.
        Link    Specifies the new symbolic link name.
        Target  Specifies the path (relative or absolute) that the new link
                refers to.";

/// What the switches ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    File,
    Directory,
    Hard,
    Junction,
}

pub(super) fn run(ctx: &Context, args: &MklinkArgs) -> Result<Report> {
    let Some((form, link, target)) = words(&args.words) else {
        let asked = args.words.iter().any(|word| word == "/?");
        if !asked {
            ctx.out.note("The syntax of the command is incorrect.");
        }
        ctx.out.text(USAGE);
        return Ok(Report {
            exit: Exit::Findings,
            counts: Vec::new(),
        });
    };
    match run_form(ctx, form, link, target, args.dry_run.dry_run) {
        Ok(()) => {
            say(ctx, form, link, target);
            Ok(Report::done())
        }
        Err(failure) => Err(in_words_of_cmd(failure)),
    }
}

/// Switches come anywhere, in either case, as cmd takes them.
fn words(words: &[OsString]) -> Option<(Form, &OsStr, &OsStr)> {
    let mut form = Form::File;
    let mut places = Vec::new();
    for word in words {
        match word.as_bytes() {
            [b'/', switch] => {
                form = match switch.to_ascii_uppercase() {
                    b'D' => Form::Directory,
                    b'H' => Form::Hard,
                    b'J' => Form::Junction,
                    _ => return None,
                }
            }
            _ => places.push(word.as_os_str()),
        }
    }
    match places.as_slice() {
        [link, target] => Some((form, link, target)),
        _ => None,
    }
}

fn run_form(ctx: &Context, form: Form, link: &OsStr, target: &OsStr, dry_run: bool) -> Result<()> {
    let access = link::access(dry_run);
    let place = ctx.spot(link, access)?;
    place.refuse_stream()?;
    let slot = place.slot(ctx)?;
    let (kind, made) = match form {
        Form::Hard => (Kind::Hard, link::hard(ctx, target, &slot)?),
        Form::Junction => (Kind::Junction, link::junction(ctx, target, &place, &slot)?),
        Form::File | Form::Directory => {
            let link_type = match form {
                Form::Directory => LinkType::Directory,
                _ => LinkType::File,
            };
            let content = symbolic_content(&slot, &Name::from_host(target))
                .map_err(|error| place.failure(&error))?;
            (Kind::Symlink, make::Form::Link { link_type, content })
        }
    };
    link::make(&place, &slot, link::only(kind, made), Replace::No, dry_run).map(drop)
}

fn say(ctx: &Context, form: Form, link: &OsStr, target: &OsStr) {
    let what: &[u8] = match form {
        Form::File | Form::Directory => b"symbolic link",
        Form::Hard => b"Hardlink",
        Form::Junction => b"Junction",
    };
    let line = [
        what,
        b" created for ",
        link.as_bytes(),
        b" <<===>> ",
        target.as_bytes(),
    ];
    ctx.out.text(ctx.out.shown(&line.concat()));
    let kind = match form {
        Form::File | Form::Directory => "symlink",
        Form::Hard => "hard",
        Form::Junction => "junction",
    };
    ctx.out.json(
        crate::output::Line::new("created")
            .set_bytes("path", link.as_bytes())
            .set("kind", kind)
            .set_bytes("target", target.as_bytes()),
    );
}

/// The system's own texts, where cmd shows them.
fn in_words_of_cmd(mut failure: Failure) -> Failure {
    let text = match failure.win32 {
        Some(Win32Error::ALREADY_EXISTS) => "Cannot create a file when that file already exists.",
        Some(Win32Error::ACCESS_DENIED) => "Access is denied.",
        Some(Win32Error::FILE_NOT_FOUND) => "The system cannot find the file specified.",
        Some(Win32Error::PATH_NOT_FOUND) => "The system cannot find the path specified.",
        Some(Win32Error::NOT_SAME_DEVICE) => {
            "The system cannot move the file to a different disk drive."
        }
        Some(Win32Error::TOO_MANY_LINKS) => {
            "An attempt was made to create more links on a file than the file system supports."
        }
        Some(Win32Error::INVALID_NAME) => {
            "The filename, directory name, or volume label syntax is incorrect."
        }
        _ => return failure,
    };
    failure.what = text.to_owned();
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Form, String, String)> {
        let words_: Vec<OsString> = text.split(' ').map(OsString::from).collect();
        words(&words_).map(|(form, link, target)| {
            let text = |word: &OsStr| word.to_str().unwrap().to_owned();
            (form, text(link), text(target))
        })
    }

    #[test]
    fn switches_are_cmds() {
        let is = |form| Some((form, "l".to_owned(), "t".to_owned()));
        assert_eq!(read("l t"), is(Form::File));
        assert_eq!(read("/D l t"), is(Form::Directory));
        assert_eq!(read("/h l t"), is(Form::Hard));
        assert_eq!(read("l /j t"), is(Form::Junction));
        assert_eq!(read("/x l t"), None);
        assert_eq!(read("/?"), None);
        assert_eq!(read("l"), None);
        assert_eq!(read("a b c"), None);
        // A host path of more than one letter is no switch.
        assert_eq!(
            read("/tmp /dir").map(|(_, link, _)| link),
            Some("/tmp".into())
        );
    }
}
