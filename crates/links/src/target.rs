//! The text of a link's target: its form, the text without what is needless in
//! it, and the content of the link with another text.

use linkwright_fs::{Error, ErrorKind, LinkContent, Name, ReparseBuffer, Result};
use linkwright_names::path::Win32PathKind;
use linkwright_reparse::{LxSymlink, MountPoint, SYMLINK_FLAG_RELATIVE, SymbolicLink};

use crate::text::{nt_to_win32, win32_to_nt};

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;
const DOT: u16 = b'.' as u16;

/// Where a target begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// At the directory of the link.
    Relative,
    /// At the root of the volume of the link; at `/`.
    Rooted,
    /// At a drive: `C:\dir`.
    Drive,
    /// At a share: `\\server\share`.
    Share,
    /// At a volume by its GUID, or at another device.
    Device,
}

/// Whose rules a target follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grammar {
    /// `\` separates, `/` should.
    Windows,
    /// `/` separates; links of POSIX and of WSL.
    Posix,
}

impl Grammar {
    /// Whether a unit separates names where people write the text.
    pub fn separates(self, unit: u16) -> bool {
        match self {
            Self::Windows => unit == BACKSLASH || unit == SLASH,
            Self::Posix => unit == SLASH,
        }
    }

    /// What separates names in a text that is well written.
    pub fn separator(self) -> u16 {
        match self {
            Self::Windows => BACKSLASH,
            Self::Posix => SLASH,
        }
    }

    /// Where a text begins.
    pub fn form(self, text: &[u16]) -> Form {
        match self {
            Self::Posix if text.first() == Some(&SLASH) => Form::Rooted,
            Self::Posix => Form::Relative,
            Self::Windows => match Win32PathKind::of(text) {
                Win32PathKind::Relative => Form::Relative,
                Win32PathKind::Rooted => Form::Rooted,
                Win32PathKind::DriveRelative | Win32PathKind::DriveAbsolute => Form::Drive,
                Win32PathKind::UncAbsolute => Form::Share,
                Win32PathKind::LocalDevice
                | Win32PathKind::Verbatim
                | Win32PathKind::RootLocalDevice => Form::Device,
            },
        }
    }
}

/// The target of a link as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetText {
    /// Whose rules it follows.
    pub grammar: Grammar,
    /// Where it begins.
    pub form: Form,
    /// The text that is followed.
    pub units: Vec<u16>,
    /// The text that is shown to people, where that is another one.
    pub print: Option<Vec<u16>>,
}

impl TargetText {
    /// What a link holds; `None` for a reparse point without such a text.
    pub fn of(content: &LinkContent) -> Option<Self> {
        let (grammar, units, print) = match content {
            LinkContent::Posix(text) => (Grammar::Posix, host_units(text), None),
            LinkContent::Reparse(ReparseBuffer::LxSymlink(link)) => {
                (Grammar::Posix, host_units(link.target()), None)
            }
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) => {
                let text = match link.is_relative() {
                    true => link.substitute_name().to_vec(),
                    false => nt_to_win32(link.substitute_name()),
                };
                (Grammar::Windows, text, Some(link.print_name().to_vec()))
            }
            LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) => (
                Grammar::Windows,
                nt_to_win32(mount.substitute_name()),
                Some(mount.print_name().to_vec()),
            ),
            LinkContent::Reparse(ReparseBuffer::Other(_)) => return None,
        };
        // A relative link is one whatever its text looks like.
        let form = match content {
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) if link.is_relative() => {
                match units.first() {
                    Some(&BACKSLASH) => Form::Rooted,
                    _ => Form::Relative,
                }
            }
            _ => grammar.form(&units),
        };
        Some(Self {
            grammar,
            form,
            units,
            print,
        })
    }

    /// The text as a name, for messages.
    pub fn name(&self) -> Name {
        Name::from_units(self.units.clone())
    }

    /// The text without `.`, without `..` after a name, without doubled, mixed or
    /// trailing separators; a drive or share without what makes it a device. The text of
    /// a relative link that looks like a drive keeps a `.` in front.
    pub fn clean(&self) -> Vec<u16> {
        let text = clean(self.grammar, self.form, &self.units);
        let form = self.grammar.form(&text);
        match self.form {
            Form::Device => {
                // As a link that is given this text is read.
                let read = nt_to_win32(&win32_to_nt(&text));
                clean(self.grammar, self.grammar.form(&read), &read)
            }
            // `C:x` below the directory of the link is no drive.
            Form::Relative if form != Form::Relative => {
                [&[DOT, self.grammar.separator()], text.as_slice()].concat()
            }
            _ => text,
        }
    }

    /// Whether `..` comes after a name, which means another place when that name
    /// is a link of POSIX.
    pub fn goes_up_again(&self) -> bool {
        let mut names = self
            .units
            .split(|&unit| self.grammar.separates(unit))
            .filter(|part| !matches!(part, [] | [DOT]))
            .skip_while(|part| *part == [DOT, DOT]);
        names.any(|part| part == [DOT, DOT])
    }
}

