//! What the engine reads of volumes that other systems made, against other
//! readers: the ntfs-3g driver, the crate `ntfs`, fls, and Linux' ntfs3.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use linkwright_device::{
    BlockDevice, FileDevice, FileOptions, MemoryDevice, PartitionChoice, open_volume_window,
};
use linkwright_names::UpcaseTable;
use linkwright_ntfs::{
    CaseSensitivity, CreateOptions, FileId, FileKind, LinkType, OpenOptions, Volume,
};
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::file_name::Namespace;
use linkwright_ntfs_format::geometry::{Geometry, VolumeSize};
use linkwright_ntfs_format::record::RecordFlags;
use linkwright_ntfs_format::runs::{Run, RunList};
use linkwright_ntfs_format::{Lcn, RecordNumber, fixup, record};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{MountPoint, ReparseBuffer, SymbolicLink};
use linkwright_testkit::corpus::{self, Volume as Sample};
use linkwright_testkit::oracle::mkntfs::{self, Mkntfs};
use linkwright_testkit::oracle::ntfs3g::{self, Access, Mount};
use linkwright_testkit::oracle::{ntfs_crate, ntfs3, sleuthkit};
use linkwright_testkit::snapshot::{Contents, sha256};
use linkwright_testkit::{Entry, Kind, Panel, ScratchImage, TreeSnapshot, long, skip_unless};
use zerocopy::IntoBytes;

use crate::support::{assert_sound, fresh, open, options, units};

const ROOT: FileId = FileId::ROOT;
/// Bytes read at a time: not a multiple of anything, so that reads begin and
/// end inside sectors, clusters and compression units.
const PIECE: usize = 1_000_003;

/// Opens the volume of an image, whole or in its partition.
fn open_to_read(path: &Path) -> Volume {
    let device = FileDevice::open(path, &FileOptions::read_only()).unwrap();
    let window = open_volume_window(Arc::new(device), PartitionChoice::Auto).unwrap();
    Volume::open(window.device, OpenOptions::read_only()).unwrap()
}

/// All bytes of a stream, in pieces.
fn contents(volume: &Volume, file: FileId, stream: &[u16]) -> Vec<u8> {
    let len = usize::try_from(volume.stream_len(file, stream).unwrap()).unwrap();
    let mut bytes = Vec::with_capacity(len);
    let mut piece = vec![0; PIECE.min(len + 1)];
    loop {
        let read = volume
            .read_at(file, stream, bytes.len() as u64, &mut piece)
            .unwrap();
        if read == 0 {
            assert_eq!(bytes.len(), len);
            return bytes;
        }
        bytes.extend(&piece[..read]);
    }
}

/// A walk over everything below the root.
struct Walk<'v> {
    volume: &'v Volume,
    contents: Contents,
    hashes: BTreeMap<u64, String>,
    tree: TreeSnapshot,
    /// Path to file, links counted once a name.
    files: Vec<(String, FileId)>,
    short_names: usize,
}

impl<'v> Walk<'v> {
    fn of(volume: &'v Volume, contents: Contents) -> Self {
        let mut walk = Self {
            volume,
            contents,
            hashes: BTreeMap::new(),
            tree: TreeSnapshot::new(),
            files: Vec::new(),
            short_names: 0,
        };
        let mut folders = vec![(String::new(), ROOT)];
        while let Some((path, folder)) = folders.pop() {
            for entry in volume.list(folder).unwrap() {
                let entry = entry.unwrap_or_else(|e| panic!("{path}: {e}"));
                walk.look_up(folder, &entry);
                if entry.namespace == Namespace::Dos
                    || (path.is_empty() && entry.file.record().0 < 16)
                {
                    continue;
                }
                let name = entry.name.to_string_lossy();
                let path = match path.as_str() {
                    "" => name,
                    above => format!("{above}/{name}"),
                };
                let kind = walk.add(&path, entry.file);
                if kind == Kind::Directory {
                    folders.push((path, entry.file));
                }
            }
        }
        walk
    }

