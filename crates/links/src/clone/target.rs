//! Where a link leads, by its text alone, and the text that leads to the
//! counterpart.

use linkwright_fs::{LinkContent, Name, Result};
use linkwright_names::UpcaseTable;

use crate::target::{Form, Grammar, TargetText, with_text};
use crate::text::relative_path;

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leads {
    /// To this path of the volume.
    To {
        path: Vec<Name>,
        /// Whether the text goes above the top of the tree on its way.
        climbs: bool,
    },
    /// To another volume or machine, or only its own program knows.
    Elsewhere,
}

/// How names of a volume compare.
pub(super) enum Same {
    Exact,
    Folded(UpcaseTable),
}

impl Same {
    pub(super) fn names(&self, a: &Name, b: &Name) -> bool {
        match self {
            Self::Exact => a == b,
            Self::Folded(table) => {
                a == b || table.fold_name(a.units()) == table.fold_name(b.units())
            }
        }
    }

    /// Whether a path is `top` or below it.
    pub(super) fn is_below(&self, path: &[Name], top: &[Name]) -> bool {
        path.len() >= top.len() && path.iter().zip(top).all(|(a, b)| self.names(a, b))
    }
}

/// Reads the target of a link in the directory `dir`.
pub(super) fn leads(
    text: &TargetText,
    content: &LinkContent,
    dir: &[Name],
    top: &[Name],
    drive: Option<char>,
) -> Leads {
    let is_lx = text.grammar == Grammar::Posix && matches!(content, LinkContent::Reparse(_));
    let (mut path, rest) = match text.form {
        Form::Relative => (dir.to_vec(), text.units.as_slice()),
        // The root of WSL is no root of a volume.
        Form::Rooted if is_lx => return Leads::Elsewhere,
        Form::Rooted => (Vec::new(), text.units.as_slice()),
        Form::Drive => match on_drive(&text.units, drive) {
            Some(rest) => (Vec::new(), rest),
            None => return Leads::Elsewhere,
        },
        Form::Share | Form::Device => return Leads::Elsewhere,
    };
    let dots = [u16::from(b'.'); 2];
    let mut climbs = false;
    for part in rest.split(|&unit| text.grammar.separates(unit)) {
        if part.is_empty() || part == &dots[..1] {
            continue;
        }
        if part == dots {
            path.pop();
            climbs |= path.len() < top.len();
        } else {
            path.push(Name::from_units(part.to_vec()));
        }
    }
    Leads::To { path, climbs }
}

/// What comes after `X:\`, when that is the drive.
fn on_drive(units: &[u16], drive: Option<char>) -> Option<&[u16]> {
    let [letter, colon, separator, rest @ ..] = units else {
        return None;
    };
    let letter = char::from_u32(u32::from(*letter))?;
    let is_drive = letter.eq_ignore_ascii_case(&drive?) && *colon == u16::from(b':');
    (is_drive && Grammar::Windows.separates(*separator)).then_some(rest)
}

/// The link with a text of the same form that leads to `path` from the directory
/// `dir`.
pub(super) fn lead_to(
    content: &LinkContent,
    text: &TargetText,
    dir: &[Name],
    path: &[Name],
) -> Result<LinkContent> {
    let separator = text.grammar.separator();
    let joined = || {
        let mut units = Vec::new();
        for (at, name) in path.iter().enumerate() {
            if at > 0 {
                units.push(separator);
            }
            units.extend_from_slice(name.units());
        }
        units
    };
    let units = match text.form {
        Form::Relative => {
            let separator = match text.grammar {
                Grammar::Windows => '\\',
                Grammar::Posix => '/',
            };
            relative_path(dir, path, separator).units().to_vec()
        }
        Form::Drive => {
            let drive = text.units.get(..2).unwrap_or_default();
            [drive, &[separator], &joined()].concat()
        }
        Form::Rooted | Form::Share | Form::Device => [&[separator][..], &joined()].concat(),
    };
    with_text(content, &units, &units)
}
