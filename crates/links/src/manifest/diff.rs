//! What tells two manifests apart.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use linkwright_fs::{LinkContent, Name, ReparseBuffer, Timestamp};

use super::{GroupId, Link, Manifest};
use crate::text::windows_to_posix;

/// How a link differs. The order is that of the words in the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceKind {
    /// It is not there any more.
    Missing,
    /// It was not there before.
    Extra,
    /// A file or directory of its own is there in its place.
    BecameCopy,
    /// Another kind of link is there.
    OtherKind,
    /// It leads elsewhere.
    OtherTarget,
    /// It is a link to a file where it was one to a directory, or the reverse.
    OtherType,
    /// It leads to the same, and its reparse point is another: the print name,
    /// a flag, the data of a tag.
    OtherData,
    /// Names of one file are names of several.
    GroupSplit,
    /// Names of several files are names of one.
    GroupJoined,
    /// It was made or changed at another time.
    Times,
    /// It has other attributes.
    Attributes,
}

impl DifferenceKind {
    /// The name in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::BecameCopy => "became_copy",
            Self::OtherKind => "other_kind",
            Self::OtherTarget => "other_target",
            Self::OtherType => "other_type",
            Self::OtherData => "other_data",
            Self::GroupSplit => "group_split",
            Self::GroupJoined => "group_joined",
            Self::Times => "times",
            Self::Attributes => "attributes",
        }
    }
}

/// What need not be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aspect {
    /// [`DifferenceKind::Times`].
    Times,
    /// [`DifferenceKind::Attributes`].
    Attributes,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The path below the places; of a group its first.
    pub path: Vec<Name>,
    /// What is different.
    pub kind: DifferenceKind,
    /// What the first says, where there is something to say.
    pub before: Option<String>,
    /// What the second says.
    pub after: Option<String>,
    /// Of a group one name of each file.
    pub names: Vec<Vec<Name>>,
}

/// What has a path of a place, which is no link of its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Present {
    /// It cannot be told: there is only a manifest.
    Unknown,
    /// Nothing.
    Nothing,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Something else.
    Other,
}

/// One side of a comparison.
struct Side<'a> {
    manifest: &'a Manifest,
    /// The groups with more than one name inside.
    groups: HashSet<GroupId>,
    present: &'a dyn Fn(&[Name]) -> Present,
}

impl Side<'_> {
    /// Whether a name is a file like any other as far as this place goes: its
    /// other names are outside.
    fn is_lone(&self, link: &Link) -> bool {
        link.content.is_none()
            && link
                .group
                .is_none_or(|group| !self.groups.contains(&group.id))
    }
}

/// Everything that is different, in the order of the paths. `before` and `after`
/// say what of the places the manifests do not.
pub fn diff(
    a: &Manifest,
    before: &dyn Fn(&[Name]) -> Present,
    b: &Manifest,
    after: &dyn Fn(&[Name]) -> Present,
    ignore: &[Aspect],
) -> Vec<Difference> {
    let a = Side {
        manifest: a,
        groups: a.groups().into_keys().collect(),
        present: before,
    };
    let b = Side {
        manifest: b,
        groups: b.groups().into_keys().collect(),
        present: after,
    };
    let mut found = Vec::new();
    let mut told = HashSet::new();
    for (path, link) in &a.manifest.links {
        match b.manifest.links.get(path) {
            None => found.extend(gone(&a, &b, path, link)),
            Some(other) => {
                let changed = content(path, link, other);
                // The facts of a file are told once, not with each of its names.
                let first = link.group.is_none_or(|group| told.insert(group.id));
                let is_same = changed.is_none();
                found.extend(changed);
                if first && is_same && !(a.is_lone(link) && b.is_lone(other)) {
                    found.extend(facts(path, link, other, ignore));
                }
            }
        }
    }
    found.extend(new_links(&a, &b));
    found.extend(partitions(&a, &b));
    found.sort_by(|one, two| (&one.path, one.kind).cmp(&(&two.path, two.kind)));
    found
}

fn difference(path: &[Name], kind: DifferenceKind) -> Difference {
    Difference {
        path: path.to_vec(),
        kind,
        before: None,
        after: None,
        names: Vec::new(),
    }
}

