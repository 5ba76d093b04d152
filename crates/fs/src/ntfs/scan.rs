//! Links by the engine's scan of the file records.

use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_ntfs::{FileId, Scanned, ScannedFile, ScannedName, Standing, Volume};

use super::{FIRST_USER_RECORD, NtfsFs, convert, error};
use crate::error::{Error, ErrorKind, Feature, Result};
use crate::{Name, NodeKind, ScannedLink};

/// Tells every link and every other reparse point below `top`, by all names it has
/// there.
pub(super) fn links(
    fs: &NtfsFs<Volume>,
    top: FileId,
    visit: &mut dyn FnMut(ScannedLink) -> ControlFlow<()>,
) -> Result<()> {
    let mut scan = Scan {
        fs,
        top,
        last: None,
    };
    let mut failed = None;
    fs.volume
        .links(&mut |scanned| {
            let told = match scanned {
                Scanned::Damaged { error, .. } => Err(error::from_engine(error)),
                Scanned::File(file) => scan.tell(&file, visit),
            };
            told.unwrap_or_else(|error| {
                failed = Some(error);
                ControlFlow::Break(())
            })
        })
        .map_err(error::from_engine)?;
    failed.map_or(Ok(()), Err)
}

fn only_directories_tell() -> Error {
    ErrorKind::Unsupported(Feature::NamesOfFiles).into()
}

struct Scan<'f> {
    fs: &'f NtfsFs<Volume>,
    top: FileId,
    /// The directory that the last name was in, and its names from the top; `None`
    /// when it does not lie below that.
    last: Option<(FileId, Option<Arc<[Name]>>)>,
}

impl Scan<'_> {
    fn tell(
        &mut self,
        file: &ScannedFile<'_>,
        visit: &mut dyn FnMut(ScannedLink) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        if !file.may_be_link() || file.file().record().0 < FIRST_USER_RECORD {
            return Ok(ControlFlow::Continue(()));
        }
        let mut stat = None;
        for name in file.names().filter(|name| !name.is_short()) {
            let Some(path) = self.directory(&name)? else {
                continue;
            };
            let stat = match &stat {
                Some(stat) => stat,
                None => stat.insert(convert::stat(&file.info().map_err(error::from_engine)?)),
            };
            let hard = stat.names > 1 && stat.kind != NodeKind::Directory;
            if !hard && stat.reparse_tag.is_none() {
                break;
            }
            let link = ScannedLink {
                directory: self.fs.node(name.parent()),
                path,
                name: Name::from_units(name.units().collect()),
                node: self.fs.node(file.file()),
                stat: stat.clone(),
            };
            if visit(link).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The names from the top to the directory of a name, when a walk from there
    /// comes to it.
    fn directory(&mut self, name: &ScannedName<'_>) -> Result<Option<Arc<[Name]>>> {
        if let Some((parent, path)) = &self.last
            && *parent == name.parent()
        {
            return Ok(path.clone());
        }
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
        let path = path.map(|names| {
            let names = names.into_iter();
            names.map(|part| Name::from_units(part.to_vec())).collect()
        });
        self.last = Some((name.parent(), Option::clone(&path)));
        Ok(path)
    }
}
