//! Names at the destination: which it can hold, and which collide there.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use linkwright_fs::{Capabilities, Name};
use linkwright_names::UpcaseTable;
use linkwright_names::validity::{NameErrorKind, check_win32_component};

use super::{IllegalNames, Problem};

/// The rules for names of a destination.
pub(super) enum Rules {
    /// Any name of the source can be there.
    Any,
    /// Windows' names: some characters are illegal, case tells nothing apart.
    Windows(UpcaseTable),
}

/// The names that one directory got in this copy, folded, as hashes: there may
/// be millions. Two names of one hash are as improbable as the hash is wide.
#[derive(Default)]
pub(super) struct Taken {
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl Taken {
    fn has(&self, folded: &[u16]) -> bool {
        self.hashes.contains(&self.hasher.hash_one(folded))
    }

    fn add(&mut self, folded: &[u16]) {
        self.hashes.insert(self.hasher.hash_one(folded));
    }
}

impl Rules {
    pub(super) fn of(capabilities: Capabilities) -> Self {
        match capabilities.contains(Capabilities::WINDOWS_NAMES) {
            true => Self::Windows(UpcaseTable::windows()),
            false => Self::Any,
        }
    }

    /// The name that `name` gets in a directory.
    pub(super) fn place(
        &self,
        name: &Name,
        illegal: IllegalNames,
        taken: &mut Taken,
    ) -> Result<Name, Problem> {
        let Self::Windows(upcase) = self else {
            return Ok(name.clone());
        };
        let mut placed = name.clone();
        if let Err(error) = check_win32_component(name.units()) {
            placed = match illegal {
                IllegalNames::Refuse => return Err(Problem::IllegalName(error.kind)),
                IllegalNames::Rename => escape_illegal(name),
            };
        }
        if taken.has(&upcase.fold_name(placed.units())) {
            match illegal {
                IllegalNames::Refuse => return Err(Problem::CaseCollision),
                IllegalNames::Rename => placed = escape_first(&placed),
            }
        }
        if let Err(error) = check_win32_component(placed.units()) {
            return Err(Problem::IllegalName(error.kind));
        }
        let folded = upcase.fold_name(placed.units());
        if taken.has(&folded) {
            return Err(Problem::CaseCollision);
        }
        taken.add(&folded);
        Ok(placed)
    }
}

/// Each unit at fault as `%` and its number in hexadecimal; a device name loses
/// its first letter that way.
fn escape_illegal(name: &Name) -> Name {
    let mut units = Vec::with_capacity(name.units().len() + 8);
    let last = name.units().len().saturating_sub(1);
    for (at, &unit) in name.units().iter().enumerate() {
        let ends = at == last && (unit == u16::from(b'.') || unit == u16::from(b' '));
        if ends || is_illegal(unit) {
            push_escape(&mut units, unit);
        } else {
            units.push(unit);
        }
    }
    let escaped = Name::from_units(units);
    match check_win32_component(escaped.units()) {
        Err(error) if matches!(error.kind, NameErrorKind::Device(_)) => escape_first(&escaped),
        _ => escaped,
    }
}

fn is_illegal(unit: u16) -> bool {
    unit < 0x20
        || [b'"', b'*', b'/', b':', b'<', b'>', b'?', b'\\', b'|']
            .iter()
            .any(|&byte| unit == u16::from(byte))
}

fn escape_first(name: &Name) -> Name {
    let mut units = Vec::with_capacity(name.units().len() + 4);
    for (at, &unit) in name.units().iter().enumerate() {
        match at {
            0 => push_escape(&mut units, unit),
            _ => units.push(unit),
        }
    }
    Name::from_units(units)
}

fn push_escape(units: &mut Vec<u16>, unit: u16) {
    let width = if unit < 0x100 { 2 } else { 4 };
    units.extend(format!("%{unit:0width$X}").encode_utf16());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str, illegal: IllegalNames, taken: &mut Taken) -> Result<String, Problem> {
        Rules::of(Capabilities::WINDOWS_NAMES)
            .place(&Name::from(name), illegal, taken)
            .map(|name| name.to_string())
    }

    #[test]
    fn illegal_names_are_refused_or_escaped() {
        for (name, escaped) in [
            ("a:b", "a%3Ab"),
            ("a*?", "a%2A%3F"),
            ("end.", "end%2E"),
            ("end ", "end%20"),
            ("CON", "%43ON"),
            ("nul.txt", "%6Eul.txt"),
            ("a\\b", "a%5Cb"),
            ("tab\t", "tab%09"),
        ] {
            assert!(
                matches!(
                    place(name, IllegalNames::Refuse, &mut Taken::default()),
                    Err(Problem::IllegalName(_))
                ),
                "{name}"
            );
            assert_eq!(
                place(name, IllegalNames::Rename, &mut Taken::default()).unwrap(),
                escaped
            );
        }
    }

    #[test]
    fn names_that_differ_in_case_only_collide() {
        let mut taken = Taken::default();
        assert_eq!(
            place("Readme", IllegalNames::Refuse, &mut taken).unwrap(),
            "Readme"
        );
        assert!(matches!(
            place("README", IllegalNames::Refuse, &mut taken),
            Err(Problem::CaseCollision)
        ));
        assert_eq!(
            place("README", IllegalNames::Rename, &mut taken).unwrap(),
            "%52EADME"
        );
        assert_eq!(
            place("other", IllegalNames::Refuse, &mut taken).unwrap(),
            "other"
        );
    }

    #[test]
    fn too_long_names_cannot_be_helped() {
        let long = "x".repeat(256);
        assert!(matches!(
            place(&long, IllegalNames::Rename, &mut Taken::default()),
            Err(Problem::IllegalName(NameErrorKind::TooLong { .. }))
        ));
    }

    #[test]
    fn a_posix_destination_takes_any_name() {
        let mut taken = Taken::default();
        let rules = Rules::of(Capabilities::empty());
        for name in ["a", "A", "a:b"] {
            assert!(
                rules
                    .place(&Name::from(name), IllegalNames::Refuse, &mut taken)
                    .is_ok()
            );
        }
    }
}