    /// The entry is found by its name as it is and, where that is one name, in
    /// capitals and small letters; so an 8.3 name leads to its file.
    fn look_up(&mut self, folder: FileId, entry: &linkwright_ntfs::DirEntry) {
        let found = self.volume.lookup(folder, entry.name.units()).unwrap();
        assert_eq!(found.as_ref(), Some(entry));
        if entry.namespace == Namespace::Dos {
            self.short_names += 1;
            let small = entry.name.to_string_lossy().to_lowercase();
            let found = self.volume.lookup(folder, &units(&small)).unwrap().unwrap();
            assert_eq!(found.file, entry.file, "{small}");
        }
    }

    fn add(&mut self, path: &str, file: FileId) -> Kind {
        let told = |e: linkwright_ntfs::Error| -> ! { panic!("{path}: {e}") };
        let volume = self.volume;
        let info = volume.file_info(file).unwrap_or_else(|e| told(e));
        assert_eq!(volume.file_by_record(file.record()).unwrap(), info.file);
        let target = volume
            .reparse_point(file)
            .unwrap_or_else(|e| told(e))
            .and_then(|buffer| match buffer {
                ReparseBuffer::SymbolicLink(link) => {
                    Some(String::from_utf16_lossy(link.substitute_name()))
                }
                ReparseBuffer::MountPoint(mount) => {
                    Some(String::from_utf16_lossy(mount.substitute_name()))
                }
                _ => None,
            });
        let kind = match (&target, info.is_directory()) {
            (Some(_), _) => Kind::Symlink,
            (None, true) => Kind::Directory,
            (None, false) => Kind::File,
        };
        let mut entry = Entry::new(kind);
        entry.target = target;
        entry.nlink = Some(u64::from(info.link_count));
        entry.record = Some(file.record().0);
        if kind == Kind::File {
            entry.size = Some(info.size);
            if self.contents == Contents::Hash {
                let hash = self
                    .hashes
                    .entry(file.record().0)
                    .or_insert_with(|| sha256(&contents(volume, file, &[])));
                entry.sha256 = Some(hash.clone());
            }
        }
        self.check_names(path, file, info.link_count);
        self.tree.insert(path, entry);
        self.files.push((path.to_owned(), file));
        kind
    }

    /// Counts links as file records and most other readers do: 8.3 names too.
    fn count_as_the_records(&mut self) {
        let counts: BTreeMap<&str, u64> = self
            .files
            .iter()
            .map(|(path, file)| {
                (
                    path.as_str(),
                    self.volume.names(*file).unwrap().len() as u64,
                )
            })
            .collect();
        self.tree
            .for_each_mut(|path, entry| entry.nlink = counts.get(path).copied());
    }

    /// Every name leads back to the file; the path that was walked is one.
    fn check_names(&self, path: &str, file: FileId, links: u32) {
        let names = self.volume.names(file).unwrap();
        let long: Vec<_> = names
            .iter()
            .filter(|name| name.namespace != Namespace::Dos)
            .collect();
        assert_eq!(long.len(), links as usize, "{path}");
        let mut walked = false;
        for name in &long {
            let entry = self.volume.lookup(name.parent, name.name.units()).unwrap();
            assert_eq!(entry.map(|e| e.file), Some(file), "{path}");
            let parts = self.volume.path_of(name).unwrap();
            let text: Vec<String> = parts.iter().map(|part| part.to_string_lossy()).collect();
            walked |= text.join("/") == path;
        }
        assert!(walked, "{path} is no name of its file: {names:?}");
    }
}

/// The samples that are there, each skip reported.
fn samples() -> Vec<(Sample, std::path::PathBuf, Volume)> {
    Sample::ALL
        .into_iter()
        .filter_map(|sample| match (sample.image(), sample.bare()) {
            (Ok(disk), Ok(bare)) => Some((sample, bare, open_to_read(&disk))),
            (Err(skip), _) | (_, Err(skip)) => {
                skip.report();
                None
            }
        })
        .collect()
}

