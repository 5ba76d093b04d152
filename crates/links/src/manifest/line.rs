//! The lines of a manifest, between JSON and what they mean.

use linkwright_fs::{Attributes, LinkContent, LinkType, Name, ReparseBuffer, Times};
use serde::{Deserialize, Serialize};

use super::read::ManifestErrorKind;
use super::{Group, GroupId, Header, Link, NameForm, time};
use crate::LinkKind;
use crate::plan::{from_hex, to_hex};

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "message_type", rename_all = "snake_case")]
pub(super) enum Line {
    Manifest(HeaderLine),
    Link(Box<LinkLine>),
    End(EndLine),
    /// A line of another program or version: passed over.
    #[serde(other)]
    Other,
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HeaderLine {
    pub(super) version: u32,
    #[serde(default)]
    place: String,
    names: FormText,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FormText {
    Windows,
    Posix,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EndLine {
    pub(super) links: u64,
    #[serde(default)]
    pub(super) unreadable: u64,
}

/// A link.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LinkLine {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_utf16: Option<Vec<u16>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<Vec<u8>>,
    kind: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    link_type: Option<TypeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// For people: `reparse_data` and `target_bytes` count.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    /// The text of a link of a POSIX host, where it is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_bytes: Option<Vec<u8>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    substitute_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    print_name: Option<String>,
    /// The reparse buffer in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    reparse_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TypeText {
    File,
    Dir,
}

type Result<T> = std::result::Result<T, ManifestErrorKind>;

impl HeaderLine {
    pub(super) fn of(header: &Header) -> Self {
        Self {
            version: super::VERSION,
            place: header.place.clone(),
            names: match header.names {
                NameForm::Windows => FormText::Windows,
                NameForm::Posix => FormText::Posix,
            },
        }
    }

    pub(super) fn into_header(self) -> Header {
        Header {
            place: self.place,
            names: match self.names {
                FormText::Windows => NameForm::Windows,
                FormText::Posix => NameForm::Posix,
            },
        }
    }
}

impl LinkLine {
    pub(super) fn of(path: &[Name], link: &Link, form: NameForm) -> Self {
        let mut line = Self {
            kind: link.kind().as_str().to_owned(),
            link_type: link.link_type.map(|link_type| match link_type {
                LinkType::File => TypeText::File,
                LinkType::Directory => TypeText::Dir,
            }),
            group: link.group.map(|group| group.id.to_string()),
            names: link.group.map(|group| group.names),
            size: link.content.is_none().then_some(link.size),
            created: link.times.created.map(|time| time.to_string()),
            modified: link.times.modified.map(|time| time.to_string()),
            attributes: link.attributes.map(|bits| format!("0x{:08X}", bits.bits())),
            mode: link.mode.map(|mode| format!("{mode:04o}")),
            ..Self::default()
        };
        line.set_path(path, form);
        match &link.content {
            None => {}
            Some(LinkContent::Posix(text)) => {
                line.target = Some(String::from_utf8_lossy(text).into_owned());
                line.target_bytes = std::str::from_utf8(text).is_err().then(|| text.clone());
            }
            Some(LinkContent::Reparse(buffer)) => {
                line.tag = Some(format!("0x{:08X}", buffer.tag().0));
                line.target = link.target().map(|target| target.to_string());
                (line.substitute_name, line.print_name) = names_of(buffer);
                line.reparse_data = Some(to_hex(&buffer.encode()));
            }
        }
        line
    }

    fn set_path(&mut self, path: &[Name], form: NameForm) {
        let joined = joined(path);
        self.path = joined.to_string();
        if joined.to_text().is_none() {
            match form {
                NameForm::Windows => self.path_utf16 = Some(joined.units().to_vec()),
                NameForm::Posix => self.path_bytes = Some(joined_bytes(path)),
            }
        }
    }

    /// What the line says, checked.
    pub(super) fn read(self) -> Result<(Vec<Name>, Link)> {
        let path = self.path()?;
        let content = self.content()?;
        let link = Link {
            link_type: self.link_type.map(|link_type| match link_type {
                TypeText::File => LinkType::File,
                TypeText::Dir => LinkType::Directory,
            }),
            group: self.group()?,
            // Only a file has one.
            size: self.size.filter(|_| content.is_none()).unwrap_or(0),
            times: Times {
                created: read_time(self.created.as_deref())?,
                modified: read_time(self.modified.as_deref())?,
                ..Times::default()
            },
            attributes: match &self.attributes {
                None => None,
                Some(text) => Some(Attributes::from_bits_retain(
                    text.strip_prefix("0x")
                        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
                        .ok_or(ManifestErrorKind::Field("attributes"))?,
                )),
            },
            mode: match &self.mode {
                None => None,
                Some(text) => Some(
                    u32::from_str_radix(text, 8)
                        .ok()
                        .filter(|mode| *mode <= 0o7777)
                        .ok_or(ManifestErrorKind::Field("mode"))?,
                ),
            },
            content,
        };
        if link.kind().as_str() != self.kind {
            return Err(ManifestErrorKind::Field("kind"));
        }
        if link.kind() == LinkKind::Hard && link.group.is_none() {
            return Err(ManifestErrorKind::Field("group"));
        }
        Ok((path, link))
    }

    fn path(&self) -> Result<Vec<Name>> {
        let slash = u16::from(b'/');
        let names: Vec<Name> = match (&self.path_utf16, &self.path_bytes) {
            (Some(units), _) => units
                .split(|unit| *unit == slash)
                .map(|name| Name::from_units(name.to_vec()))
                .collect(),
            (None, Some(bytes)) => bytes
                .split(|byte| *byte == b'/')
                .map(Name::from_host_bytes)
                .collect(),
            (None, None) => self.path.split('/').map(Name::from).collect(),
        };
        match names.iter().all(is_plain) {
            true => Ok(names),
            false => Err(ManifestErrorKind::PathLeadsOut),
        }
    }

    fn content(&self) -> Result<Option<LinkContent>> {
        if let Some(hex) = &self.reparse_data {
            let bytes = from_hex(hex).ok_or(ManifestErrorKind::Field("reparse_data"))?;
            let buffer = ReparseBuffer::decode(&bytes).map_err(ManifestErrorKind::Reparse)?;
            if buffer.tag().is_reserved() {
                return Err(ManifestErrorKind::Field("reparse_data"));
            }
            return Ok(Some(LinkContent::Reparse(buffer)));
        }
        let text = match (&self.target_bytes, &self.target) {
            (Some(bytes), _) => bytes.clone(),
            (None, Some(text)) => text.clone().into_bytes(),
            (None, None) => return Ok(None),
        };
        match text.is_empty() || text.contains(&0) {
            true => Err(ManifestErrorKind::Field("target")),
            false => Ok(Some(LinkContent::Posix(text))),
        }
    }

    fn group(&self) -> Result<Option<Group>> {
        let Some(text) = &self.group else {
            return Ok(None);
        };
        let id = GroupId::parse(text).ok_or(ManifestErrorKind::Field("group"))?;
        let names = self.names.filter(|names| *names > 1);
        let names = names.ok_or(ManifestErrorKind::Field("names"))?;
        Ok(Some(Group { id, names }))
    }
}

/// `record.sequence`, and `.device` on a host.
impl std::fmt::Display for GroupId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.record, self.sequence)?;
        match self.device {
            0 => Ok(()),
            device => write!(f, ".{device}"),
        }
    }
}