fn host_units(text: &[u8]) -> Vec<u16> {
    Name::from_host_bytes(text).units().to_vec()
}

/// A text without what is needless in it; [`Form::Device`] other than a volume
/// stays as it is.
pub(crate) fn clean(grammar: Grammar, form: Form, text: &[u16]) -> Vec<u16> {
    let separator = grammar.separator();
    let (root, rest) = split_root(grammar, form, text);
    let mut parts: Vec<&[u16]> = Vec::new();
    for part in rest.split(|&unit| grammar.separates(unit)) {
        match part {
            [] | [DOT] => {}
            [DOT, DOT] => match parts.last() {
                Some(&[DOT, DOT]) => parts.push(part),
                Some(_) => {
                    parts.pop();
                }
                None if form == Form::Relative => parts.push(part),
                None => {}
            },
            name => parts.push(name),
        }
    }
    let below = parts.join(&separator);
    match (root.is_empty(), below.is_empty()) {
        (true, true) => vec![DOT],
        (true, false) => below,
        (false, true) if form == Form::Share => root,
        (false, true) => ended(root, separator),
        (false, false) => [ended(root, separator), below].concat(),
    }
}

/// A root with a separator behind it.
fn ended(mut root: Vec<u16>, separator: u16) -> Vec<u16> {
    if root.last() != Some(&separator) {
        root.push(separator);
    }
    root
}

/// What a text begins at, well written, and what comes below it.
fn split_root(grammar: Grammar, form: Form, text: &[u16]) -> (Vec<u16>, &[u16]) {
    let separator = grammar.separator();
    let named = |count: usize, lead: &[u16]| {
        let rest = after_components(grammar, text, count);
        let names = components(grammar, text).take(count).collect::<Vec<_>>();
        ([lead, &names.join(&separator)].concat(), rest)
    };
    match form {
        Form::Relative => (Vec::new(), text),
        Form::Rooted => (vec![separator], text),
        Form::Drive => named(1, &[]),
        Form::Share => named(2, &[separator, separator]),
        // `?` and the volume or device.
        Form::Device => named(2, &[separator, separator]),
    }
}

/// The names in a text.
pub(crate) fn components(grammar: Grammar, text: &[u16]) -> impl Iterator<Item = &[u16]> {
    text.split(move |&unit| grammar.separates(unit))
        .filter(|part| !part.is_empty())
}

/// What comes behind so many names, the separator before it included.
pub(crate) fn after_components(grammar: Grammar, text: &[u16], count: usize) -> &[u16] {
    let mut rest = text;
    for _ in 0..count {
        let name = rest
            .iter()
            .position(|&unit| !grammar.separates(unit))
            .unwrap_or(rest.len());
        rest = rest.get(name..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|&unit| grammar.separates(unit))
            .unwrap_or(rest.len());
        rest = rest.get(end..).unwrap_or_default();
    }
    rest
}

/// The same kind of link with another target, both of its names written anew:
/// `text` is followed, `print` shown.
///
/// # Errors
/// `InvalidTarget` when this kind of link cannot hold such a text, as a junction
/// one to a share; `TargetTooLong`.
pub fn with_text(content: &LinkContent, text: &[u16], print: &[u16]) -> Result<LinkContent> {
    Ok(match content {
        LinkContent::Posix(_) if text.is_empty() => return Err(ErrorKind::InvalidTarget.into()),
        LinkContent::Posix(_) => {
            LinkContent::Posix(Name::from_units(text.to_vec()).to_host_bytes())
        }
        LinkContent::Reparse(buffer) => LinkContent::Reparse(match buffer {
            ReparseBuffer::SymbolicLink(link) => symbolic(link.flags(), text, print)?.into(),
            ReparseBuffer::MountPoint(_) => mount(text, print)?.into(),
            ReparseBuffer::LxSymlink(_) => {
                LxSymlink::new(&Name::from_units(text.to_vec()).to_host_bytes())?.into()
            }
            ReparseBuffer::Other(_) => return Err(ErrorKind::InvalidTarget.into()),
        }),
    })
}

