//! What is at a name, before a step or after it.

use linkwright_fs::{
    Attributes, LinkContent, LinkType, Name, ReparseBuffer, Stat, Times, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::format::PathText;
use crate::inspect::LinkKind;
use crate::target::TargetText;

/// What is at a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Nothing.
    Absent,
    /// A link object.
    Link(Box<LinkState>),
    /// A file of its own, or one of several names of a file.
    File(Box<FileState>),
}

/// A link object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkState {
    /// `symlink`, `junction`, ...; for people.
    pub kind: String,
    /// `file` or `dir`; null where links have no type.
    #[serde(rename = "type")]
    pub link_type: Option<String>,
    /// Where it leads, as people write it; for people.
    pub target: String,
    /// The name that is followed; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitute: Option<String>,
    /// The name that is shown; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub print: Option<String>,
    /// Flags of a symbolic link of Windows; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<u32>,
    /// The reparse buffer in hexadecimal; this is what counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer: Option<String>,
    /// The text of a link of POSIX in hexadecimal; this is what counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Win32 attributes.
    pub attributes: u32,
    /// Times.
    pub times: TimesText,
    /// Record and sequence number, or inode number; null before it is there.
    pub id: Option<(u64, u16)>,
    /// How many names it has.
    pub names: u64,
    /// Its security descriptor in hexadecimal, where it will have to be made
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<String>,
    /// The 8.3 name beside the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_name: Option<PathText>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// Bytes of its data.
    pub size: u64,
    /// Win32 attributes.
    pub attributes: u32,
    /// Permission bits of POSIX.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// Times.
    pub times: TimesText,
    /// Record and sequence number, or inode number; null before it is there.
    pub id: Option<(u64, u16)>,
    /// How many names it has; 0 where that is left open.
    pub names: u64,
    /// The path, from the root of the volume, of another name that it shares its
    /// data with, or that has the data it gets. Null for a file that gets the
    /// data of what is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<PathText>,
    /// Whether it is one of the names of the file at `of`, not a copy.
    pub shared: bool,
    /// Its security descriptor in hexadecimal, where it will have to be made
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<String>,
}

/// Times as seconds since 1970 and nanoseconds after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TimesText {
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<(i64, u32)>,
    /// When its data last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<(i64, u32)>,
    /// When anything of it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<(i64, u32)>,
    /// When it was last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessed: Option<(i64, u32)>,
}

impl From<Times> for TimesText {
    fn from(times: Times) -> Self {
        let pair = |time: Option<Timestamp>| time.map(|time| (time.seconds, time.nanos));
        Self {
            created: pair(times.created),
            modified: pair(times.modified),
            changed: pair(times.changed),
            accessed: pair(times.accessed),
        }
    }
}

impl TimesText {
    /// As a file system takes them.
    pub fn times(self) -> Times {
        let time = |pair: Option<(i64, u32)>| {
            pair.map(|(seconds, nanos)| Timestamp {
                seconds,
                nanos: nanos.min(999_999_999),
            })
        };
        Times {
            created: time(self.created),
            modified: time(self.modified),
            changed: time(self.changed),
            accessed: time(self.accessed),
        }
    }
}

impl State {
    /// This state once a step that began at `before` has come to it: what was
    /// recreated has a number that nobody knows before.
    #[must_use]
    pub(super) fn after(mut self, before: &State) -> Self {
        let stays = match (before, &self) {
            (State::Link(old), State::Link(new)) => old.stays(new),
            _ => false,
        };
        match &mut self {
            State::Link(link) if !stays => link.id = None,
            State::File(file) if !file.shared => file.id = None,
            _ => {}
        }
        self
    }
}

impl LinkState {
    /// What a link is now.
    pub fn of(stat: &Stat, content: &LinkContent, typed: bool) -> Self {
        let mut state = Self {
            kind: String::new(),
            link_type: typed.then(|| type_word(stat.link_type()).to_owned()),
            target: String::new(),
            substitute: None,
            print: None,
            flags: None,
            buffer: None,
            text: None,
            attributes: stat.attributes.bits(),
            times: stat.times.into(),
            id: Some((stat.record, stat.sequence)),
            names: stat.names,
            security: None,
            short_name: None,
        };
        state.describe(content);
        state
    }

    /// The same link with another content.
    #[must_use]
    pub fn with(&self, content: &LinkContent) -> Self {
        let mut state = self.clone();
        state.describe(content);
        state
    }