/// What drivers count of a directory is their own matter.
fn forget_directory_links(tree: &mut TreeSnapshot) {
    tree.for_each_mut(|_, entry| {
        if entry.kind == Kind::Directory {
            entry.nlink = None;
        }
    });
}

#[test]
fn volumes_by_windows_are_read_as_ntfs_3g_reads_them() {
    skip_unless!(ntfs3g::available());
    for (sample, bare, volume) in samples() {
        let mut walk = Walk::of(&volume, Contents::Hash);
        walk.count_as_the_records();
        let mount = Mount::new(&bare, Access::ReadOnly).expect("ntfs-3g");
        let mut theirs = mount.snapshot(Contents::Hash).expect("the tree");
        forget_directory_links(&mut walk.tree);
        forget_directory_links(&mut theirs);
        walk.tree
            .assert_same("ours", &theirs, &format!("ntfs-3g ({sample:?})"));
        assert!(walk.tree.len() >= 2, "{sample:?}");
        let expected = matches!(
            sample,
            Sample::Win7Tiny | Sample::VssTest | Sample::RepairedLf2
        );
        assert!(walk.short_names > 0 || !expected, "{sample:?}");
        compare_streams(&walk, &mount);
        mount.unmount().expect("unmount");
    }
}

/// Names and contents of named streams.
fn compare_streams(walk: &Walk<'_>, mount: &Mount) {
    for (path, file) in &walk.files {
        let theirs = mount.attribute(path, "ntfs.streams.list").unwrap();
        let theirs: BTreeSet<String> = theirs
            .unwrap_or_default()
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        let mut ours = BTreeSet::new();
        for stream in walk.volume.streams(*file).unwrap() {
            if stream.name.is_empty() {
                continue;
            }
            let name = String::from_utf16_lossy(&stream.name);
            let bytes = contents(walk.volume, *file, &stream.name);
            assert_eq!(bytes.len() as u64, stream.size, "{path}:{name}");
            let shown = std::fs::read(mount.path().join(format!("{path}:{name}"))).unwrap();
            assert!(bytes == shown, "{path}:{name}");
            ours.insert(name);
        }
        assert_eq!(ours, theirs, "{path}");
    }
}

#[test]
fn volumes_by_windows_are_read_as_the_ntfs_crate_reads_them() {
    for (sample, bare, volume) in samples() {
        let mut walk = Walk::of(&volume, Contents::Hash);
        let theirs = ntfs_crate::snapshot(&bare, Contents::Hash).expect("the ntfs crate");
        walk.count_as_the_records();
        walk.tree.for_each_mut(|path, entry| {
            // Stores of shadow copies: it reads what lies behind the
            // initialized length.
            if path.starts_with("System Volume Information/") {
                entry.sha256 = None;
            }
        });
        walk.tree
            .assert_same("ours", &theirs, &format!("the ntfs crate ({sample:?})"));
    }
}

#[test]
fn volumes_by_windows_have_the_names_that_fls_lists() {
    skip_unless!(sleuthkit::available());
    for (sample, bare, volume) in samples() {
        if sample == Sample::Ntfs2M {
            // It refuses clusters above 64 KiB.
            continue;
        }
        let walk = Walk::of(&volume, Contents::Ignore);
        let ours: BTreeSet<_> = walk
            .tree
            .iter()
            .map(|(path, entry)| (path.to_owned(), entry.record))
            .collect();
        let theirs: BTreeSet<_> = sleuthkit::names(&bare)
            .expect("fls")
            .into_iter()
            .map(|(path, name)| (path, Some(name.record)))
            .collect();
        let odd: Vec<_> = ours.symmetric_difference(&theirs).collect();
        assert!(odd.is_empty(), "{sample:?}: {odd:#?}");
    }
}

