//! What a link of the source holds at the destination.

use linkwright_fs::{Capabilities, LinkContent, Name, ReparseBuffer};
use linkwright_reparse::{LxSymlink, MountPoint, SymbolicLink, TargetContext};

use super::{Loss, Options, PosixLinks, Problem, TargetMap};
use crate::text::{nt_to_win32, posix_to_windows, windows_to_posix};

/// A link as the destination can hold it, and what it lost.
#[derive(Debug)]
pub(crate) struct Translated {
    pub(crate) content: LinkContent,
    pub(super) loss: Option<Loss>,
}

impl From<LinkContent> for Translated {
    fn from(content: LinkContent) -> Self {
        Self {
            content,
            loss: None,
        }
    }
}

/// Turns what a link holds into what it is to hold at the destination.
pub(crate) fn translate(
    content: &LinkContent,
    destination: Capabilities,
    options: &Options,
) -> Result<Translated, Problem> {
    let to_windows = destination.contains(Capabilities::REPARSE_POINTS);
    match (content, to_windows) {
        (LinkContent::Posix(text), false) => Ok(posix_to_posix(text, options)),
        (LinkContent::Posix(text), true) => posix_to_reparse(text, options).map(Into::into),
        (LinkContent::Reparse(buffer), true) => same_or_mapped(buffer, options).map(Into::into),
        (LinkContent::Reparse(buffer), false) => reparse_to_posix(buffer, options),
    }
}

fn posix_to_posix(text: &[u8], options: &Options) -> Translated {
    let name = Name::from_host_bytes(text);
    let mapped = map_text(&name, &options.maps, is_slash);
    LinkContent::Posix(mapped.map_or_else(|| text.to_vec(), |name| name.to_host_bytes())).into()
}

fn posix_to_reparse(text: &[u8], options: &Options) -> Result<LinkContent, Problem> {
    let name = Name::from_host_bytes(text);
    if text.first() == Some(&b'/') {
        if let Some(mapped) = map_text(&name, &options.maps, is_slash) {
            let turned = Name::from_units(turn(mapped.units()));
            return symbolic_link(&turned);
        }
        return as_lx(text, options, Problem::AbsoluteTarget(name));
    }
    // A `\` would separate and a `:` start a stream or a drive.
    if text.iter().any(|&byte| matches!(byte, b'\\' | b':')) {
        return as_lx(text, options, Problem::ForeignTarget(name));
    }
    symbolic_link(&Name::from_units(posix_to_windows(text)))
}

fn as_lx(text: &[u8], options: &Options, problem: Problem) -> Result<LinkContent, Problem> {
    match options.posix_links {
        PosixLinks::Refuse => Err(problem),
        PosixLinks::Lx => LxSymlink::new(text)
            .map(|link| LinkContent::Reparse(link.into()))
            .map_err(|error| Problem::Failed(error.into())),
    }
}

fn symbolic_link(text: &Name) -> Result<LinkContent, Problem> {
    SymbolicLink::from_target_text(text.units(), &TargetContext::default())
        .map(|link| LinkContent::Reparse(link.into()))
        .map_err(|error| Problem::Failed(error.into()))
}

/// A reparse point stays byte for byte, unless a map matches its target.
fn same_or_mapped(buffer: &ReparseBuffer, options: &Options) -> Result<LinkContent, Problem> {
    let same = || Ok(LinkContent::Reparse(buffer.clone()));
    match buffer {
        ReparseBuffer::SymbolicLink(link) => {
            let text = Name::from_units(nt_to_win32(link.substitute_name()));
            match map_text(&text, &options.maps, is_separator) {
                Some(mapped) => symbolic_link(&mapped),
                None => same(),
            }
        }
        ReparseBuffer::MountPoint(mount) => {
            let text = Name::from_units(nt_to_win32(mount.substitute_name()));
            match map_text(&text, &options.maps, is_separator) {
                Some(mapped) => MountPoint::junction(mapped.units())
                    .map(|mount| LinkContent::Reparse(mount.into()))
                    .map_err(|error| Problem::Failed(error.into())),
                None => same(),
            }
        }
        ReparseBuffer::LxSymlink(_) | ReparseBuffer::Other(_) => same(),
    }
}