/// A symbolic link of Windows with these names; the other flags stay.
pub(crate) fn symbolic(flags: u32, text: &[u16], print: &[u16]) -> Result<SymbolicLink> {
    if text.is_empty() {
        return Err(ErrorKind::InvalidTarget.into());
    }
    let kept = flags & !SYMLINK_FLAG_RELATIVE;
    Ok(match Grammar::Windows.form(text) {
        Form::Relative | Form::Rooted => {
            SymbolicLink::new(print, text, kept | SYMLINK_FLAG_RELATIVE)?
        }
        Form::Drive | Form::Share | Form::Device => {
            SymbolicLink::new(print, &win32_to_nt(text), kept)?
        }
    })
}

fn mount(text: &[u16], print: &[u16]) -> Result<MountPoint> {
    match Grammar::Windows.form(text) {
        Form::Drive | Form::Device => Ok(MountPoint::new(&win32_to_nt(text), print)?),
        Form::Relative | Form::Rooted | Form::Share => Err(Error::with_source(
            ErrorKind::InvalidTarget,
            "a junction leads to a directory on a drive",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn cleaned(grammar: Grammar, text: &str) -> String {
        let text = units(text);
        String::from_utf16(&clean(grammar, grammar.form(&text), &text)).unwrap()
    }

    #[test]
    fn what_a_text_is_does_not_change_when_it_is_cleaned() {
        let absolute = |text: &str| SymbolicLink::new(&[], &units(text), 0).unwrap();
        let relative =
            |text: &str| SymbolicLink::new(&[], &units(text), SYMLINK_FLAG_RELATIVE).unwrap();
        for (link, clean) in [
            (absolute("\\/?\\C:\\a\\"), "C:\\a"),
            (absolute("\\??\\\u{e4}:\\a\\"), "\u{e4}:\\a"),
            (absolute("\\??\\Volume{1}\\"), "\\\\?\\Volume{1}\\"),
            (relative("C:\\a\\"), ".\\C:\\a"),
            (relative(".\\C:a"), ".\\C:a"),
        ] {
            let content = LinkContent::Reparse(link.into());
            let text = TargetText::of(&content).unwrap().clean();
            assert_eq!(String::from_utf16(&text).unwrap(), clean);
            let again = with_text(&content, &text, &text).unwrap();
            assert_eq!(TargetText::of(&again).unwrap().clean(), text, "{clean}");
        }
    }

    #[test]
    fn texts_of_windows_lose_what_is_needless() {
        for (text, clean) in [
            ("a\\b", "a\\b"),
            (".\\a", "a"),
            ("a\\.\\b\\", "a\\b"),
            ("a\\x\\..\\b", "a\\b"),
            ("..\\..\\a", "..\\..\\a"),
            ("..\\a\\..\\..\\b", "..\\..\\b"),
            ("a/b\\\\c", "a\\b\\c"),
            (".", "."),
            ("a\\..", "."),
            ("\\a\\..\\..\\b", "\\b"),
            ("\\", "\\"),
            ("C:\\", "C:\\"),
            ("C:", "C:\\"),
            ("C:\\a\\", "C:\\a"),
            ("c:\\..\\a", "c:\\a"),
            ("\\\\server\\share", "\\\\server\\share"),
            ("\\\\server\\share\\a\\", "\\\\server\\share\\a"),
            ("\\\\?\\Volume{1}\\", "\\\\?\\Volume{1}\\"),
            ("\\\\?\\Volume{1}\\a\\\\b", "\\\\?\\Volume{1}\\a\\b"),
        ] {
            assert_eq!(cleaned(Grammar::Windows, text), clean, "{text}");
        }
    }

    #[test]
    fn texts_of_posix_too() {
        for (text, clean) in [
            ("a/b", "a/b"),
            ("./a//b/", "a/b"),
            ("a\\b", "a\\b"),
            ("/a/./b", "/a/b"),
            ("//a", "/a"),
            ("/", "/"),
            ("../a", "../a"),
        ] {
            assert_eq!(cleaned(Grammar::Posix, text), clean, "{text}");
        }
    }

    #[test]
    fn another_text_keeps_the_kind_and_the_flags() {
        let link = SymbolicLink::new(&units("a"), &units("a"), 0x2000_0001).unwrap();
        let content = LinkContent::Reparse(link.into());
        let text = units("E:\\b");
        let LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) =
            with_text(&content, &text, &text).unwrap()
        else {
            panic!("a symbolic link");
        };
        assert_eq!(link.substitute_name(), units("\\??\\E:\\b"));
        assert_eq!(link.print_name(), units("E:\\b"));
        assert_eq!(link.flags(), 0x2000_0000);

        let junction = MountPoint::junction(&units("C:\\a")).unwrap();
        let content = LinkContent::Reparse(junction.into());
        let share = units("\\\\server\\share");
        let refused = with_text(&content, &share, &share).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidTarget);
    }
}
