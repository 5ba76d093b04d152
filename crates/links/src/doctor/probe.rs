//! Trying what a place can hold, in a folder that is removed again.

use linkwright_fs::{
    Capabilities, Create, Error, ErrorKind, Feature, FileSystem, LinkContent, LinkType, Name, Node,
    Result, StreamName,
};
use linkwright_reparse::{MountPoint, SymbolicLink, TargetContext};

use super::{Ability, Answer, Finding, Place, explain, tried};

/// The limit of Windows for paths without `\\?\`.
const MAX_PATH: usize = 260;

/// Says all that can be said about a place.
///
/// # Errors
/// The folder of the trials could not be removed: what is in it stays there.
pub fn examine(place: &Place<'_>) -> Result<Vec<Finding>> {
    let folder = Name::from(format!(".linkwright-doctor-{}", std::process::id()).as_str());
    let made = place
        .fs
        .create_directory(place.dir, &folder, &Create::default());
    let mut findings = match made {
        Ok(dir) => {
            let bench = Bench { fs: place.fs, dir };
            let mut findings = vec![Finding::new(Ability::Write, Answer::Yes)];
            findings.extend(bench.trials());
            bench.clear()?;
            place.fs.remove(place.dir, &folder)?;
            findings
        }
        Err(error) => without_trials(place, &error)?,
    };
    findings.extend(remaining_names(place)?);
    #[cfg(target_os = "linux")]
    super::host::refine(place, &mut findings);
    Ok(findings)
}

/// What the volume says of itself, when nothing can be made on it.
fn without_trials(place: &Place<'_>, error: &Error) -> Result<Vec<Finding>> {
    let here = place.fs.capabilities_at(place.dir)?;
    let mut findings = vec![explain(Ability::Write, error)];
    for (ability, wanted) in [
        (Ability::HardLinks, Capabilities::HARD_LINKS),
        (Ability::FileSymlinks, Capabilities::SYMBOLIC_LINKS),
        (Ability::DirectorySymlinks, Capabilities::SYMBOLIC_LINKS),
        (Ability::Junctions, Capabilities::REPARSE_POINTS),
        (Ability::TypedLinks, Capabilities::TYPED_LINKS),
        (Ability::NamedStreams, Capabilities::NAMED_STREAMS),
        (Ability::NamesOfFiles, Capabilities::NAMES_OF_FILES),
    ] {
        findings.push(match here.contains(wanted) {
            // It could hold them; nothing can be made now.
            true => explain(ability, error),
            false => Finding::new(ability, Answer::No).because("the file system has none"),
        });
    }
    Ok(findings)
}

/// Names that one file can still get.
fn remaining_names(place: &Place<'_>) -> Result<Option<Finding>> {
    let Some(file) = place.file else {
        return Ok(None);
    };
    let stat = place.fs.stat(file)?;
    let limit = place.fs.volume_info()?.max_links;
    Ok(Some(match limit {
        Some(limit) => {
            let left = u64::from(limit).saturating_sub(stat.names);
            let answer = if left > 0 { Answer::Yes } else { Answer::No };
            let mut finding = Finding::new(Ability::RemainingNames, answer)
                .because(format!("{} of {limit} names are taken", stat.names));
            finding.number = Some(left);
            finding.remedy((left == 0).then_some("start a new copy of the file: cp"))
        }
        None => Finding::new(Ability::RemainingNames, Answer::Unknown).because(format!(
            "it has {} names; this file system does not tell its limit",
            stat.names
        )),
    }))
}

/// A folder of our own.
struct Bench<'a> {
    fs: &'a dyn FileSystem,
    dir: Node,
}

