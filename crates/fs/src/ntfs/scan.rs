//! Links by the engine's scan of the file records.

use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_ntfs::{FileId, Scanned, ScannedFile, Standing, Volume};

use super::{FIRST_USER_RECORD, NtfsFs, convert, error};
use crate::error::Result;
use crate::{Name, NodeKind, ScannedLink};

/// The directory that the last name was in.
type Last = Option<(FileId, Arc<[Name]>)>;

/// Tells every link, each by all of its names.
pub(super) fn links(
    fs: &NtfsFs<Volume>,
    visit: &mut dyn FnMut(ScannedLink) -> ControlFlow<()>,
) -> Result<()> {
    let mut failed = None;
    let mut last = None;
    fs.volume
        .links(&mut |scanned| {
            let told = match scanned {
                Scanned::Damaged { error, .. } => Err(error),
                Scanned::File(file) => tell(fs, &file, &mut last, visit),
            };
            told.unwrap_or_else(|error| {
                failed = Some(error);
                ControlFlow::Break(())
            })
        })
        .map_err(error::from_engine)?;
    failed.map_or(Ok(()), |failed| Err(error::from_engine(failed)))
}

fn tell(
    fs: &NtfsFs<Volume>,
    file: &ScannedFile<'_>,
    last: &mut Last,
    visit: &mut dyn FnMut(ScannedLink) -> ControlFlow<()>,
) -> linkwright_ntfs::Result<ControlFlow<()>> {
    if !file.may_be_link() || file.file().record().0 < FIRST_USER_RECORD {
        return Ok(ControlFlow::Continue(()));
    }
    let stat = convert::stat(&file.info()?);
    let hard = stat.names > 1 && stat.kind != NodeKind::Directory;
    if !hard && !stat.is_link() {
        return Ok(ControlFlow::Continue(()));
    }
    for name in file.names().filter(|name| !name.is_short()) {
        if name.standing() != Standing::Rooted {
            continue;
        }
        let path = match last {
            Some((parent, path)) if *parent == name.parent() => Arc::clone(path),
            _ => {
                let names = name.directory().unwrap_or_default().into_iter();
                let path: Arc<[Name]> = names.map(|part| Name::from_units(part.to_vec())).collect();
                *last = Some((name.parent(), Arc::clone(&path)));
                path
            }
        };
        let link = ScannedLink {
            directory: fs.node(name.parent()),
            path,
            name: Name::from_units(name.units().collect()),
            node: fs.node(file.file()),
            stat: stat.clone(),
        };
        if visit(link).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
