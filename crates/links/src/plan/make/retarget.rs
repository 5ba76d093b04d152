//! `retarget`: the beginning of targets, turned into another.

use linkwright_fs::{LinkContent, Name, Result};
use linkwright_names::UpcaseTable;

use super::step::{Change, Steps, own_type};
use super::{Scope, Sink, Skip, each_link, tell};
use crate::target::{Form, Grammar, TargetText, after_components, components, with_text};
use crate::text::{nt_to_win32, win32_to_nt};
use crate::walk::Place;

/// A beginning of targets, and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetMap {
    old: Name,
    new: Name,
}

/// What is no map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// There is no `=`.
    #[error("a map is written OLD=NEW")]
    NoEquals,
    /// A side is empty.
    #[error("both sides of a map name a path")]
    Empty,
    /// One side begins at a drive or share, the other does not.
    #[error("both sides of a map begin in the same way: a drive or share, a root, or a name")]
    Forms,
}

impl TargetMap {
    /// From `OLD=NEW`.
    ///
    /// # Errors
    /// [`MapError`].
    pub fn parse(text: &Name) -> std::result::Result<Self, MapError> {
        let units = text.units();
        let at = units.iter().position(|&unit| unit == u16::from(b'='));
        let (old, new) = units.split_at(at.ok_or(MapError::NoEquals)?);
        let new = new.get(1..).unwrap_or_default();
        Self::new(old, new)
    }

    fn new(old: &[u16], new: &[u16]) -> std::result::Result<Self, MapError> {
        if old.is_empty() || new.is_empty() {
            return Err(MapError::Empty);
        }
        let class = |text: &[u16]| match Grammar::Windows.form(text) {
            Form::Relative => 0,
            Form::Rooted => 1,
            Form::Drive | Form::Share | Form::Device => 2,
        };
        match class(old) == class(new) {
            true => Ok(Self {
                old: Name::from_units(old.to_vec()),
                new: Name::from_units(new.to_vec()),
            }),
            false => Err(MapError::Forms),
        }
    }

    /// A text with its beginning turned; `None` when it begins otherwise. Whole
    /// names match, on Windows in any case and with either separator.
    fn turn(&self, grammar: Grammar, text: &[u16], upcase: &UpcaseTable) -> Option<Vec<u16>> {
        let old = same_way(grammar, self.old.units());
        let whole = same_way(grammar, text);
        if grammar.form(&old) != grammar.form(&whole) {
            return None;
        }
        let wanted: Vec<&[u16]> = components(grammar, &old).collect();
        let mut found = components(grammar, &whole);
        let matches = wanted.iter().all(|name| {
            found.next().is_some_and(|other| match grammar {
                Grammar::Windows => upcase.eq_ignore_case(name, other),
                Grammar::Posix => *name == other,
            })
        });
        if !matches {
            return None;
        }
        let rest = after_components(grammar, &whole, wanted.len());
        Some(self.joined(grammar, rest))
    }

    /// The new beginning with what came behind the old one.
    fn joined(&self, grammar: Grammar, rest: &[u16]) -> Vec<u16> {
        let separator = grammar.separator();
        let mut new: Vec<u16> = self
            .new
            .units()
            .iter()
            .map(|&unit| match grammar.separates(unit) {
                true => separator,
                false => unit,
            })
            .collect();
        let rest_names = components(grammar, rest).next().is_some();
        while new.len() > 1 && new.last() == Some(&separator) {
            new.pop();
        }
        if grammar.form(&new) == Form::Drive && new.len() == 2 && !rest_names {
            new.push(separator);
        }
        match (rest_names, new == [separator]) {
            (false, _) => new,
            (true, true) => rest.to_vec(),
            (true, false) => [new, rest.to_vec()].concat(),
        }
    }
}

/// `\\?\C:\x` is `C:\x`.
fn same_way(grammar: Grammar, text: &[u16]) -> Vec<u16> {
    match (grammar, grammar.form(text)) {
        (Grammar::Windows, Form::Device) => nt_to_win32(&win32_to_nt(text)),
        _ => text.to_vec(),
    }
}

/// Plans to turn the beginnings of targets; the first map that matches counts.
/// Mount points stay: they name volumes, not paths.
///
/// # Errors
/// The place cannot be listed.
pub fn retarget(top: &Place, maps: &[TargetMap], sink: Sink<'_>) -> Result<()> {
    let upcase = UpcaseTable::windows();
    let mut steps = Steps::default();
    each_link(top, Scope::Links, sink, &mut |met, content, sink| {
        let Some(turned) = turned(content, maps, &upcase) else {
            return Ok(std::ops::ControlFlow::Continue(()));
        };
        let content_after = match turned {
            Ok(turned) => turned,
            Err(why) => return Ok(tell(met.path, Err(why), sink)),
        };
        let change = Change::Link(own_type(met.stat), content_after);
        let why = vec!["retarget".to_owned()];
        let step = steps.change(top, met, content, change, why)?;
        Ok(step.map_or(std::ops::ControlFlow::Continue(()), |step| {
            tell(met.path, step, sink)
        }))
    })
}