#[test]
fn volumes_by_windows_are_read_as_linux_ntfs3_reads_them() {
    skip_unless!(long("ntfs3 on the corpus"));
    skip_unless!(ntfs3::available());
    for (sample, bare, volume) in samples() {
        let mut walk = Walk::of(&volume, Contents::Hash);
        let (mut theirs, log) = ntfs3::snapshot(&bare, Contents::Hash)
            .unwrap_or_else(|e| panic!("ntfs3 on {sample:?}: {e}"));
        forget_directory_links(&mut walk.tree);
        forget_directory_links(&mut theirs);
        walk.tree
            .assert_same("ours", &theirs, &format!("ntfs3 ({sample:?})"));
        assert!(!log.iter().any(|line| line.contains("orrupt")), "{log:#?}");
    }
}

#[test]
fn files_of_several_records_are_read_through_their_attribute_lists() {
    for (sample, _, volume) in samples() {
        let lists = lists_of(&volume);
        match sample {
            // A list in the record, with two extension records.
            Sample::Velociraptor => {
                assert!(lists.contains(&(38, Form::Resident)), "{lists:?}");
                for extension in [39, 40] {
                    let none = volume.file_by_record(RecordNumber(extension));
                    assert!(none.is_err(), "{extension} is no file of its own");
                }
            }
            // A list in clusters.
            Sample::RepairedLf2 => {
                assert!(
                    lists.iter().any(|(_, form)| *form == Form::NonResident),
                    "{lists:?}"
                );
            }
            _ => {}
        }
    }
}

/// Where an attribute list lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Resident,
    NonResident,
}

/// The files with an attribute list, by a look at their records as they lie in
/// `$MFT`.
fn lists_of(volume: &Volume) -> Vec<(u64, Form)> {
    let info = volume.info().unwrap();
    let mft = volume.file_by_record(RecordNumber::MFT).unwrap();
    let mut record = vec![0; info.record_size as usize];
    let mut lists = Vec::new();
    for number in 0..info.records {
        let at = number * u64::from(info.record_size);
        volume.read_at(mft, &[], at, &mut record).unwrap();
        if fixup::remove(&mut record).is_err() || record::validate(&record).is_err() {
            continue;
        }
        if !record::header(&record)
            .unwrap()
            .flags()
            .contains(RecordFlags::IN_USE)
        {
            continue;
        }
        for attribute in record::attributes(&record).map_while(Result::ok) {
            if attribute.type_code() == AttributeType::ATTRIBUTE_LIST {
                let form = match attribute.resident_value() {
                    Some(_) => Form::Resident,
                    None => Form::NonResident,
                };
                lists.push((number, form));
            }
        }
    }
    lists
}

/// A tree with every form that ntfs-3g can give a file.
fn fill(root: &Path, many: usize) {
    use std::io::{Seek, SeekFrom, Write};
    std::fs::create_dir_all(root.join("d/e/f/\u{1F600}")).unwrap();
    std::fs::write(root.join("empty"), b"").unwrap();
    std::fs::write(root.join("small"), b"in the record").unwrap();
    // Fragmented: two files that grow in turn.
    let mut a = std::fs::File::create(root.join("fragments a")).unwrap();
    let mut b = std::fs::File::create(root.join("fragments b")).unwrap();
    for n in 0..150_u32 {
        let piece = vec![n as u8; 3000];
        a.write_all(&piece).unwrap();
        b.write_all(&piece).unwrap();
        a.sync_data().unwrap();
        b.sync_data().unwrap();
    }
    // Sparse: data, hole, data, hole.
    let mut sparse = std::fs::File::create(root.join("sparse")).unwrap();
    sparse.write_all(b"start").unwrap();
    sparse.seek(SeekFrom::Start(3 << 20)).unwrap();
    sparse.write_all(b"far").unwrap();
    sparse.set_len(5_000_001).unwrap();
    // Names enough for an attribute list, in the record and not.
    for (name, count) in [("few", 12), ("lots", 150)] {
        std::fs::write(root.join(name), name).unwrap();
        for n in 0..count {
            let long = format!("d/{name} {n:03} {}", "x".repeat(120));
            std::fs::hard_link(root.join(name), root.join(long)).unwrap();
        }
    }
    std::fs::write(root.join("d/e/streams"), b"unnamed").unwrap();
    std::fs::write(root.join("d/e/streams:one"), b"1").unwrap();
    std::fs::write(root.join("d/e/streams:zwei \u{fc}"), vec![2; 100_000]).unwrap();
    // A directory of several levels.
    std::fs::create_dir(root.join("many")).unwrap();
    for n in 0..many {
        std::fs::write(root.join(format!("many/name number {n}")), b"").unwrap();
    }
    // Names that differ by case only: ntfs-3g makes them anywhere.
    std::fs::create_dir(root.join("case")).unwrap();
    for name in ["a", "A", "\u{e4}", "\u{c4}"] {
        std::fs::write(root.join("case").join(name), name).unwrap();
    }
}

