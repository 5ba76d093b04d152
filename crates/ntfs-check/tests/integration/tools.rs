//! Running the checker over images, and volumes to run it over.

use std::fs;
use std::path::Path;

use linkwright_device::{BlockDevice, FileDevice, FileOptions};
use linkwright_ntfs_check::{CheckOptions, Problem, Severity, Summary, check};
use linkwright_testkit::oracle::{
    mkntfs::{self, Mkntfs},
    ntfs3g::{self, Access, Mount},
};
use linkwright_testkit::{ScratchImage, Skip};

/// Everything the checker says of a device.
pub(crate) fn findings(device: &dyn BlockDevice) -> (Vec<Problem>, Summary) {
    let mut problems = Vec::new();
    let summary = check(device, &CheckOptions::default(), &mut |problem| {
        problems.push(problem);
    })
    .expect("a volume that can be read");
    (problems, summary)
}

/// Everything but notes.
pub(crate) fn faults(problems: &[Problem]) -> Vec<String> {
    problems
        .iter()
        .filter(|problem| problem.severity > Severity::Note)
        .map(ToString::to_string)
        .collect()
}

/// Fails when the checker finds damage or an inconsistency in an image.
#[track_caller]
pub(crate) fn assert_clean(image: &Path) -> Summary {
    let device = FileDevice::open(image, &FileOptions::read_only()).expect("open an image");
    let (problems, summary) = findings(&device);
    let faults = faults(&problems);
    assert!(
        faults.is_empty(),
        "{}:\n{}",
        image.display(),
        faults.join("\n")
    );
    assert!(summary.is_clean());
    summary
}

/// A volume of mkntfs, filled through ntfs-3g with what the checker looks at:
/// directories of several levels of index, hard links, an attribute list,
/// named streams, sparse and compressed files, reparse points, short names.
pub(crate) fn filled(cluster: u32, sector: u32) -> Result<ScratchImage, Skip> {
    mkntfs::available()?;
    ntfs3g::available()?;
    let image = Mkntfs::new(96 << 20)
        .cluster_size(cluster)
        .sector_size(sector)
        .make();
    let mount = Mount::new(image.path(), Access::ReadWrite).expect("mount");
    fill(mount.path());
    mount.unmount().expect("unmount");
    Ok(image)
}

fn fill(root: &Path) {
    let made = (|| -> std::io::Result<()> {
        fs::write(root.join("small"), b"resident")?;
        fs::write(root.join("large"), vec![7; 300_000])?;
        fs::write(root.join("large:stream"), vec![9; 70_000])?;
        let many = root.join("many");
        fs::create_dir(&many)?;
        for number in 0..900 {
            fs::write(
                many.join(format!("file with a long name {number:05}")),
                b"x",
            )?;
        }
        for number in (0..900).step_by(7) {
            fs::remove_file(many.join(format!("file with a long name {number:05}")))?;
        }
        let links = root.join("links");
        fs::create_dir(&links)?;
        fs::write(links.join("first"), vec![1; 5000])?;
        for number in 0..60 {
            fs::hard_link(links.join("first"), links.join(format!("name {number:03}")))?;
        }
        fs::hard_link(root.join("small"), links.join("small too"))?;
        let sparse = fs::File::create(root.join("sparse"))?;
        sparse.set_len(10 << 20)?;
        let deep = root.join("a/b/c/d");
        fs::create_dir_all(&deep)?;
        fs::write(deep.join("leaf"), vec![3; 20_000])?;
        // Runs that lie between one another: many mapping pairs.
        for round in 0..40 {
            for name in ["even", "odd"] {
                use std::io::Write;
                let mut file = fs::File::options()
                    .create(true)
                    .append(true)
                    .open(root.join(name))?;
                file.write_all(&vec![round; 9000])?;
                file.sync_all()?;
            }
        }
        Ok(())
    })();
    made.expect("fill a volume");
}