    fn describe(&mut self, content: &LinkContent) {
        let text = |units: &[u16]| Some(String::from_utf16_lossy(units));
        let target = TargetText::of(content);
        self.target = target.map_or_else(String::new, |target| target.name().to_string());
        (self.substitute, self.print, self.flags) = match content {
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) => (
                text(link.substitute_name()),
                text(link.print_name()),
                Some(link.flags()),
            ),
            LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) => (
                text(mount.substitute_name()),
                text(mount.print_name()),
                None,
            ),
            _ => (None, None, None),
        };
        self.kind = kind_of(content).as_str().to_owned();
        (self.buffer, self.text) = match content {
            LinkContent::Posix(bytes) => (None, Some(to_hex(bytes))),
            LinkContent::Reparse(buffer) => (Some(to_hex(&buffer.encode())), None),
        };
    }

    /// What it holds; `None` when the bytes are no link, or when the words beside
    /// them say something else than they do.
    pub fn content(&self) -> Option<LinkContent> {
        let content = match (&self.buffer, &self.text) {
            (Some(buffer), None) => {
                LinkContent::Reparse(ReparseBuffer::decode(&from_hex(buffer)?).ok()?)
            }
            (None, Some(text)) => LinkContent::Posix(from_hex(text)?),
            _ => return None,
        };
        let said = self.with(&content);
        (said == *self).then_some(content)
    }

    /// Its type; that of a file where links have none, `None` for another word.
    pub fn link_type(&self) -> Option<LinkType> {
        match self.link_type.as_deref() {
            None | Some("file") => Some(LinkType::File),
            Some("dir") => Some(LinkType::Directory),
            Some(_) => None,
        }
    }

    /// Whether `new` is put into the same object: Windows sets a reparse point
    /// anew when the tag stays.
    pub fn stays(&self, new: &Self) -> bool {
        let tag = |state: &Self| {
            state
                .buffer
                .as_ref()
                .map(|buffer| buffer.get(..8).map(str::to_owned))
        };
        tag(self).is_some() && tag(self) == tag(new) && self.link_type == new.link_type
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes {
        Attributes::from_bits_retain(self.attributes)
    }
}

impl FileState {
    /// What a file is now.
    pub fn of(stat: &Stat) -> Self {
        Self {
            size: stat.size,
            attributes: stat.attributes.bits(),
            mode: stat.mode,
            times: stat.times.into(),
            id: Some((stat.record, stat.sequence)),
            names: stat.names,
            of: None,
            shared: false,
            security: None,
        }
    }

    /// Its attributes.
    pub fn attributes(&self) -> Attributes {
        Attributes::from_bits_retain(self.attributes)
    }
}

/// The kind of link that a content makes.
pub(crate) fn kind_of(content: &LinkContent) -> LinkKind {
    match content {
        LinkContent::Posix(_) | LinkContent::Reparse(ReparseBuffer::SymbolicLink(_)) => {
            LinkKind::Symlink
        }
        LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) => match mount.is_volume() {
            true => LinkKind::MountPoint,
            false => LinkKind::Junction,
        },
        LinkContent::Reparse(ReparseBuffer::LxSymlink(_)) => LinkKind::LxSymlink,
        LinkContent::Reparse(ReparseBuffer::Other(_)) => LinkKind::Other,
    }
}

/// `file` or `dir`.
pub(crate) fn type_word(link_type: LinkType) -> &'static str {
    match link_type {
        LinkType::File => "file",
        LinkType::Directory => "dir",
    }
}

/// Two digits a byte. A plan has hundreds of bytes a step: this is much of the
/// work of planning.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| match value {
        0..10 => char::from(b'0' + value),
        _ => char::from(b'a' + value - 10),
    };
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xF));
    }
    text
}

pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |text: u8| match text {
        b'0'..=b'9' => Some(text - b'0'),
        b'a'..=b'f' => Some(text - b'a' + 10),
        b'A'..=b'F' => Some(text - b'A' + 10),
        _ => None,
    };
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    let pair = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    odd.is_empty()
        .then(|| pairs.iter().map(pair).collect::<Option<_>>())
        .flatten()
}

/// A name as a path of one part.
pub(crate) fn name_text(name: &Name) -> PathText {
    PathText::of(std::slice::from_ref(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_and_read_in_hexadecimal() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(to_hex(&[0, 9, 0xAF, 0xFF]), "0009afff");
        assert_eq!(from_hex(&to_hex(&all)), Some(all));
        assert_eq!(from_hex("AF"), Some(vec![0xAF]));
        for bad in ["0", "0g", "é"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
