//! The operations that every back end is put through, each in a directory of
//! its own.

use linkwright_fs::{
    Attributes, Capabilities, Contents, Create, ExtendedAttribute, FileSystem, LinkContent,
    LinkType, Name, Node, ReparseBuffer, Replace, Result, StreamName, Target, Times, Timestamp,
};
use linkwright_reparse::{
    LxSymlink, MountPoint, OtherReparse, ReparseTag, SymbolicLink, TargetContext,
};

/// A back end, and an empty directory on it.
pub(crate) struct Bench<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) dir: Node,
}

/// What an operation gives: what was seen, or how it failed.
type Seen = Result<String>;
type Operation = (&'static str, fn(&Bench<'_>) -> Seen);

fn ok() -> Seen {
    Ok("ok".to_owned())
}

fn name(text: &str) -> Name {
    Name::from(text)
}

impl Bench<'_> {
    fn file(&self, text: &str) -> Result<Node> {
        let mut contents = [Contents {
            stream: None,
            data: &mut text.as_bytes(),
        }];
        self.fs.put_file(
            &self.dir,
            &name(text),
            &Create::default(),
            &mut contents,
            Replace::No,
        )
    }

    fn folder(&self, text: &str) -> Result<Node> {
        self.fs
            .create_directory(&self.dir, &name(text), &Create::default())
    }

    fn child(&self, text: &str) -> Result<Node> {
        self.fs.child(&self.dir, &name(text))
    }

    fn hard(&self, of: &str, new: &str) -> Result<()> {
        self.fs.hard_link(&self.child(of)?, &self.dir, &name(new))
    }

    fn link(&self, new: &str, link_type: LinkType, content: &LinkContent) -> Result<Node> {
        self.fs.create_link(
            &self.dir,
            &name(new),
            link_type,
            content,
            &Create::default(),
        )
    }

    /// A symbolic link of the kind that this back end keeps.
    fn symlink(&self, new: &str, target: &str, link_type: LinkType) -> Result<Node> {
        self.link(new, link_type, &self.symbolic(target))
    }

    fn symbolic(&self, target: &str) -> LinkContent {
        let here = self.fs.capabilities_at(&self.dir).unwrap();
        if !here.contains(Capabilities::REPARSE_POINTS) {
            return LinkContent::Posix(target.as_bytes().to_vec());
        }
        let units: Vec<u16> = target.encode_utf16().collect();
        let made = SymbolicLink::from_target_text(&units, &TargetContext::default()).unwrap();
        LinkContent::Reparse(made.into())
    }

    fn text_of(&self, node: &Node) -> Seen {
        Ok(match self.fs.link(node)? {
            None => "no link".to_owned(),
            Some(LinkContent::Posix(text)) => String::from_utf8_lossy(&text).into_owned(),
            Some(LinkContent::Reparse(ReparseBuffer::SymbolicLink(link))) => {
                String::from_utf16_lossy(link.print_name())
            }
            Some(LinkContent::Reparse(ReparseBuffer::MountPoint(mount))) => {
                String::from_utf16_lossy(mount.substitute_name())
            }
            Some(LinkContent::Reparse(buffer)) => format!("tag {:#x}", buffer.tag().0),
        })
    }

    fn names(&self) -> Seen {
        let mut names: Vec<String> = self
            .fs
            .list(&self.dir)?
            .map(|entry| Ok(entry?.name.to_string()))
            .collect::<Result<_>>()?;
        names.sort();
        Ok(match names.is_empty() {
            true => "nothing".to_owned(),
            false => names.join(" "),
        })
    }
}

/// Runs all of them; `fresh` gives an empty directory each time.
pub(crate) fn run(
    fs: &dyn FileSystem,
    mut fresh: impl FnMut(&str) -> Node,
) -> Vec<(&'static str, String)> {
    OPERATIONS
        .iter()
        .map(|(operation, run)| {
            let folder: String = operation
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            let dir = fresh(&folder);
            let seen = run(&Bench { fs, dir });
            let result = seen.unwrap_or_else(|error| error.win32().0.to_string());
            (*operation, result)
        })
        .collect()
}

fn junction() -> LinkContent {
    let target: Vec<u16> = r"C:\somewhere".encode_utf16().collect();
    LinkContent::Reparse(ReparseBuffer::MountPoint(
        MountPoint::junction(&target).unwrap(),
    ))
}

fn dated() -> Timestamp {
    Timestamp {
        seconds: 1_000_000_000,
        nanos: 200,
    }
}