/// A link with its target turned; `None` when no map matches, or nothing changes.
fn turned(
    content: &LinkContent,
    maps: &[TargetMap],
    upcase: &UpcaseTable,
) -> Option<std::result::Result<LinkContent, Skip>> {
    let text = TargetText::of(content)?;
    let (map, units) = maps
        .iter()
        .find_map(|map| Some((map, map.turn(text.grammar, &text.units, upcase)?)))?;
    let print = match text.print.as_deref() {
        None => units.clone(),
        Some([]) => Vec::new(),
        // What is shown is of the same place, written in its own way; or of
        // another one, and then says the new place from now on.
        Some(print) => map
            .turn(text.grammar, print, upcase)
            .unwrap_or_else(|| units.clone()),
    };
    match with_text(content, &units, &print) {
        Ok(new) if new == *content => None,
        Ok(new) => Some(Ok(new)),
        Err(error) => Some(Err(Skip::Target(error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(map: &str, grammar: Grammar, text: &str) -> Option<String> {
        let map = TargetMap::parse(&Name::from(map)).unwrap();
        let text: Vec<u16> = text.encode_utf16().collect();
        let turned = map.turn(grammar, &text, &UpcaseTable::windows())?;
        Some(String::from_utf16(&turned).unwrap())
    }

    #[test]
    fn whole_names_are_turned_in_any_case_and_with_any_separator() {
        for (map, text, turned) in [
            (r"D:\old=E:\new", r"D:\old\a", Some(r"E:\new\a")),
            (r"D:\old=E:\new", r"d:\OLD\a", Some(r"E:\new\a")),
            (r"D:/old/=E:/new/", r"D:\old\a", Some(r"E:\new\a")),
            (r"D:\old=E:\new", r"D:/old\a", Some(r"E:\new\a")),
            (r"D:\old=E:\new", r"D:\old", Some(r"E:\new")),
            (r"D:\old=E:\new", r"D:\older\a", None),
            (r"D:\old=E:\new", r"C:\old\a", None),
            (r"D:=E:", r"D:\a", Some(r"E:\a")),
            (r"D:\=E:\", r"D:\a\b", Some(r"E:\a\b")),
            (r"D:\old=E:", r"D:\old", Some(r"E:\")),
            (r"D:\old=E:", r"D:\old\a", Some(r"E:\a")),
            (r"D:\old=E:\new", r"\\?\D:\old\a", Some(r"E:\new\a")),
            (
                r"\\server\share=\\other\share\dir",
                r"\\SERVER\share\a",
                Some(r"\\other\share\dir\a"),
            ),
            (
                r"D:\old=\\server\share",
                r"D:\old\a",
                Some(r"\\server\share\a"),
            ),
            (r"\old=\new", r"\old\a", Some(r"\new\a")),
            (r"\old=\", r"\old\a", Some(r"\a")),
            (r"lib=lib2", r"lib\a", Some(r"lib2\a")),
            (r"lib=lib2", r"..\lib\a", None),
        ] {
            assert_eq!(
                turn(map, Grammar::Windows, text).as_deref(),
                turned,
                "{map} {text}"
            );
        }
    }

    #[test]
    fn texts_of_posix_are_turned_as_they_stand() {
        let turn = |map, text| turn(map, Grammar::Posix, text);
        assert_eq!(
            turn("/mnt/c=/mnt/d", "/mnt/c/a").as_deref(),
            Some("/mnt/d/a")
        );
        assert_eq!(turn("/mnt/c=/mnt/d", "/mnt/C/a"), None);
        assert_eq!(turn("/old=/", "/old/a").as_deref(), Some("/a"));
        assert_eq!(turn("/old=/", "/old").as_deref(), Some("/"));
        assert_eq!(turn(r"D:\old=E:\new", "/D:/old"), None);
    }

    #[test]
    fn maps_that_make_no_sense_are_refused() {
        let parse = |text: &str| TargetMap::parse(&Name::from(text));
        assert_eq!(parse("D:"), Err(MapError::NoEquals));
        assert_eq!(parse("=E:"), Err(MapError::Empty));
        assert_eq!(parse(r"D:\a=b"), Err(MapError::Forms));
    }
}