/// The tree and the streams of a volume without 8.3 names, as ntfs-3g reads
/// them; the number of names.
fn read_as_ntfs_3g(image: &Path) -> usize {
    let volume = open_to_read(image);
    let mut walk = Walk::of(&volume, Contents::Hash);
    let mount = Mount::new(image, Access::ReadOnly).unwrap();
    let mut theirs = mount.snapshot(Contents::Hash).unwrap();
    forget_directory_links(&mut walk.tree);
    forget_directory_links(&mut theirs);
    walk.tree.assert_same("ours", &theirs, "ntfs-3g");
    compare_streams(&walk, &mount);
    mount.unmount().unwrap();
    walk.tree.len()
}

#[test]
fn volumes_filled_by_ntfs_3g_are_read_at_every_cluster_and_record_size() {
    skip_unless!(ntfs3g::available());
    skip_unless!(mkntfs::available());
    for (cluster, sector) in [
        (512, 512),
        (1024, 512),
        (4096, 512),
        (65_536, 512),
        (4096, 4096),
        (65_536, 4096),
    ] {
        let image = Mkntfs::new(96 << 20)
            .cluster_size(cluster)
            .sector_size(sector)
            .make();
        let mount = Mount::new(image.path(), Access::ReadWrite).unwrap();
        fill(mount.path(), 700);
        mount.unmount().unwrap();
        let names = read_as_ntfs_3g(image.path());
        assert!(names > 860, "{names}");
        let record = open_to_read(image.path()).info().unwrap().record_size;
        assert_eq!(record, if sector == 4096 { 4096 } else { 1024 });
    }
}

/// A directory of this many names, made by ntfs-3g, listed with little memory.
fn list_many(count: usize) {
    let image = Mkntfs::new(256 << 20).make();
    let mount = Mount::new(image.path(), Access::ReadWrite).unwrap();
    let folder = mount.path().join("many");
    std::fs::create_dir(&folder).unwrap();
    for n in 0..count {
        std::fs::write(folder.join(format!("{:06}", n * 7919 % 1_000_003)), b"").unwrap();
    }
    mount.unmount().unwrap();
    let device = FileDevice::open(image.path(), &FileOptions::read_only()).unwrap();
    let options = OpenOptions {
        cache_bytes: 256 << 10,
        ..OpenOptions::read_only()
    };
    let volume = Volume::open(Arc::new(device), options).unwrap();
    let folder = volume.lookup(ROOT, &units("many")).unwrap().unwrap().file;
    let mut last = String::new();
    let mut seen = 0;
    for entry in volume.list(folder).unwrap() {
        let name = entry.unwrap().name.to_string_lossy();
        assert!(last < name, "{last} {name}");
        last = name;
        seen += 1;
    }
    assert_eq!(seen, count);
    for n in (0..count).step_by(97) {
        let name = format!("{:06}", n * 7919 % 1_000_003);
        assert!(volume.lookup(folder, &units(&name)).unwrap().is_some());
        let absent = format!("{name}x");
        assert!(volume.lookup(folder, &units(&absent)).unwrap().is_none());
    }
}

