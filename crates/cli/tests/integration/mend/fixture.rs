//! A tree with one of every finding, and healthy links that have none.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use linkwright_fs::ntfs::NtfsFs;
use linkwright_fs::{Create, FileSystem, LinkContent, LinkType, Name, Node, ReparseBuffer};
use linkwright_ntfs::OpenOptions;
use linkwright_reparse::{LxSymlink, MountPoint, OtherReparse, SymbolicLink, TargetContext};

use super::listing::volume;
use crate::program::Bench;

/// Every finding.
pub(super) const ALL: [&str; 15] = [
    "dangling",
    "loop",
    "chain-too-long",
    "wrong-type",
    "absolute",
    "outside-tree",
    "other-volume",
    "names-disagree",
    "messy",
    "case",
    "lx-link",
    "into-ancestor",
    "unknown-tag",
    "link-limit",
    "reparse-index-missing",
];

/// Those that can be mended.
pub(super) const MENDABLE: [&str; 10] = [
    "dangling",
    "loop",
    "chain-too-long",
    "wrong-type",
    "absolute",
    "names-disagree",
    "messy",
    "case",
    "lx-link",
    "reparse-index-missing",
];

/// A tree, and what is wrong with it.
pub(super) struct Fixture {
    /// The place to audit.
    pub(super) place: String,
    /// What the places of findings begin with.
    pub(super) prefix: String,
    /// Code and path.
    pub(super) findings: Vec<(&'static str, String)>,
    /// Whether it is on an image.
    pub(super) image: bool,
}

impl Fixture {
    /// What undo leaves: the index entry that was missing is there now.
    pub(super) fn after_undo(&self) -> BTreeSet<(String, String)> {
        self.findings
            .iter()
            .filter(|(code, _)| *code != "reparse-index-missing")
            .map(|(code, path)| ((*code).to_owned(), path.clone()))
            .collect()
    }

    /// On an image, everything.
    pub(super) fn image(bench: &Bench) -> Self {
        let mut fixture = Self::sound_image(bench);
        let record = {
            let fs = volume(bench, "disk.img", OpenOptions::read_write());
            let tree = fs.child(&fs.root().unwrap(), &Name::from("tree")).unwrap();
            let maker = Maker { fs: &fs, dir: tree };
            let node = maker.symbolic("unindexed", "file", LinkType::File);
            let stat = fs.stat(&node).unwrap();
            fs.close().unwrap();
            (stat.record, stat.sequence)
        };
        forget_in_index(bench, record);
        fixture
            .findings
            .push(("reparse-index-missing", "unindexed".to_owned()));
        fixture
    }

    /// On an image, all that a sound volume can have.
    pub(super) fn sound_image(bench: &Bench) -> Self {
        bench.ok("volume create disk.img --size 32M");
        let fs = volume(bench, "disk.img", OpenOptions::read_write());
        let mut findings = Vec::new();
        populate(&fs, &mut findings);
        fs.close().unwrap();
        Self {
            place: "disk.img:/tree".to_owned(),
            prefix: "disk.img:/tree/".to_owned(),
            findings,
            image: true,
        }
    }

    /// On the host.
    pub(super) fn host(bench: &Bench) -> Self {
        let tree = bench.path("tree");
        let at = |name: &str| tree.join(name);
        fs::create_dir_all(at("dir")).unwrap();
        fs::create_dir(at("many")).unwrap();
        for file in ["file", "dir/inner", "Mixed"] {
            fs::write(at(file), "data").unwrap();
        }
        fs::write(bench.path("outside"), "data").unwrap();
        let absolute = fs::canonicalize(&tree).unwrap().join("file");
        let mut findings = Vec::new();
        let mut wrong = |code: &'static str, name: &str, target: &str| {
            symlink(target, at(name)).unwrap();
            findings.push((code, name.to_owned()));
        };
        wrong("dangling", "dangling", "nowhere");
        wrong("loop", "loop", "loop");
        wrong("absolute", "absolute", absolute.to_str().unwrap());
        wrong("outside-tree", "out", "../outside");
        wrong("other-volume", "other", "/proc/version");
        wrong("messy", "messy-dot", "./file");
        wrong("messy", "messy-up", "dir/../file");
        wrong("messy", "messy-double", "dir//inner");
        wrong("messy", "messy-end", "dir/");
        wrong("case", "case", "mixed");
        wrong("into-ancestor", "dir/up", "..");
        // 41 links: Linux follows 40.
        for number in 0..41 {
            let target = match number {
                40 => "file".to_owned(),
                _ => format!("chain{:02}", number + 1),
            };
            symlink(target, at(&format!("chain{number:02}"))).unwrap();
        }
        findings.push(("chain-too-long", "chain00".to_owned()));
        fs::write(at("many/m0000"), "data").unwrap();
        for number in 1..1000 {
            fs::hard_link(at("many/m0000"), at(&format!("many/m{number:04}"))).unwrap();
        }
        findings.push(("link-limit", "many/m0000".to_owned()));
        // A name that only looks like it goes up needlessly: `jump` is a link.
        symlink("dir", at("jump")).unwrap();
        symlink("file", at("healthy")).unwrap();
        symlink("../file", at("dir/healthy")).unwrap();
        Self {
            place: "tree".to_owned(),
            prefix: "tree/".to_owned(),
            findings,
            image: false,
        }
    }
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Makes links of any content.
struct Maker<'a> {
    fs: &'a NtfsFs,
    dir: Node,
}