impl Difference {
    fn between(mut self, before: impl Into<String>, after: impl Into<String>) -> Self {
        self.before = Some(before.into());
        self.after = Some(after.into());
        self
    }
}

/// A link of the first that is none of the second.
fn gone(a: &Side<'_>, b: &Side<'_>, path: &[Name], link: &Link) -> Option<Difference> {
    let kind = link.kind().as_str();
    let present = (b.present)(path);
    let missing = || Some(difference(path, DifferenceKind::Missing).between(kind, "nothing"));
    if a.is_lone(link) {
        // A file among others: only its loss can be seen.
        return match present {
            Present::Nothing => missing(),
            _ => None,
        };
    }
    let changed = |kind_of, word| Some(difference(path, kind_of).between(kind, word));
    match (present, link.content.is_none()) {
        (Present::Unknown | Present::Nothing, _) => missing(),
        (Present::File, _) => changed(DifferenceKind::BecameCopy, "file"),
        (Present::Directory, false) => changed(DifferenceKind::BecameCopy, "dir"),
        (Present::Directory, true) => changed(DifferenceKind::OtherKind, "dir"),
        (Present::Other, _) => changed(DifferenceKind::OtherKind, "special"),
    }
}

/// Links of the second that are none of the first.
fn new_links(a: &Side<'_>, b: &Side<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    // Files of their own before, names of one file now.
    let mut joined: BTreeMap<GroupId, Vec<Vec<Name>>> = BTreeMap::new();
    for (path, link) in &b.manifest.links {
        if a.manifest.links.contains_key(path) || b.is_lone(link) {
            continue;
        }
        let kind = link.kind().as_str();
        let extra = difference(path, DifferenceKind::Extra);
        let other = difference(path, DifferenceKind::OtherKind);
        match ((a.present)(path), link.content.is_none(), link.group) {
            (Present::File, true, Some(group)) => {
                joined.entry(group.id).or_default().push(path.clone());
            }
            (Present::File, ..) => found.push(other.between("file", kind)),
            (Present::Directory, ..) => found.push(other.between("dir", kind)),
            (Present::Other, ..) => found.push(other.between("special", kind)),
            (Present::Unknown | Present::Nothing, ..) => {
                found.push(extra.between("nothing", kind));
            }
        }
    }
    found.extend(joined.into_values().filter_map(|names| {
        let first = names.first()?;
        let files = format!("{} file(s) of their own", names.len());
        let joined = difference(first, DifferenceKind::GroupJoined).between(files, "one file");
        Some(Difference { names, ..joined })
    }));
    found
}

/// What the two hold.
fn content(path: &[Name], a: &Link, b: &Link) -> Option<Difference> {
    let (one, two) = (a.kind().as_str(), b.kind().as_str());
    match (&a.content, &b.content) {
        (None, None) => None,
        (Some(_), None) => Some(difference(path, DifferenceKind::BecameCopy).between(one, two)),
        (None, Some(_)) => Some(difference(path, DifferenceKind::OtherKind).between(one, two)),
        (Some(_), Some(_)) if one != two => {
            Some(difference(path, DifferenceKind::OtherKind).between(one, two))
        }
        (Some(left), Some(right)) => held(path, a, left, b, right),
    }
}

/// What two links of one kind hold.
fn held(
    path: &[Name],
    a: &Link,
    left: &LinkContent,
    b: &Link,
    right: &LinkContent,
) -> Option<Difference> {
    let shown = |link: &Link| {
        link.target()
            .map_or_else(String::new, |name| name.to_string())
    };
    let is_mixed = matches!(
        (left, right),
        (LinkContent::Posix(_), LinkContent::Reparse(_))
            | (LinkContent::Reparse(_), LinkContent::Posix(_))
    );
    let is_same_target = match is_mixed {
        true => as_posix(a, left) == as_posix(b, right),
        false => a.target() == b.target(),
    };
    if !is_same_target {
        let other = difference(path, DifferenceKind::OtherTarget);
        return Some(other.between(shown(a), shown(b)));
    }
    // Links of a POSIX host have no type of their own.
    if is_mixed || matches!(left, LinkContent::Posix(_)) {
        return None;
    }
    if a.link_type != b.link_type {
        let word = |link: &Link| match link.link_type {
            Some(linkwright_fs::LinkType::Directory) => "dir",
            _ => "file",
        };
        let other = difference(path, DifferenceKind::OtherType);
        return Some(other.between(word(a), word(b)));
    }
    match left == right {
        true => None,
        false => Some(difference(path, DifferenceKind::OtherData).between(data(left), data(right))),
    }
}