#[test]
fn a_directory_of_5_000_names_by_ntfs_3g_is_listed() {
    skip_unless!(ntfs3g::available());
    list_many(5_000);
}

#[test]
fn a_directory_of_50_000_names_by_ntfs_3g_is_listed() {
    skip_unless!(long("50,000 names through ntfs-3g"));
    skip_unless!(ntfs3g::available());
    list_many(50_000);
}

#[test]
fn a_case_sensitive_directory_tells_names_apart() {
    let device = fresh(16 << 20, &FormatOptions::default());
    let volume = open(&device);
    let make = |parent, name: &str, kind| {
        volume.create(parent, &units(name), kind, &CreateOptions::default())
    };
    let plain = make(ROOT, "plain", FileKind::Directory).unwrap();
    let exact = make(ROOT, "exact", FileKind::Directory).unwrap();
    volume
        .set_case_sensitive(exact, CaseSensitivity::Sensitive)
        .unwrap();
    let lower = make(exact, "a", FileKind::File).unwrap();
    let upper = make(exact, "A", FileKind::File).unwrap();
    let only = make(plain, "a", FileKind::File).unwrap();
    assert!(make(plain, "A", FileKind::File).is_err());
    volume.close().unwrap();

    let whole: Arc<dyn BlockDevice> = device;
    let volume = Volume::open(Arc::clone(&whole), OpenOptions::read_only()).unwrap();
    let find = |parent, name: &str| {
        let entry = volume.lookup(parent, &units(name)).unwrap();
        entry.map(|entry| entry.file)
    };
    assert_eq!(find(exact, "a"), Some(lower));
    assert_eq!(find(exact, "A"), Some(upper));
    assert_eq!(find(plain, "a"), Some(only));
    assert_eq!(find(plain, "A"), Some(only));
    assert_eq!(find(exact, "b"), None);
    assert!(volume.file_info(exact).unwrap().case_sensitive);
    assert!(!volume.file_info(plain).unwrap().case_sensitive);
    assert_sound(&*whole);
}

#[test]
fn our_own_volume_with_links_is_read_as_all_others_read_it() {
    skip_unless!(ntfs3g::available());
    let image = ScratchImage::zeroed(64 << 20);
    let device = FileDevice::open(image.path(), &FileOptions::read_write()).unwrap();
    linkwright_ntfs_mkfs::format(&device, &FormatOptions::default()).unwrap();
    let volume = Volume::open(Arc::new(device), options()).unwrap();
    let defaults = CreateOptions::default();
    let dir = volume
        .create(ROOT, &units("dir"), FileKind::Directory, &defaults)
        .unwrap();
    let file = volume
        .create(dir, &units("file"), FileKind::File, &defaults)
        .unwrap();
    volume.write_at(file, &[], 0, &[7; 100_000]).unwrap();
    volume.create_stream(file, &units("stream")).unwrap();
    volume
        .write_at(file, &units("stream"), 0, b"named")
        .unwrap();
    volume.hard_link(file, ROOT, &units("hard")).unwrap();
    for (name, link_type, target) in [
        ("to file", LinkType::File, "dir\\file"),
        ("to dir", LinkType::Directory, "dir"),
        ("dangling", LinkType::File, "..\\nowhere\\x"),
    ] {
        let link = SymbolicLink::relative(&units(target)).unwrap();
        volume
            .symbolic_link(ROOT, &units(name), link_type, &link, &defaults)
            .unwrap();
    }
    let mount = MountPoint::junction(&units("C:\\dir")).unwrap();
    volume
        .junction(dir, &units("junction"), &mount, &defaults)
        .unwrap();
    volume.close().unwrap();
    assert_sound(&FileDevice::open(image.path(), &FileOptions::read_only()).unwrap());
    let mut theirs = Panel::new().assert_agree(image.path());
    let volume = open_to_read(image.path());
    let mut walk = Walk::of(&volume, Contents::Hash);
    forget_directory_links(&mut walk.tree);
    forget_directory_links(&mut theirs);
    walk.tree.assert_same("ours", &theirs, "the panel");
    assert_eq!(walk.tree.len(), 7);
}

