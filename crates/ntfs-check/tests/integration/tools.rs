//! Running the checker over images, and volumes to run it over.

use std::fs;
use std::io::Write;
use std::path::Path;

use linkwright_device::{BlockDevice, FileDevice, FileOptions};
use linkwright_ntfs_check::{CheckOptions, Problem, Severity, Summary, check};
use linkwright_ntfs_mkfs::{FormatOptions, RecordSize, format};
use linkwright_reparse::{MountPoint, SymbolicLink};
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

/// A volume of mkntfs, filled through ntfs-3g.
pub(crate) fn filled(cluster: u32, sector: u32) -> Result<ScratchImage, Skip> {
    filled_of(96 << 20, cluster, sector)
}

/// The same, of `len` bytes.
pub(crate) fn filled_of(len: u64, cluster: u32, sector: u32) -> Result<ScratchImage, Skip> {
    mkntfs::available()?;
    ntfs3g::available()?;
    let image = Mkntfs::new(len)
        .cluster_size(cluster)
        .sector_size(sector)
        .make();
    fill(image.path());
    Ok(image)
}

/// A volume of our mkfs with records of 4 KiB, filled through ntfs-3g.
pub(crate) fn filled_own() -> Result<ScratchImage, Skip> {
    ntfs3g::available()?;
    // 0x200 bytes more: the last byte of $Bitmap is not used to its end.
    let image = ScratchImage::zeroed((96 << 20) + 512);
    let device = FileDevice::open(image.path(), &FileOptions::read_write()).expect("open");
    let options = FormatOptions {
        record_size: RecordSize::Bytes4096,
        ..FormatOptions::default()
    };
    format(&device, &options).expect("format");
    drop(device);
    fill(image.path());
    Ok(image)
}

/// Fills a volume with what the checker looks at: directories of several
/// levels of index, hard links, an attribute list, named streams, sparse files,
/// reparse points, object ids, a short name.
fn fill(image: &Path) {
    let mount = Mount::new(image, Access::ReadWrite).expect("mount");
    fill_tree(mount.path()).expect("fill a volume");
    let text = |text: &str| -> Vec<u16> { text.encode_utf16().collect() };
    let link = SymbolicLink::relative(&text("small"))
        .expect("a target")
        .encode();
    let junction = MountPoint::junction(&text("C:\\a"))
        .expect("a target")
        .encode();
    for (path, name, value) in [
        ("link", "system.ntfs_reparse_data", link.as_slice()),
        ("junction", "system.ntfs_reparse_data", junction.as_slice()),
        ("large", "system.ntfs_object_id", &[0x11; 16]),
        ("odd", "system.ntfs_object_id", &[0x22; 16]),
        (
            "a long name with a short one",
            "system.ntfs_dos_name",
            b"ALONG~1",
        ),
    ] {
        mount
            .set_attribute(path, name, value)
            .expect("set an attribute");
    }
    mount.unmount().expect("unmount");
}

fn fill_tree(root: &Path) -> std::io::Result<()> {
    fs::write(root.join("small"), b"resident")?;
    fs::write(root.join("SHORT"), b"an 8.3 name")?;
    fs::write(root.join("a long name with a short one"), b"")?;
    fs::write(root.join("large"), vec![7; 300_000])?;
    fs::write(root.join("large:stream"), vec![9; 70_000])?;
    fs::write(root.join("hiberfil.sys"), vec![0; 9000])?;
    fs::write(root.join("link"), b"")?;
    fs::create_dir(root.join("junction"))?;
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
    for number in 0..90 {
        fs::hard_link(links.join("first"), links.join(format!("name {number:03}")))?;
    }
    fs::hard_link(root.join("small"), links.join("small too"))?;
    let sparse = fs::File::create(root.join("sparse"))?;
    sparse.set_len(10 << 20)?;
    let deep = root.join("a/b/c/d");
    fs::create_dir_all(&deep)?;
    fs::write(deep.join("leaf"), vec![3; 20_000])?;
    fs::write(deep.join("leaves"), vec![3; 20_000])?;
    // Runs that lie between one another: many mapping pairs.
    for round in 0..40 {
        for name in ["even", "odd"] {
            let mut file = fs::File::options()
                .create(true)
                .append(true)
                .open(root.join(name))?;
            file.write_all(&vec![round; 9000])?;
            file.sync_all()?;
        }
    }
    Ok(())
}
