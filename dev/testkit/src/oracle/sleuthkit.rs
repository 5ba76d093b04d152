//! The Sleuth Kit: `fls` and `istat`. It refuses clusters above 64 KiB.

use std::{collections::BTreeMap, path::Path};

use crate::{
    Failure, Skip,
    command::{self, PATIENCE, program},
};

/// Whether `fls` and `istat` are installed.
///
/// # Errors
/// A [`Skip`].
pub fn available() -> Result<(), Skip> {
    command::installed("fls", "sleuthkit")?;
    command::installed("istat", "sleuthkit").map(drop)
}

/// Whether `usnjls` is installed.
///
/// # Errors
/// A [`Skip`].
pub fn usn_available() -> Result<(), Skip> {
    command::installed("usnjls", "sleuthkit").map(drop)
}

/// A record of the change journal as `usnjls` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsnEntry {
    /// File record number.
    pub record: u64,
    /// Record number of the directory.
    pub parent: u64,
    /// Reasons in usnjls' words, which are those of winioctl.h, in its order.
    pub reasons: Vec<String>,
    /// The name.
    pub name: String,
}

/// Every record of the change journal, as `usnjls` finds it by itself.
///
/// # Errors
/// What usnjls said when it refused, or a line that is not of its form.
pub fn usn_records(image: &Path) -> Result<Vec<UsnEntry>, Failure> {
    let mut command = program("usnjls");
    command.args(["-f", "ntfs"]).arg(image);
    let text = command::run_ok(&mut command, PATIENCE)?.text();
    let parsed = text.lines().map(|line| {
        usn_entry(line).ok_or_else(|| Failure::new("usnjls", format!("not understood: {line:?}")))
    });
    parsed.collect()
}

/// One line: `29-1<TAB>28-1<TAB>seconds<TAB>REASON REASON <TAB>name`.
fn usn_entry(line: &str) -> Option<UsnEntry> {
    let mut fields = line.splitn(5, '\t');
    let mut number = || fields.next()?.split_once('-')?.0.parse().ok();
    let (record, parent) = (number()?, number()?);
    let reasons = fields.nth(1)?.split_whitespace().map(str::to_owned);
    Some(UsnEntry {
        record,
        parent,
        reasons: reasons.collect(),
        name: fields.next()?.to_owned(),
    })
}

/// A name as `fls` lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// File record number.
    pub record: u64,
    /// Whether it is a directory.
    pub directory: bool,
}

/// Every allocated name (`fls -r -p -u`) by its path, `/` between names. Left
/// out: NTFS' own files, named streams, and 8.3 names (which fls leaves out
/// itself).
///
/// # Errors
/// What fls said when it refused, or a line that is not of its form.
pub fn names(image: &Path) -> Result<BTreeMap<String, Name>, Failure> {
    let mut command = program("fls");
    command.args(["-f", "ntfs", "-r", "-p", "-u"]).arg(image);
    let finished = command::run_ok(&mut command, PATIENCE)?;
    let mut names = BTreeMap::new();
    for line in finished.text().lines() {
        let (path, name) =
            parse(line).ok_or_else(|| Failure::new("fls", format!("not understood: {line:?}")))?;
        if !path.contains(':') && !is_metafile(path) && name.record != ORPHANS {
            names.insert(path.to_owned(), name);
        }
    }
    Ok(names)
}

/// What `istat` prints of one record, all of it.
///
/// # Errors
/// What istat said when it refused.
pub fn istat(image: &Path, record: u64) -> Result<String, Failure> {
    let mut command = program("istat");
    command
        .args(["-f", "ntfs"])
        .arg(image)
        .arg(record.to_string());
    Ok(command::run_ok(&mut command, PATIENCE)?.text())
}

/// The link count of a record, as `istat` gives it.
///
/// # Errors
/// As [`istat`].
pub fn links(image: &Path, record: u64) -> Result<u64, Failure> {
    let text = istat(image, record)?;
    text.lines()
        .find_map(|line| line.strip_prefix("Links: ")?.trim().parse().ok())
        .ok_or_else(|| Failure::new("istat", text.clone()))
}

/// fls gives its made-up folder `$OrphanFiles` the number after the last
/// record; it stands in the root and has no attribute.
const ORPHANS: u64 = u64::MAX;

/// One line: `r/r 64-128-2:<TAB>path`, the letters for the kind in the name
/// and in the record, then record, attribute type and attribute number.
fn parse(line: &str) -> Option<(&str, Name)> {
    let (head, path) = line.split_once(":\t")?;
    let (kind, address) = head.split_once(' ')?;
    let record = match address.split_once('-') {
        Some((record, _)) => record.parse().ok()?,
        None if kind == "V/V" => ORPHANS,
        None => address.parse().ok()?,
    };
    Some((
        path,
        Name {
            record,
            directory: kind.ends_with('d'),
        },
    ))
}

/// Whether a path is one of NTFS' own files or lies in `$Extend`.
fn is_metafile(path: &str) -> bool {
    const NAMES: [&str; 12] = [
        "$MFT",
        "$MFTMirr",
        "$LogFile",
        "$Volume",
        "$AttrDef",
        "$Bitmap",
        "$Boot",
        "$BadClus",
        "$Secure",
        "$UpCase",
        "$Extend",
        "$OrphanFiles",
    ];
    NAMES.contains(&path.split('/').next().unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        oracle::{
            mkntfs::{self, Mkntfs},
            ntfs3g::{self, Access, Mount},
        },
        skip_unless,
    };

    #[test]
    fn lines_are_understood() {
        let name = Name {
            record: 64,
            directory: false,
        };
        assert_eq!(parse("r/r 64-128-2:\ta/b c"), Some(("a/b c", name)));
        let name = Name {
            record: 11,
            directory: true,
        };
        assert_eq!(parse("d/d 11-144-2:\t$Extend"), Some(("$Extend", name)));
        assert_eq!(parse("garbage"), None);
    }

    #[test]
    fn records_of_the_change_journal_are_understood() {
        let entry = usn_entry("29-1\t28-2\t1795259423.65\tHARD_LINK_CHANGE CLOSE \th 2\tx");
        assert_eq!(
            entry,
            Some(UsnEntry {
                record: 29,
                parent: 28,
                reasons: vec!["HARD_LINK_CHANGE".to_owned(), "CLOSE".to_owned()],
                name: "h 2\tx".to_owned(),
            })
        );
        assert_eq!(usn_entry("29-1\t28-2\t5.0\tCLOSE "), None);
    }

    #[test]
    fn a_fresh_volume_has_no_names() {
        skip_unless!(available());
        skip_unless!(mkntfs::available());
        assert_eq!(
            names(Mkntfs::new(8 << 20).make().path()).unwrap(),
            BTreeMap::new()
        );
    }

    #[test]
    fn both_names_of_a_file_are_listed() {
        skip_unless!(available());
        skip_unless!(ntfs3g::available());
        let image = Mkntfs::new(8 << 20).make();
        let mount = Mount::new(image.path(), Access::ReadWrite).unwrap();
        std::fs::create_dir(mount.path().join("d")).unwrap();
        std::fs::write(mount.path().join("d/a"), b"x").unwrap();
        std::fs::hard_link(mount.path().join("d/a"), mount.path().join("b")).unwrap();
        mount.unmount().unwrap();
        let names = names(image.path()).unwrap();
        let paths: Vec<&str> = names.keys().map(String::as_str).collect();
        assert_eq!(paths, ["b", "d", "d/a"]);
        assert!(names["d"].directory && names["b"] == names["d/a"]);
        assert_eq!(links(image.path(), names["b"].record).unwrap(), 2);
    }
}
