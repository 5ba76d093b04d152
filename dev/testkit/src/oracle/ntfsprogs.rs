//! `ntfsinfo` and `ntfsls` (ntfs-3g): what libntfs-3g reads without a mount.

use std::{collections::BTreeMap, path::Path};

use crate::{
    Failure, Skip,
    command::{self, PATIENCE, program},
};

/// Whether `ntfsinfo` and `ntfsls` are installed.
///
/// # Errors
/// A [`Skip`].
pub fn available() -> Result<(), Skip> {
    command::installed("ntfsinfo", "ntfs-3g")?;
    command::installed("ntfsls", "ntfs-3g").map(drop)
}

/// What `ntfsinfo -m` prints of the volume: each `Name: value` line.
///
/// # Errors
/// What ntfsinfo said when it refused.
pub fn volume_info(image: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let finished = command::run_ok(program("ntfsinfo").arg("-m").arg(image), PATIENCE)?;
    Ok(finished
        .text()
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect())
}

/// What `ntfsinfo -i RECORD` prints of one file record, all of it.
///
/// # Errors
/// What ntfsinfo said when it refused.
pub fn record_info(image: &Path, record: u64) -> Result<String, Failure> {
    let mut command = program("ntfsinfo");
    command.args(["-v", "-i", &record.to_string()]).arg(image);
    Ok(command::run_ok(&mut command, PATIENCE)?.text())
}

/// Each name in one directory with its record number, as `ntfsls -i` gives
/// them; 8.3 names and NTFS' own files are left out. (Its `-R` prints nested
/// paths in a form that cannot be told from names, so it is not used.)
///
/// # Errors
/// What ntfsls said when it refused, or a line that is not of its form.
pub fn list(image: &Path, directory: &str) -> Result<BTreeMap<String, u64>, Failure> {
    let mut command = program("ntfsls");
    command.args(["-i", "-p", directory]).arg(image);
    let finished = command::run_ok(&mut command, PATIENCE)?;
    let mut names = BTreeMap::new();
    for line in finished.text().lines() {
        let (record, name) = line
            .trim_start()
            .split_once(' ')
            .and_then(|(record, name)| Some((record.parse().ok()?, name)))
            .ok_or_else(|| Failure::new("ntfsls", format!("not understood: {line:?}")))?;
        if name != "." && name != ".." {
            names.insert(name.to_owned(), record);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{oracle::mkntfs::Mkntfs, skip_unless};

    #[test]
    fn a_fresh_volume_is_described() {
        skip_unless!(available());
        let image = Mkntfs::new(16 << 20)
            .cluster_size(2048)
            .label("fresh")
            .make();
        let info = volume_info(image.path()).unwrap();
        assert_eq!(info.get("Cluster Size").map(String::as_str), Some("2048"));
        assert_eq!(info.get("Volume Name").map(String::as_str), Some("fresh"));
        assert!(
            record_info(image.path(), 5)
                .unwrap()
                .contains("$INDEX_ROOT")
        );
        assert_eq!(list(image.path(), "/").unwrap(), BTreeMap::new());
    }
}