/// A volume around a `$MFT` that Windows wrote: the records at their places, the
/// upcase table in its clusters, nothing anywhere else.
fn around(mft: &[u8]) -> Volume {
    let runs = |number: usize| {
        let mut bytes = mft[number * 1024..][..1024].to_vec();
        fixup::remove(&mut bytes).unwrap();
        let data = record::attributes(&bytes)
            .map(Result::unwrap)
            .find(|a| a.type_code() == AttributeType::DATA && a.name().is_empty())
            .unwrap();
        let part = data.non_resident().unwrap();
        RunList::decode(part.pairs(), 0).unwrap().runs().to_vec()
    };
    // $Bitmap has a bit for each cluster, of 4 KiB.
    let mut bitmap = mft[6 * 1024..][..1024].to_vec();
    fixup::remove(&mut bitmap).unwrap();
    let clusters = record::attributes(&bitmap)
        .map(Result::unwrap)
        .find_map(|a| a.non_resident().map(|part| part.sizes().data * 8))
        .unwrap();
    let geometry = Geometry::new(VolumeSize {
        bytes_per_sector: 512,
        cluster_size: 4096,
        record_size: 1024,
        index_block_size: 4096,
        total_sectors: clusters * 8 - 1,
        mft_lcn: Lcn(runs(0)[0].lcn.unwrap()),
        mirror_lcn: Lcn(runs(1)[0].lcn.unwrap()),
        serial: 1,
    })
    .unwrap();
    let device = MemoryDevice::new(clusters * 4096);
    let boot = BootSector::new(&geometry, 0);
    device.write_at(0, boot.as_bytes()).unwrap();
    let place = |runs: &[Run], mut bytes: &[u8]| {
        for run in runs {
            let len = bytes.len().min(usize::try_from(run.length * 4096).unwrap());
            device
                .write_at(run.lcn.unwrap() * 4096, &bytes[..len])
                .unwrap();
            bytes = &bytes[len..];
        }
    };
    place(&runs(0), mft);
    place(&runs(10), &UpcaseTable::windows().to_le_bytes());
    Volume::open(Arc::new(device), OpenOptions::read_only()).unwrap()
}

#[test]
fn links_in_records_that_windows_wrote_are_read() {
    let volume = around(&skip_unless!(corpus::bytes(
        "libfsntfs_mft_metadata_file.1"
    )));
    let file = |record| volume.file_by_record(RecordNumber(record)).unwrap();
    // A hard link: two names in two directories.
    assert_eq!(volume.file_info(file(38)).unwrap().link_count, 2);
    let names = volume.names(file(38)).unwrap();
    let parents: BTreeSet<_> = names.iter().map(|name| name.parent).collect();
    assert_eq!(parents.len(), 2, "{names:?}");
    for (record, tag, directory) in [
        (46, 0xA000_000C, false),
        (48, 0xA000_000C, true),
        (47, 0xA000_0003, true),
    ] {
        let info = volume.file_info(file(record)).unwrap();
        assert_eq!(info.reparse_tag, Some(tag), "{record}");
        assert_eq!(info.is_directory(), directory, "{record}");
    }
    let Some(ReparseBuffer::MountPoint(mount)) = volume.reparse_point(file(47)).unwrap() else {
        panic!("a junction");
    };
    assert_eq!(mount.print_name(), units("x:\\testdir1"));
    // Named streams, and files of the overlay filter.
    assert!(volume.streams(file(49)).unwrap().len() > 1);
    for record in [41, 43, 44, 45] {
        let info = volume.file_info(file(record)).unwrap();
        assert_eq!(info.reparse_tag, Some(0x8000_0017), "{record}");
    }
}