impl GroupId {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let id = Self {
            record: parts.next()?.parse().ok()?,
            sequence: parts.next()?.parse().ok()?,
            device: parts.next().map_or(Some(0), |text| text.parse().ok())?,
        };
        parts.next().is_none().then_some(id)
    }
}

/// Whether a name is one that a directory can have: it leads nowhere else.
fn is_plain(name: &Name) -> bool {
    let dot = u16::from(b'.');
    let units = name.units();
    !units.is_empty()
        && units != [dot]
        && units != [dot, dot]
        && !units.contains(&u16::from(b'/'))
        && !units.contains(&0)
}

fn names_of(buffer: &ReparseBuffer) -> (Option<String>, Option<String>) {
    let text = |units: &[u16]| Some(String::from_utf16_lossy(units));
    match buffer {
        ReparseBuffer::SymbolicLink(link) => {
            (text(link.substitute_name()), text(link.print_name()))
        }
        ReparseBuffer::MountPoint(mount) => {
            (text(mount.substitute_name()), text(mount.print_name()))
        }
        ReparseBuffer::LxSymlink(_) | ReparseBuffer::Other(_) => (None, None),
    }
}

/// Names with `/` between them, as one.
pub(super) fn joined(path: &[Name]) -> Name {
    let mut units = Vec::new();
    for (at, name) in path.iter().enumerate() {
        if at > 0 {
            units.push(u16::from(b'/'));
        }
        units.extend_from_slice(name.units());
    }
    Name::from_units(units)
}

fn joined_bytes(path: &[Name]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = path.iter().map(Name::to_host_bytes).collect();
    names.join(&b'/')
}

fn read_time(text: Option<&str>) -> Result<Option<linkwright_fs::Timestamp>> {
    text.map(|text| time::parse(text).ok_or(ManifestErrorKind::Field("a time")))
        .transpose()
}