const OPERATIONS: &[Operation] = &[
    ("create a file", |b| {
        b.file("f")?;
        b.names()
    }),
    ("create a file that is there", |b| {
        b.file("f")?;
        b.fs.create_file(&b.dir, &name("f"), &Create::default())?;
        ok()
    }),
    ("create a name in other case", |b| {
        b.file("f")?;
        b.fs.create_file(&b.dir, &name("F"), &Create::default())?;
        ok()
    }),
    ("look a name up in other case", |b| {
        b.file("f")?;
        b.child("F")?;
        ok()
    }),
    ("create a directory that is there", |b| {
        b.folder("d")?;
        b.folder("d")?;
        ok()
    }),
    ("look up what is not there", |b| {
        b.child("f").and_then(|_| ok())
    }),
    ("look up below a file", |b| {
        let file = b.file("f")?;
        b.fs.child(&file, &name("x"))?;
        ok()
    }),
    ("a name of 255 units", |b| {
        b.file(&"n".repeat(255)).and_then(|_| ok())
    }),
    ("a name of 256 units", |b| {
        b.file(&"n".repeat(256)).and_then(|_| ok())
    }),
    ("a name of 255 units of three bytes", |b| {
        b.file(&"\u{3042}".repeat(255)).and_then(|_| ok())
    }),
    ("a name with a wildcard", |b| {
        b.file("a*b").and_then(|_| b.names())
    }),
    ("a name with a quote", |b| {
        b.file("a\"b").and_then(|_| b.names())
    }),
    ("a name with a control character", |b| {
        b.file("a\u{1}b").and_then(|_| ok())
    }),
    ("a name with a backslash", |b| {
        b.file("a\\b").and_then(|_| ok())
    }),
    ("a name with a slash", |b| b.file("a/b").and_then(|_| ok())),
    ("an empty name", |b| {
        b.fs.create_file(&b.dir, &name(""), &Create::default())?;
        ok()
    }),
    ("a name that ends in a dot", |b| {
        b.file("dot.").and_then(|_| b.names())
    }),
    ("a name of a device", |b| {
        b.file("NUL").and_then(|_| b.names())
    }),
    ("hard link", |b| {
        let file = b.file("f")?;
        b.hard("f", "g")?;
        let (one, two) = (b.fs.stat(&file)?, b.fs.stat(&b.child("g")?)?);
        Ok(format!(
            "{} names of {} file",
            two.names,
            if one.record == two.record {
                "one"
            } else {
                "another"
            }
        ))
    }),
    ("hard link onto a name that is there", |b| {
        b.file("f")?;
        b.file("g")?;
        b.hard("f", "g")?;
        ok()
    }),
    ("hard link onto its own name", |b| {
        b.file("f")?;
        b.hard("f", "f")?;
        ok()
    }),
    ("hard link onto its own name in other case", |b| {
        b.file("f")?;
        b.hard("f", "F")?;
        ok()
    }),
    ("hard link to a directory", |b| {
        b.folder("d")?;
        b.hard("d", "e")?;
        ok()
    }),
    ("hard link to a symbolic link", |b| {
        b.file("f")?;
        b.symlink("l", "f", LinkType::File)?;
        b.hard("l", "m")?;
        Ok(format!(
            "{} names; {}",
            b.fs.stat(&b.child("l")?)?.names,
            b.text_of(&b.child("m")?)?
        ))
    }),
    ("hard link into a file", |b| {
        let file = b.file("f")?;
        b.fs.hard_link(&file, &file, &name("x"))?;
        ok()
    }),
    ("the 1025th name of a file", |b| {
        b.file("f")?;
        for number in 1..1024 {
            b.hard("f", &format!("n{number}"))?;
        }
        b.hard("f", "last")?;
        ok()
    }),
    ("all names of a file", |b| {
        let file = b.file("f")?;
        b.hard("f", "g")?;
        let mut names: Vec<String> =
            b.fs.names(&file)?
                .iter()
                .map(|placed| placed.name.to_string())
                .collect();
        names.sort();
        Ok(names.join(" "))
    }),
    ("symbolic link to a file", |b| {
        b.file("f")?;
        let link = b.symlink("l", "f", LinkType::File)?;
        b.text_of(&link)
    }),
    ("symbolic link to a directory", |b| {
        b.folder("d")?;
        let link = b.symlink("l", "d", LinkType::Directory)?;
        Ok(format!("{:?}", b.fs.stat(&link)?.kind))
    }),
    ("symbolic link to nothing", |b| {
        let link = b.symlink("l", "nothing", LinkType::File)?;
        b.text_of(&link)
    }),
    ("symbolic link onto a name that is there", |b| {
        b.file("f")?;
        b.symlink("f", "g", LinkType::File)?;
        ok()
    }),
    ("symbolic link with an absolute Windows target", |b| {
        let link = b.symlink("l", r"C:\far\away", LinkType::File)?;
        b.text_of(&link)
    }),
    ("a reparse point where POSIX text is kept", |b| {
        let units: Vec<u16> = "f".encode_utf16().collect();
        let link = SymbolicLink::from_target_text(&units, &TargetContext::default()).unwrap();
        b.link("l", LinkType::File, &LinkContent::Reparse(link.into()))?;
        ok()
    }),
    ("junction", |b| {
        let link = b.link("j", LinkType::Directory, &junction())?;
        b.text_of(&link)
    }),
    ("junction onto a name that is there", |b| {
        b.folder("j")?;
        b.link("j", LinkType::Directory, &junction())?;
        ok()
    }),
    ("a junction that failed leaves nothing", |b| {
        b.link("j", LinkType::Directory, &junction()).ok();
        b.names()
    }),
    ("WSL link", |b| {
        let link = LxSymlink::new(b"/etc/passwd").unwrap();
        let content = LinkContent::Reparse(ReparseBuffer::LxSymlink(link));
        let made = b.link("l", LinkType::File, &content)?;
        b.text_of(&made)
    }),
    ("a tag of nobody known", |b| {
        let other =
            OtherReparse::new(ReparseTag(0x0000_1234), Some([7; 16]), b"data".to_vec()).unwrap();
        let content = LinkContent::Reparse(ReparseBuffer::Other(other));
        let made = b.link("l", LinkType::File, &content)?;
        b.text_of(&made)
    }),
    ("set a reparse point on a file", |b| {
        let file = b.fs.create_file(&b.dir, &name("f"), &Create::default())?;
        b.fs.set_link(&file, &b.symbolic("g"))?;
        b.text_of(&file)
    }),
    ("take a reparse point off", |b| {
        let file = b.symlink("l", "g", LinkType::File)?;
        b.fs.remove_link(&file)?;
        b.text_of(&file)
    }),
    ("take a reparse point off a plain file", |b| {
        let file = b.file("f")?;
        b.fs.remove_link(&file)?;
        ok()
    }),
    ("what a plain file holds as a link", |b| {
        let file = b.file("f")?;
        b.text_of(&file)
    }),
    ("follow a link by the system", |b| {
        b.file("f")?;
        let link = b.symlink("l", "f", LinkType::File)?;
        Ok(match b.fs.followed(&link)? {
            Target::Found(found) => format!("{:?}", found.stat.kind),
            other => format!("{other:?}"),
        })
    }),
    ("follow a broken link by the system", |b| {
        let link = b.symlink("l", "f", LinkType::File)?;
        Ok(format!("{:?}", b.fs.followed(&link)?))
    }),
    ("follow a link to itself by the system", |b| {
        let link = b.symlink("l", "l", LinkType::File)?;
        Ok(format!("{:?}", b.fs.followed(&link)?))
    }),
    ("read through a link", |b| {
        b.file("f")?;
        let link = b.symlink("l", "f", LinkType::File)?;
        let read = b.fs.read_at(&link, None, 0, &mut [0; 4])?;
        Ok(format!("{read} bytes"))
    }),
    ("list a link to a directory", |b| {
        b.folder("d")?;
        let link = b.symlink("l", "d", LinkType::Directory)?;
        drop(b.fs.list(&link)?);
        ok()
    }),
    ("remove a link keeps its target", |b| {
        b.file("f")?;
        b.symlink("l", "f", LinkType::File)?;
        b.fs.remove(&b.dir, &name("l"))?;
        b.names()
    }),
    ("remove a link to a directory keeps what is in it", |b| {
        let folder = b.folder("d")?;
        b.fs.create_file(&folder, &name("x"), &Create::default())?;
        b.symlink("l", "d", LinkType::Directory)?;
        b.fs.remove(&b.dir, &name("l"))?;
        b.fs.child(&folder, &name("x"))?;
        b.names()
    }),
    ("remove one name of two", |b| {
        b.file("f")?;
        b.hard("f", "g")?;
        b.fs.remove(&b.dir, &name("f"))?;
        Ok(format!("{} name", b.fs.stat(&b.child("g")?)?.names))
    }),
    ("remove what is not there", |b| {
        b.fs.remove(&b.dir, &name("f"))?;
        ok()
    }),
    ("remove a directory with a file in it", |b| {
        let folder = b.folder("d")?;
        b.fs.create_file(&folder, &name("x"), &Create::default())?;
        b.fs.remove(&b.dir, &name("d"))?;
        ok()
    }),
    ("remove a read-only file", |b| {
        let file = b.file("f")?;
        b.fs.set_attributes(&file, Attributes::READ_ONLY)?;
        b.fs.remove(&b.dir, &name("f"))?;
        ok()
    }),
    ("rename", |b| {
        b.file("f")?;
        b.fs.rename(&b.dir, &name("f"), &b.dir, &name("g"), Replace::No)?;
        b.names()
    }),
    ("rename onto a name that is there", |b| {
        b.file("f")?;
        b.file("g")?;
        b.fs.rename(&b.dir, &name("f"), &b.dir, &name("g"), Replace::No)?;
        ok()
    }),
    ("rename in place of a file", |b| {
        b.file("f")?;
        b.file("g")?;
        b.fs.rename(&b.dir, &name("f"), &b.dir, &name("g"), Replace::Yes)?;
        b.names()
    }),
    ("rename in place of a link", |b| {
        b.file("f")?;
        b.symlink("l", "t", LinkType::File)?;
        b.fs.rename(&b.dir, &name("f"), &b.dir, &name("l"), Replace::Yes)?;
        b.text_of(&b.child("l")?)
    }),
    ("rename in place of a directory", |b| {
        b.file("f")?;
        b.folder("d")?;
        b.fs.rename(&b.dir, &name("f"), &b.dir, &name("d"), Replace::Yes)?;
        ok()
    }),
    ("rename a directory into itself", |b| {
        let folder = b.folder("d")?;
        b.fs.rename(&b.dir, &name("d"), &folder, &name("x"), Replace::No)?;
        ok()
    }),
    ("rename what is not there", |b| {
        b.fs.rename(&b.dir, &name("f"), &b.dir, &name("g"), Replace::No)?;
        ok()
    }),
    ("times to 100 ns", |b| {
        let file = b.file("f")?;
        let times = Times {
            modified: Some(dated()),
            ..Times::default()
        };
        b.fs.set_times(&file, &times)?;
        let got = b.fs.stat(&file)?.times.modified;
        Ok(if got.is_some_and(|got| got.same_tick(dated())) {
            "exact"
        } else {
            "coarser"
        }
        .into())
    }),
    ("times of a link are its own", |b| {
        let file = b.file("f")?;
        let link = b.symlink("l", "f", LinkType::File)?;
        let times = Times {
            modified: Some(dated()),
            ..Times::default()
        };
        b.fs.set_times(&link, &times)?;
        let seconds = |node: &Node| -> Result<Option<i64>> {
            Ok(b.fs.stat(node)?.times.modified.map(|time| time.seconds))
        };
        let (own, other) = (seconds(&link)?, seconds(&file)?);
        Ok(format!(
            "{} {}",
            own == Some(dated().seconds),
            other != Some(dated().seconds)
        ))
    }),
    ("attributes", |b| {
        let file = b.file("f")?;
        b.fs.set_attributes(&file, Attributes::HIDDEN)?;
        let kept = b.fs.stat(&file)?.attributes.contains(Attributes::HIDDEN);
        Ok(if kept { "kept" } else { "not kept" }.into())
    }),
    ("named stream", |b| {
        let file = b.file("f")?;
        b.fs.put_stream(&file, &StreamName::from("s"), &mut &b"text"[..])?;
        Ok(format!("{} streams", b.fs.streams(&file)?.len()))
    }),
    ("a stream that is not there", |b| {
        let file = b.file("f")?;
        b.fs.read_at(&file, Some(&StreamName::from("s")), 0, &mut [0; 4])?;
        ok()
    }),
    ("extended attribute", |b| {
        let file = b.file("f")?;
        let list = [ExtendedAttribute {
            flags: 0,
            name: b"USER.NOTE".to_vec(),
            value: b"v".to_vec(),
        }];
        b.fs.set_extended_attributes(&file, &list)?;
        Ok(format!("{}", b.fs.extended_attributes(&file)?.len()))
    }),
    ("write beyond the end", |b| {
        let file = b.file("f")?;
        b.fs.write_at(&file, None, 100, b"x")?;
        Ok(format!("{} bytes", b.fs.stat(&file)?.size))
    }),
    ("cut a file", |b| {
        let file = b.file("four")?;
        b.fs.set_len(&file, None, 2)?;
        Ok(format!("{} bytes", b.fs.stat(&file)?.size))
    }),
    ("read a directory as a file", |b| {
        let folder = b.folder("d")?;
        b.fs.read_at(&folder, None, 0, &mut [0; 4])?;
        ok()
    }),
];