fn reparse_to_posix(buffer: &ReparseBuffer, options: &Options) -> Result<Translated, Problem> {
    match buffer {
        ReparseBuffer::LxSymlink(link) => Ok(posix_to_posix(link.target(), options)),
        ReparseBuffer::SymbolicLink(link) => {
            let text = nt_to_win32(link.substitute_name());
            let is_beside = link.is_relative() && !text.first().copied().is_some_and(is_separator);
            if is_beside {
                return Ok(LinkContent::Posix(windows_to_posix(&text)).into());
            }
            mapped_to_posix(text, options).map(Into::into)
        }
        ReparseBuffer::MountPoint(mount) => {
            let content = mapped_to_posix(nt_to_win32(mount.substitute_name()), options)?;
            Ok(Translated {
                content,
                loss: Some(Loss::JunctionType),
            })
        }
        ReparseBuffer::Other(other) => Err(Problem::ForeignReparsePoint(other.tag().0)),
    }
}

fn mapped_to_posix(text: Vec<u16>, options: &Options) -> Result<LinkContent, Problem> {
    let name = Name::from_units(text);
    match map_text(&name, &options.maps, is_separator) {
        Some(mapped) => Ok(LinkContent::Posix(windows_to_posix(mapped.units()))),
        None => Err(Problem::AbsoluteTarget(name)),
    }
}

/// The text with the first map that matches applied; a beginning matches only
/// where a name ends.
fn map_text(text: &Name, maps: &[TargetMap], separates: fn(u16) -> bool) -> Option<Name> {
    maps.iter().find_map(|map| {
        let old = map.old.units();
        let rest = strip_folded(text.units(), old)?;
        let ends = rest.first().is_none_or(|&unit| separates(unit))
            || old.last().copied().is_some_and(separates);
        if old.is_empty() || !ends {
            return None;
        }
        let mut units = map.new.units().to_vec();
        let joins = units.last().copied().is_some_and(is_separator);
        match (joins, rest.split_first()) {
            (true, Some((&first, tail))) if separates(first) => units.extend_from_slice(tail),
            (false, Some((&first, _))) if !units.is_empty() && !separates(first) => {
                units.push(u16::from(b'/'));
                units.extend_from_slice(rest);
            }
            _ => units.extend_from_slice(rest),
        }
        Some(Name::from_units(units))
    })
}

/// Drive letters are the same in either case; everything else is compared as
/// it stands.
fn strip_folded<'t>(text: &'t [u16], old: &[u16]) -> Option<&'t [u16]> {
    let (head, rest) = text.split_at_checked(old.len())?;
    let is_drive = old.get(1) == Some(&u16::from(b':'));
    let same =
        head.iter().zip(old).enumerate().all(|(at, (&a, &b))| {
            a == b || is_drive && at == 0 && ascii_upper(a) == ascii_upper(b)
        });
    same.then_some(rest)
}

fn ascii_upper(unit: u16) -> u16 {
    match u8::try_from(unit) {
        Ok(byte) => u16::from(byte.to_ascii_uppercase()),
        Err(_) => unit,
    }
}

fn turn(units: &[u16]) -> Vec<u16> {
    units
        .iter()
        .map(|&unit| {
            if is_slash(unit) {
                u16::from(b'\\')
            } else {
                unit
            }
        })
        .collect()
}

fn is_slash(unit: u16) -> bool {
    unit == u16::from(b'/')
}