/// A relative target as a POSIX host writes it; others as they are.
fn as_posix(link: &Link, content: &LinkContent) -> Vec<u8> {
    match content {
        LinkContent::Posix(text) => text.clone(),
        LinkContent::Reparse(_) => link
            .target()
            .map_or_else(Vec::new, |target| windows_to_posix(target.units())),
    }
}

/// What of a reparse point is no target, for people.
fn data(content: &LinkContent) -> String {
    let text = String::from_utf16_lossy;
    match content {
        LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) => format!(
            "{} (print name {}, flags {})",
            text(link.substitute_name()),
            text(link.print_name()),
            link.flags()
        ),
        LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) => format!(
            "{} (print name {})",
            text(mount.substitute_name()),
            text(mount.print_name())
        ),
        LinkContent::Reparse(buffer) => {
            format!(
                "tag 0x{:08X}, {} bytes",
                buffer.tag().0,
                buffer.encode().len()
            )
        }
        LinkContent::Posix(text) => String::from_utf8_lossy(text).into_owned(),
    }
}

/// Times and attributes, where both sides have them.
fn facts(path: &[Name], a: &Link, b: &Link, ignore: &[Aspect]) -> Vec<Difference> {
    let mut found = Vec::new();
    if !ignore.contains(&Aspect::Times) {
        let pairs = [
            ("modified", a.times.modified, b.times.modified),
            ("created", a.times.created, b.times.created),
        ];
        let said = |which: &str, time: Timestamp| format!("{which} {time}");
        found.extend(pairs.into_iter().find_map(|(which, one, two)| {
            let (one, two) = (one?, two?);
            let times = difference(path, DifferenceKind::Times);
            (!one.same_tick(two)).then(|| times.between(said(which, one), said(which, two)))
        }));
    }
    if let (Some(one), Some(two)) = (a.attributes, b.attributes)
        && one != two
        && !ignore.contains(&Aspect::Attributes)
    {
        let said = |bits: linkwright_fs::Attributes| format!("0x{:08X}", bits.bits());
        let other = difference(path, DifferenceKind::Attributes);
        found.push(other.between(said(one), said(two)));
    }
    found
}

/// Groups that were split or joined, among the names that both sides have.
fn partitions(a: &Side<'_>, b: &Side<'_>) -> Vec<Difference> {
    let mut forth: BTreeMap<GroupId, Parts<'_>> = BTreeMap::new();
    let mut back: BTreeMap<GroupId, Parts<'_>> = BTreeMap::new();
    for (path, link) in &a.manifest.links {
        let Some(other) = b.manifest.links.get(path) else {
            continue;
        };
        if let (Some(one), Some(two)) = (link.group, other.group) {
            forth.entry(one.id).or_default().add(two.id, path);
            back.entry(two.id).or_default().add(one.id, path);
        }
    }
    let told = |parts: HashMap<GroupId, &Vec<Name>>, kind| {
        let names: BTreeSet<&Vec<Name>> = parts.into_values().collect();
        let count = format!("{} files", names.len());
        let first = names.first()?;
        let told = difference(first, kind);
        let told = match kind {
            DifferenceKind::GroupSplit => told.between("one file", count),
            _ => told.between(count, "one file"),
        };
        Some(Difference {
            names: names.into_iter().cloned().collect(),
            ..told
        })
    };
    let several = |parts: &Parts<'_>| parts.0.len() > 1;
    let split = forth.into_values().filter(several);
    let joined = back.into_values().filter(several);
    split
        .filter_map(|parts| told(parts.0, DifferenceKind::GroupSplit))
        .chain(joined.filter_map(|parts| told(parts.0, DifferenceKind::GroupJoined)))
        .collect()
}

/// The files that the names of a group have on the other side, each with its
/// first name.
#[derive(Default)]
struct Parts<'a>(HashMap<GroupId, &'a Vec<Name>>);

impl<'a> Parts<'a> {
    fn add(&mut self, id: GroupId, path: &'a Vec<Name>) {
        self.0.entry(id).or_insert(path);
    }
}