impl Maker<'_> {
    fn link(&self, name: &str, link_type: LinkType, content: impl Into<ReparseBuffer>) -> Node {
        let content = LinkContent::Reparse(content.into());
        let name = Name::from(name);
        self.fs
            .create_link(&self.dir, &name, link_type, &content, &Create::default())
            .unwrap()
    }

    fn symbolic(&self, name: &str, target: &str, link_type: LinkType) -> Node {
        let context = TargetContext::default();
        let link = SymbolicLink::from_target_text(&units(target), &context).unwrap();
        self.link(name, link_type, link)
    }

    fn junction(&self, name: &str, target: &str) {
        let junction = MountPoint::junction(&units(target)).unwrap();
        self.link(name, LinkType::Directory, junction);
    }

    fn file(&self, name: &str) -> Node {
        let create = Create::default();
        let node = self.fs.create_file(&self.dir, &Name::from(name), &create);
        let node = node.unwrap();
        self.fs.write_at(&node, None, 0, b"data").unwrap();
        node
    }

    fn below(&self, name: &str) -> Self {
        let create = Create::default();
        let dir = self
            .fs
            .create_directory(&self.dir, &Name::from(name), &create);
        Self {
            fs: self.fs,
            dir: dir.unwrap(),
        }
    }
}

fn populate(fs: &NtfsFs, findings: &mut Vec<(&'static str, String)>) {
    let root = Maker {
        fs,
        dir: fs.root().unwrap(),
    };
    root.file("outside");
    let tree = root.below("tree");
    let dir = tree.below("dir");
    tree.file("file");
    tree.file("Mixed");
    dir.file("inner");
    let mut found = |code: &'static str, name: &str| findings.push((code, name.to_owned()));

    use LinkType::{Directory, File};
    for (code, name, target, link_type) in [
        ("dangling", "dangling", "nowhere", File),
        ("dangling", "dangling-dir", "dir\\nowhere", Directory),
        ("loop", "loop", "loop", File),
        ("wrong-type", "wrong-file", "dir", File),
        ("wrong-type", "wrong-dir", "file", Directory),
        ("absolute", "absolute", "C:\\tree\\file", File),
        ("absolute", "rooted", "\\tree\\file", File),
        ("outside-tree", "out", "..\\outside", File),
        ("other-volume", "other", "E:\\x", File),
        ("other-volume", "share", "\\\\server\\share\\x", File),
        ("messy", "messy-dot", ".\\file", File),
        ("messy", "messy-up", "dir\\..\\file", File),
        ("messy", "messy-double", "dir\\\\inner", File),
        ("messy", "messy-slash", "dir/inner", File),
        ("messy", "messy-end", "dir\\", Directory),
        ("case", "case", "mIXED", File),
    ] {
        tree.symbolic(name, target, link_type);
        found(code, name);
    }
    tree.junction("junction-to-file", "C:\\tree\\file");
    found("wrong-type", "junction-to-file");
    tree.junction("junction-elsewhere", "D:\\data");
    found("other-volume", "junction-elsewhere");
    dir.junction("up", "C:\\tree");
    found("into-ancestor", "dir/up");

    let disagree = SymbolicLink::absolute(&units("C:\\other"), &units("\\??\\C:\\outside"));
    tree.link("disagree", File, disagree.unwrap());
    found("names-disagree", "disagree");
    tree.link("lx", File, LxSymlink::new(b"dir/inner").unwrap());
    found("lx-link", "lx");
    tree.link("unknown", File, unknown_tag());
    found("unknown-tag", "unknown");

    // 64 links: Windows follows 63.
    for number in 0..64 {
        let target = match number {
            63 => "file".to_owned(),
            _ => format!("chain{:02}", number + 1),
        };
        tree.symbolic(&format!("chain{number:02}"), &target, File);
    }
    found("chain-too-long", "chain00");

    let many = tree.below("many");
    let first = many.file("m0000");
    for number in 1..1000 {
        let name = Name::from(format!("m{number:04}").as_str());
        fs.hard_link(&first, &many.dir, &name).unwrap();
    }
    found("link-limit", "many/m0000");

    // Nothing is wrong with these.
    tree.symbolic("healthy", "file", File);
    tree.symbolic("healthy-dir", "dir", Directory);
    dir.symbolic("healthy", "..\\file", File);
    tree.symbolic("outside-absolute", "C:\\outside", File);
    tree.junction("healthy-junction", "C:\\tree\\dir");
    let volume = MountPoint::volume([7; 16]).unwrap();
    tree.link("mounted", Directory, volume);
    let written = SymbolicLink::absolute(&units("C:/outside"), &units("\\??\\C:\\outside"));
    tree.link("other-slashes", File, written.unwrap());
}

/// A tag of nobody: not Microsoft's, so a GUID follows.
fn unknown_tag() -> OtherReparse {
    let mut bytes = 0x0000_0ABC_u32.to_le_bytes().to_vec();
    bytes.extend(4_u16.to_le_bytes());
    bytes.extend(0_u16.to_le_bytes());
    bytes.extend([9; 16]);
    bytes.extend(b"data");
    OtherReparse::decode(&bytes).unwrap()
}

/// Changes the key of a link in `$Extend\$Reparse:$R`, so that its own is
/// missing: the tag, and the reference of the record behind it.
fn forget_in_index(bench: &Bench, (record, sequence): (u64, u16)) {
    let path = bench.path("disk.img");
    let mut bytes = fs::read(&path).unwrap();
    let mut key = 0xA000_000C_u32.to_le_bytes().to_vec();
    key.extend((record | u64::from(sequence) << 48).to_le_bytes());
    let places: Vec<usize> = bytes
        .windows(key.len())
        .enumerate()
        .filter(|(_, window)| *window == key)
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        // Another generation of the record.
        bytes[at + 10] ^= 0x55;
    }
    fs::write(&path, bytes).unwrap();
}