fn is_separator(unit: u16) -> bool {
    is_slash(unit) || unit == u16::from(b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: Capabilities = Capabilities::REPARSE_POINTS;
    const POSIX: Capabilities = Capabilities::SYMBOLIC_LINKS;

    fn with(maps: &[(&str, &str)], posix_links: PosixLinks) -> Options {
        Options {
            maps: maps
                .iter()
                .map(|(old, new)| TargetMap {
                    old: Name::from(*old),
                    new: Name::from(*new),
                })
                .collect(),
            posix_links,
            ..Options::default()
        }
    }

    fn posix(text: &str) -> LinkContent {
        LinkContent::Posix(text.as_bytes().to_vec())
    }

    fn windows(text: &str) -> LinkContent {
        symbolic_link(&Name::from(text)).unwrap()
    }

    fn junction(text: &str) -> LinkContent {
        let units: Vec<u16> = text.encode_utf16().collect();
        LinkContent::Reparse(MountPoint::junction(&units).unwrap().into())
    }

    fn go(
        content: &LinkContent,
        to: Capabilities,
        options: &Options,
    ) -> Result<LinkContent, Problem> {
        translate(content, to, options).map(|translated| translated.content)
    }

    #[test]
    fn relative_targets_turn_their_separators() {
        let none = Options::default();
        assert_eq!(
            go(&posix("../a/b"), WINDOWS, &none).unwrap(),
            windows(r"..\a\b")
        );
        assert_eq!(
            go(&windows(r"..\a\b"), POSIX, &none).unwrap(),
            posix("../a/b")
        );
        assert_eq!(go(&posix("../a"), POSIX, &none).unwrap(), posix("../a"));
        assert_eq!(
            go(&windows(r"a\b"), WINDOWS, &none).unwrap(),
            windows(r"a\b")
        );
    }

    #[test]
    fn absolute_targets_need_a_map_or_a_form() {
        let none = Options::default();
        assert!(matches!(
            go(&posix("/data/x"), WINDOWS, &none),
            Err(Problem::AbsoluteTarget(_))
        ));
        assert!(matches!(
            go(&windows(r"C:\data"), POSIX, &none),
            Err(Problem::AbsoluteTarget(_))
        ));
        assert!(matches!(
            go(&windows(r"\data"), POSIX, &none),
            Err(Problem::AbsoluteTarget(_))
        ));
        let map = with(&[("/data", r"D:\files")], PosixLinks::Refuse);
        assert_eq!(
            go(&posix("/data/x/y"), WINDOWS, &map).unwrap(),
            windows(r"D:\files\x\y")
        );
        assert_eq!(
            go(&posix("/data"), WINDOWS, &map).unwrap(),
            windows(r"D:\files")
        );
        assert!(go(&posix("/database"), WINDOWS, &map).is_err());
        let root = with(&[("/", r"C:\")], PosixLinks::Refuse);
        assert_eq!(
            go(&posix("/a/b"), WINDOWS, &root).unwrap(),
            windows(r"C:\a\b")
        );
        let back = with(&[(r"c:\", "/mnt/c")], PosixLinks::Refuse);
        assert_eq!(
            go(&windows(r"C:\a\b"), POSIX, &back).unwrap(),
            posix("/mnt/c/a/b")
        );
        let lx = with(&[], PosixLinks::Lx);
        assert_eq!(
            go(&posix("/data/x"), WINDOWS, &lx).unwrap(),
            LinkContent::Reparse(LxSymlink::new(b"/data/x").unwrap().into())
        );
    }

    #[test]
    fn what_windows_reads_differently_is_not_written() {
        let none = Options::default();
        for text in ["a\\b", "a:b", "c:"] {
            assert!(matches!(
                go(&posix(text), WINDOWS, &none),
                Err(Problem::ForeignTarget(_))
            ));
        }
    }

    #[test]
    fn reparse_points_stay_byte_for_byte_unless_mapped() {
        let none = Options::default();
        let absolute = windows(r"C:\data\x");
        assert_eq!(go(&absolute, WINDOWS, &none).unwrap(), absolute);
        let there = junction(r"C:\data");
        assert_eq!(go(&there, WINDOWS, &none).unwrap(), there);
        let map = with(&[(r"C:\data", r"E:\new")], PosixLinks::Refuse);
        assert_eq!(go(&absolute, WINDOWS, &map).unwrap(), windows(r"E:\new\x"));
        assert_eq!(go(&there, WINDOWS, &map).unwrap(), junction(r"E:\new"));
    }

    #[test]
    fn a_junction_becomes_a_symbolic_link_and_that_is_said() {
        let map = with(&[(r"C:\", "/mnt/c/")], PosixLinks::Refuse);
        let translated = translate(&junction(r"C:\data"), POSIX, &map).unwrap();
        assert_eq!(translated.content, posix("/mnt/c/data"));
        assert_eq!(translated.loss, Some(Loss::JunctionType));
    }
}
