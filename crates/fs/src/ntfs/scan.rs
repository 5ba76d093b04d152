//! What is below a directory by the engine's scan of the file records.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_ntfs::{
    Collator, FileId, FileInfo, Scanned, ScannedFile, ScannedName, Standing, Volume,
};

use super::{FIRST_USER_RECORD, NtfsFs, convert, error};
use crate::error::{Error, ErrorKind, Feature, Result};
use crate::{Name, NodeKind, ScanFor, ScannedEntry};

/// Names that are gathered at most: some 350 MiB.
const MOST: usize = 2 << 20;

/// Gathers what is below `top`, and tells it in the order of a walk.
pub(super) fn scan(
    fs: &NtfsFs<Volume>,
    top: FileId,
    what: ScanFor,
    visit: &mut dyn FnMut(ScannedEntry<'_>) -> ControlFlow<()>,
) -> Result<()> {
    let mut gathered = Gathered::new(top, what);
    let mut failed = None;
    fs.volume
        .links(&mut |scanned| {
            let taken = match scanned {
                Scanned::Damaged { error, .. } => Err(error::from_engine(error)),
                Scanned::File(file) => gathered.take(&file),
            };
            match taken {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })
        .map_err(error::from_engine)?;
    failed.map_or(Ok(()), Err)?;
    gathered.tell(fs, visit);
    Ok(())
}

fn only_directories_tell() -> Error {
    ErrorKind::Unsupported(Feature::NamesOfFiles).into()
}

/// A name: 16 bytes.
struct Row {
    /// Where its directory is among the directories.
    directory: u32,
    /// Where its file is among the facts.
    file: u32,
    /// Where its units are among the text.
    at: u32,
    units: u8,
}

/// A directory that names are in.
struct Directory {
    file: FileId,
    /// Its names from the top.
    path: Arc<[Name]>,
}

/// What a scan met: for each name a row and its units, for each file its facts.
struct Gathered {
    top: FileId,
    what: ScanFor,
    rows: Vec<Row>,
    text: Vec<u16>,
    facts: Vec<FileInfo>,
    directories: Vec<Directory>,
    /// Where a directory is among them; `None` for one that is not below the top.
    known: HashMap<FileId, Option<u32>>,
    /// The last that was asked for: names that follow each other often have one.
    last: Option<(FileId, Option<u32>)>,
}

impl Gathered {
    fn new(top: FileId, what: ScanFor) -> Self {
        Self {
            top,
            what,
            rows: Vec::new(),
            text: Vec::new(),
            facts: Vec::new(),
            directories: Vec::new(),
            known: HashMap::new(),
            last: None,
        }
    }

    fn take(&mut self, file: &ScannedFile<'_>) -> Result<()> {
        let is_asked_for = match self.what {
            ScanFor::All => true,
            ScanFor::ReparsePoints => file.may_be_link(),
        };
        if !is_asked_for || file.file().record().0 < FIRST_USER_RECORD {
            return Ok(());
        }
        let next = count(self.facts.len())?;
        let mut is_known = false;
        for name in file.names().filter(|name| !name.is_short()) {
            let Some(directory) = self.directory(&name)? else {
                continue;
            };
            if !is_known {
                let info = file.info().map_err(error::from_engine)?;
                if self.what == ScanFor::ReparsePoints && !is_told(&info) {
                    return Ok(());
                }
                self.facts.push(info);
                is_known = true;
            }
            self.rows.push(Row {
                directory,
                file: next,
                at: count(self.text.len())?,
                units: u8::try_from(name.unit_count()).unwrap_or(u8::MAX),
            });
            self.text.extend(name.units());
        }
        match self.rows.len() > MOST {
            true => Err(only_directories_tell()),
            false => Ok(()),
        }
    }

    /// The directory of a name, when a walk from the top comes to it.
    fn directory(&mut self, name: &ScannedName<'_>) -> Result<Option<u32>> {
        let parent = name.parent();
        if let Some((last, at)) = self.last
            && last == parent
        {
            return Ok(at);
        }
        let at = match self.known.get(&parent) {
            Some(at) => *at,
            None => {
                let at = self.add_directory(name)?;
                self.known.insert(parent, at);
                at
            }
        };
        self.last = Some((parent, at));
        Ok(at)
    }

    fn add_directory(&mut self, name: &ScannedName<'_>) -> Result<Option<u32>> {
        let path = match name.standing() {
            Standing::Rooted => name.directory_below(self.top),
            Standing::Hidden if self.top == FileId::ROOT => None,
            // Which of the volume's own files a walk shows, only a walk says.
            Standing::Hidden if name.directory_below(self.top).is_some() => {
                return Err(only_directories_tell());
            }
            Standing::Hidden => None,
            // The index of some directory may have it all the same.
            Standing::Lost => return Err(only_directories_tell()),
        };
        let Some(path) = path else {
            return Ok(None);
        };
        let at = count(self.directories.len())?;
        let names = path.into_iter();
        self.directories.push(Directory {
            file: name.parent(),
            path: names.map(|part| Name::from_units(part.to_vec())).collect(),
        });
        Ok(Some(at))
    }

    fn units(&self, row: &Row) -> &[u16] {
        let start = index(row.at);
        self.text
            .get(start..start + usize::from(row.units))
            .unwrap_or_default()
    }

    /// Tells all: directories by their paths, what is in one before what is below it,
    /// names as their directory orders them.
    fn tell(
        mut self,
        fs: &NtfsFs<Volume>,
        visit: &mut dyn FnMut(ScannedEntry<'_>) -> ControlFlow<()>,
    ) {
        let order = fs.volume.collator();
        let ranks = self.ranks(&order);
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|a, b| {
            let directories = rank(&ranks, a).cmp(&rank(&ranks, b));
            directories.then_with(|| order.compare(self.units(a), self.units(b)))
        });
        let closed = self.below_links(&rows);
        for row in &rows {
            let (Some(directory), Some(info)) = (
                self.directories.get(index(row.directory)),
                self.facts.get(index(row.file)),
            ) else {
                continue;
            };
            if closed.get(index(row.directory)).copied().unwrap_or(false) {
                continue;
            }
            let entry = ScannedEntry {
                directory: fs.node(directory.file),
                path: &directory.path,
                name: Name::from_units(self.units(row).to_vec()),
                node: fs.node(info.file),
                stat: convert::stat(info),
            };
            if visit(entry).is_break() {
                return;
            }
        }
    }

    /// The place of each directory in a walk.
    fn ranks(&self, order: &Collator) -> Vec<usize> {
        let mut sorted: Vec<(&Directory, usize)> = self.directories.iter().zip(0..).collect();
        sorted.sort_by(|(a, _), (b, _)| {
            let parts = a.path.iter().zip(b.path.iter());
            parts
                .map(|(a, b)| order.compare(a.units(), b.units()))
                .find(|order| order.is_ne())
                .unwrap_or_else(|| a.path.len().cmp(&b.path.len()))
        });
        let mut ranks = vec![0; sorted.len()];
        let (mut place, mut before) = (0, None);
        for (directory, at) in sorted {
            // References to one directory may differ: a sequence number of 0 fits all.
            if before.replace(&directory.path) != Some(&directory.path) {
                place += 1;
            }
            if let Some(rank) = ranks.get_mut(at) {
                *rank = place;
            }
        }
        ranks
    }

    /// Which directories a walk does not come to, as a link is above them: it does not
    /// enter links, whatever their directories hold.
    fn below_links(&self, rows: &[Row]) -> Vec<bool> {
        let mut links = HashSet::new();
        for row in rows {
            let info = self.facts.get(index(row.file)).filter(|info| {
                info.reparse_tag.is_some() && info.is_directory() && convert::stat(info).is_link()
            });
            if let (Some(_), Some(directory)) = (info, self.directories.get(index(row.directory))) {
                let own = Name::from_units(self.units(row).to_vec());
                links.insert([&*directory.path, &[own]].concat());
            }
        }
        if links.is_empty() {
            return Vec::new();
        }
        let below = |directory: &Directory| {
            let path = &directory.path;
            (1..=path.len()).any(|len| links.contains(path.get(..len).unwrap_or_default()))
        };
        self.directories.iter().map(below).collect()
    }
}

/// Whether a walk for links and other reparse points tells this.
fn is_told(info: &FileInfo) -> bool {
    let stat = convert::stat(info);
    stat.reparse_tag.is_some() || (stat.names > 1 && stat.kind != NodeKind::Directory)
}

fn rank(ranks: &[usize], row: &Row) -> usize {
    ranks.get(index(row.directory)).copied().unwrap_or(0)
}

/// A place in a list. The bound on names keeps all of them far below 2^32.
fn count(len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| only_directories_tell())
}

fn index(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
