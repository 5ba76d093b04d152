//! How the system of a process is set up: variables of the environment, and
//! `LinkwrightConfigure` before the first use.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use linkwright_win32::{CodePage, DeveloperMode, Privileges, Token};

/// Names, without the prefix `LINKWRIGHT_`.
const NAMES: [&str; 6] = [
    "ACP",
    "CURRENT_DIRECTORY",
    "DEVELOPER_MODE",
    "DRIVES",
    "PRIVILEGES",
    "USER",
];

/// What was set by calls.
static SET: Mutex<BTreeMap<String, OsString>> = Mutex::new(BTreeMap::new());

fn overrides() -> MutexGuard<'static, BTreeMap<String, OsString>> {
    SET.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets what the environment would say; whether there is such a name.
pub(crate) fn set(name: &str, value: &OsStr) -> bool {
    let name = name.strip_prefix("LINKWRIGHT_").unwrap_or(name);
    let known = NAMES.contains(&name);
    if known {
        overrides().insert(name.to_owned(), value.to_owned());
    }
    known
}

/// A drive to map.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DriveSpec {
    pub(crate) letter: char,
    pub(crate) path: PathBuf,
    /// `@2`: the second partition.
    pub(crate) partition: Option<u32>,
}

impl DriveSpec {
    /// Of a letter, `C` or `C:`, and a place, `disk.img@2`. Where a file has the whole
    /// text for its name, that is meant.
    pub(crate) fn new(letter: &OsStr, place: &OsStr) -> Result<Self, String> {
        let letter = match letter.as_bytes() {
            [letter] | [letter, b':'] if letter.is_ascii_alphabetic() => char::from(*letter),
            _ => return Err(format!("{} is no drive letter", letter.display())),
        };
        let letter = letter.to_ascii_uppercase();
        let bytes = place.as_bytes();
        let at = bytes.iter().rposition(|&byte| byte == b'@');
        let number = at.and_then(|at| {
            let number = std::str::from_utf8(bytes.get(at + 1..)?).ok()?;
            Some((at, number.parse().ok()?))
        });
        let (path, partition) = match number {
            Some((at, number)) if !Path::new(place).exists() => {
                let path = OsStr::from_bytes(bytes.get(..at).unwrap_or(bytes));
                (path, Some(number))
            }
            _ => (place, None),
        };
        if path.is_empty() {
            return Err(format!("{letter}: nothing to map"));
        }
        Ok(Self {
            letter,
            path: path.into(),
            partition,
        })
    }
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) drives: Vec<DriveSpec>,
    pub(crate) code_page: CodePage,
    pub(crate) developer_mode: DeveloperMode,
    pub(crate) token: Token,
    /// Held, but not enabled.
    pub(crate) held: Privileges,
    pub(crate) current_directory: Option<String>,
}

impl Configuration {
    /// What the environment and calls say.
    ///
    /// # Errors
    /// What is wrong with which variable.
    pub(crate) fn read() -> Result<Self, String> {
        let set = std::mem::take(&mut *overrides());
        Self::of(|name| {
            set.get(name)
                .cloned()
                .or_else(|| std::env::var_os(format!("LINKWRIGHT_{name}")))
        })
    }

    fn of(value: impl Fn(&str) -> Option<OsString>) -> Result<Self, String> {
        let text = |name: &str| match value(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(format!("LINKWRIGHT_{name}: not UTF-8")),
        };
        let (token, held) = token(text("PRIVILEGES")?.as_deref(), text("USER")?.as_deref())?;
        Ok(Self {
            drives: drives(value("DRIVES").unwrap_or_default().as_os_str())?,
            code_page: code_page(text("ACP")?.as_deref())?,
            developer_mode: developer_mode(text("DEVELOPER_MODE")?.as_deref())?,
            token,
            held,
            current_directory: text("CURRENT_DIRECTORY")?,
        })
    }
}

/// `C=disk.img@2;D=/srv/data`.
fn drives(list: &OsStr) -> Result<Vec<DriveSpec>, String> {
    let wrong = |why: String| format!("LINKWRIGHT_DRIVES: {why}");
    let parts = list.as_bytes().split(|&byte| byte == b';');
    let mut drives: Vec<DriveSpec> = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let Some(equals) = part.iter().position(|&byte| byte == b'=') else {
            let part = OsStr::from_bytes(part).display();
            return Err(wrong(format!("{part}: not LETTER=PLACE")));
        };
        let (letter, place) = part.split_at(equals);
        let place = place.get(1..).unwrap_or_default();
        let (letter, place) = (OsStr::from_bytes(letter), OsStr::from_bytes(place));
        let drive = DriveSpec::new(letter, place).map_err(wrong)?;
        if drives.iter().any(|known| known.letter == drive.letter) {
            return Err(wrong(format!("{}: is there twice", drive.letter)));
        }
        drives.push(drive);
    }
    Ok(drives)
}