impl Bench<'_> {
    fn trials(&self) -> Vec<Finding> {
        let trial = |ability, run: fn(&Self) -> Result<()>| tried(ability, run(self));
        vec![
            trial(Ability::HardLinks, Self::hard_links),
            trial(Ability::FileSymlinks, |b| b.symlink("lf", LinkType::File)),
            trial(Ability::DirectorySymlinks, |b| {
                b.symlink("ld", LinkType::Directory)
            }),
            trial(Ability::Junctions, Self::junctions),
            self.typed_links(),
            self.case(),
            trial(Ability::LongNames, |b| b.file(&"n".repeat(255)).map(drop)),
            trial(Ability::LongPaths, Self::long_paths),
            trial(Ability::NamedStreams, Self::streams),
            self.says(Ability::NamesOfFiles, Capabilities::NAMES_OF_FILES),
        ]
    }

    fn file(&self, name: &str) -> Result<Node> {
        self.fs
            .create_file(&self.dir, &Name::from(name), &Create::default())
    }

    fn says(&self, ability: Ability, wanted: Capabilities) -> Finding {
        match self.fs.capabilities_at(&self.dir) {
            Ok(here) if here.contains(wanted) => Finding::new(ability, Answer::Yes),
            Ok(_) => Finding::new(ability, Answer::No).because("the file system has none"),
            Err(error) => explain(ability, &error),
        }
    }

    fn hard_links(&self) -> Result<()> {
        let file = self.file("hard")?;
        self.fs.hard_link(&file, &self.dir, &Name::from("hard2"))?;
        match self.fs.stat(&file)?.names {
            2 => Ok(()),
            _ => Err(nothing(Feature::HardLinks)),
        }
    }

    fn symlink(&self, name: &str, link_type: LinkType) -> Result<()> {
        let here = self.fs.capabilities_at(&self.dir)?;
        let content = match here.contains(Capabilities::REPARSE_POINTS) {
            true => {
                let text: Vec<u16> = "target".encode_utf16().collect();
                let link = SymbolicLink::from_target_text(&text, &TargetContext::default())?;
                LinkContent::Reparse(link.into())
            }
            false => LinkContent::Posix(b"target".to_vec()),
        };
        self.link(name, link_type, &content, Feature::SymbolicLinks)
    }

    fn junctions(&self) -> Result<()> {
        let target: Vec<u16> = r"C:\".encode_utf16().collect();
        let content = LinkContent::Reparse(MountPoint::junction(&target)?.into());
        self.link("j", LinkType::Directory, &content, Feature::ReparsePoints)
    }

    /// Makes a link and reads it back: success alone proves nothing.
    fn link(
        &self,
        name: &str,
        link_type: LinkType,
        content: &LinkContent,
        feature: Feature,
    ) -> Result<()> {
        let made = self.fs.create_link(
            &self.dir,
            &Name::from(name),
            link_type,
            content,
            &Create::default(),
        )?;
        match self.fs.link(&made)? {
            Some(_) => Ok(()),
            None => Err(nothing(feature)),
        }
    }

    fn typed_links(&self) -> Finding {
        let kind = |name: &str| -> Result<_> {
            let node = self.fs.child(&self.dir, &Name::from(name))?;
            Ok(self.fs.stat(&node)?.kind)
        };
        match (kind("lf"), kind("ld")) {
            (Ok(file), Ok(dir)) if file != dir => Finding::new(Ability::TypedLinks, Answer::Yes),
            (Ok(_), Ok(_)) => Finding::new(Ability::TypedLinks, Answer::No)
                .because("a link is a link, whatever it leads to"),
            _ => Finding::new(Ability::TypedLinks, Answer::No).because("there are no links"),
        }
    }

    fn case(&self) -> Finding {
        let finding = |answer| Finding::new(Ability::CaseSensitive, answer);
        match self.file("case").and_then(|_| self.file("CASE")) {
            Ok(_) => finding(Answer::Yes),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                finding(Answer::No).because("names that differ in case only are one name")
            }
            Err(error) => explain(Ability::CaseSensitive, &error),
        }
    }

    /// Directories in each other until the path is past the limit of Windows.
    fn long_paths(&self) -> Result<()> {
        let name = Name::from("p".repeat(100).as_str());
        let mut dir = self.dir.clone();
        for _ in 0..=MAX_PATH / 100 {
            dir = self.fs.create_directory(&dir, &name, &Create::default())?;
        }
        self.fs
            .create_file(&dir, &Name::from("end"), &Create::default())
            .map(drop)
    }

    fn streams(&self) -> Result<()> {
        let file = self.file("streams")?;
        let stream = StreamName::from("s");
        self.fs.put_stream(&file, &stream, &mut &b"x"[..])?;
        match self.fs.streams(&file)?.iter().any(|s| s.name.is_some()) {
            true => Ok(()),
            false => Err(nothing(Feature::NamedStreams)),
        }
    }

    /// Removes all that the trials made: links themselves, never what is
    /// behind them.
    fn clear(&self) -> Result<()> {
        let mut pending = vec![self.dir.clone()];
        let mut directories: Vec<(Node, Name)> = Vec::new();
        while let Some(dir) = pending.pop() {
            let entries: Vec<_> = self.fs.list(&dir)?.collect::<Result<_>>()?;
            for entry in entries {
                if self.fs.stat(&entry.node)?.is_plain_directory() {
                    pending.push(entry.node.clone());
                    directories.push((dir.clone(), entry.name));
                } else {
                    self.fs.remove(&dir, &entry.name)?;
                }
            }
        }
        // Those found last are deepest.
        for (dir, name) in directories.iter().rev() {
            self.fs.remove(dir, name)?;
        }
        Ok(())
    }
}

fn nothing(feature: Feature) -> Error {
    Error::with_source(
        ErrorKind::Unsupported(feature),
        "the system reported success and made nothing",
    )
}
