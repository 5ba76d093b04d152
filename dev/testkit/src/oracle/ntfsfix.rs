//! `ntfsfix -n` (ntfs-3g): boot sector and its copy, `$MFT` and `$MFTMirr`,
//! volume version and flags, and whether the volume can be mounted. It reads
//! neither directories nor the bitmap.

use std::path::Path;

use crate::{
    Failure, Skip,
    command::{self, PATIENCE, program},
};

/// Whether `ntfsfix` is installed.
///
/// # Errors
/// A [`Skip`].
pub fn available() -> Result<(), Skip> {
    command::installed("ntfsfix", "ntfs-3g").map(drop)
}

/// What ntfsfix says of a volume, its usual lines left out: empty when the
/// volume is clean.
///
/// # Errors
/// When it cannot be run.
pub fn findings(image: &Path) -> Result<Vec<String>, Failure> {
    let finished = command::run(program("ntfsfix").arg("-n").arg(image), PATIENCE)?;
    let text = finished.all();
    let mut findings: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !is_usual(line))
        .map(str::to_owned)
        .collect();
    if !finished.status.success() {
        findings.push(finished.status.to_string());
    }
    Ok(findings)
}

/// `ntfsfix` without `-n`: it sets the dirty flag, makes `$MFTMirr` follow
/// `$MFT`, and fills a log that is not clean with 0xFF.
///
/// # Errors
/// When it cannot be run or gives up.
pub fn repair(image: &Path) -> Result<(), Failure> {
    command::run_ok(program("ntfsfix").arg(image), PATIENCE).map(drop)
}

/// Fails the test when ntfsfix has anything to say.
///
/// # Panics
/// With its findings.
#[track_caller]
pub fn assert_clean(image: &Path) {
    let findings = findings(image).expect("ntfsfix");
    assert!(
        findings.is_empty(),
        "ntfsfix -n on {}:\n{}",
        image.display(),
        findings.join("\n")
    );
}

fn is_usual(line: &str) -> bool {
    line.starts_with("Mounting volume... OK")
        || line == "Processing of $MFT and $MFTMirr completed successfully."
        || line == "Checking the alternate boot sector... OK"
        || line.starts_with("NTFS volume version is")
        || (line.starts_with("NTFS partition") && line.ends_with("was processed successfully."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::{oracle::mkntfs::Mkntfs, skip_unless};

    #[test]
    fn damage_is_found_and_a_fresh_volume_is_clean() {
        skip_unless!(available());
        let image = Mkntfs::new(8 << 20).make();
        assert_clean(image.path());
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(image.path())
            .unwrap();
        let backup_boot_sector = (8 << 20) - 512;
        file.write_all_at(&[0; 512], backup_boot_sector).unwrap();
        assert!(!findings(image.path()).unwrap().is_empty());
    }
}