fn code_page(text: Option<&str>) -> Result<CodePage, String> {
    let Some(text) = text else {
        return Ok(CodePage::default());
    };
    let page = text.parse().map(CodePage).ok();
    page.filter(|page| page.is_known())
        .ok_or_else(|| format!("LINKWRIGHT_ACP: {text} is no code page that is known"))
}

fn developer_mode(text: Option<&str>) -> Result<DeveloperMode, String> {
    match text {
        None | Some("" | "0" | "off") => Ok(DeveloperMode::Off),
        Some("1" | "on") => Ok(DeveloperMode::On),
        Some(text) => Err(format!("LINKWRIGHT_DEVELOPER_MODE: {text} is not 0 or 1")),
    }
}

/// No list: an elevated administrator. A list: a user with those privileges, `-` in
/// front of those that are held and not enabled.
fn token(list: Option<&str>, user: Option<&str>) -> Result<(Token, Privileges), String> {
    let (mut token, held) = match list {
        None => (Token::elevated(), Privileges::all()),
        Some(list) => {
            let mut token = Token::standard_user();
            let mut held = token.privileges;
            let names = list.split([',', ';']).map(str::trim);
            for name in names.filter(|name| !name.is_empty()) {
                let plain = name.strip_prefix('-');
                let privilege = Privileges::by_name(plain.unwrap_or(name)).ok_or_else(|| {
                    format!("LINKWRIGHT_PRIVILEGES: {name} is no privilege that is known")
                })?;
                held |= privilege;
                token.privileges.set(privilege, plain.is_none());
            }
            (token, held)
        }
    };
    if let Some(user) = user.filter(|user| !user.is_empty()) {
        let wrong = |_| format!("LINKWRIGHT_USER: {user} is no SID (S-1-5-21-...)");
        token.user = user.parse().map_err(wrong)?;
    }
    Ok((token, held))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[(&str, &str)]) -> Result<Configuration, String> {
        Configuration::of(|name| {
            let known = values.iter().find(|(known, _)| *known == name);
            known.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn nothing_is_an_elevated_administrator() {
        let nothing = of(&[]).unwrap();
        assert_eq!(nothing.token, Token::elevated());
        assert_eq!(nothing.developer_mode, DeveloperMode::Off);
        assert_eq!(nothing.code_page, CodePage::UTF_8);
        assert!(nothing.drives.is_empty());
        assert_eq!(
            of(&[("PRIVILEGES", "")]).unwrap().token,
            Token::standard_user()
        );
    }

    #[test]
    fn everything_is_read() {
        let all = of(&[
            ("DRIVES", "c=disk.img@2;D:=/srv/data;E=odd@name"),
            ("ACP", "1252"),
            ("DEVELOPER_MODE", "1"),
            (
                "PRIVILEGES",
                "SeBackupPrivilege,-secreatesymboliclinkprivilege",
            ),
            ("USER", "S-1-5-21-1-2-3-500"),
            ("CURRENT_DIRECTORY", r"C:\work"),
        ])
        .unwrap();
        let drives: Vec<_> = all
            .drives
            .iter()
            .map(|drive| (drive.letter, drive.path.to_str().unwrap(), drive.partition))
            .collect();
        let expected = [
            ('C', "disk.img", Some(2)),
            ('D', "/srv/data", None),
            ('E', "odd@name", None),
        ];
        assert_eq!(drives, expected);
        assert_eq!(all.code_page, CodePage::WINDOWS_1252);
        assert_eq!(all.developer_mode, DeveloperMode::On);
        assert!(all.token.privileges.contains(Privileges::BACKUP));
        assert!(
            !all.token
                .privileges
                .contains(Privileges::CREATE_SYMBOLIC_LINK)
        );
        assert!(all.held.contains(Privileges::CREATE_SYMBOLIC_LINK));
        assert_eq!(all.token.user.to_string(), "S-1-5-21-1-2-3-500");
        assert_eq!(all.current_directory.as_deref(), Some(r"C:\work"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("DRIVES", "disk.img"),
            ("DRIVES", "1=disk.img"),
            ("DRIVES", "C="),
            ("DRIVES", "C=a;c=b"),
            ("ACP", "1"),
            ("DEVELOPER_MODE", "maybe"),
            ("PRIVILEGES", "SeAllPrivilege"),
            ("USER", "root"),
        ];
        for (name, value) in cases {
            let wrong = of(&[(name, value)]).unwrap_err();
            assert!(
                wrong.starts_with(&format!("LINKWRIGHT_{name}: ")),
                "{wrong}"
            );
        }
    }
}
