//! The streams of a file: listing, making, removing.

use linkwright_ntfs_format::FileReference;
use linkwright_ntfs_format::attribute::{AttributeFlags, AttributeType};
use linkwright_ntfs_format::usn::UsnReason;

use crate::attr::{AttrKey, NewAttribute};
use crate::engine::Engine;
use crate::error::{InvalidInput, Result};

/// A stream of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Name in UTF-16 units; empty for the unnamed stream.
    pub name: Vec<u16>,
    /// Bytes.
    pub size: u64,
    /// Bytes allocated; for sparse and compressed streams, really allocated.
    pub allocated: u64,
    /// Compressed, sparse, encrypted.
    pub flags: AttributeFlags,
    /// Whether the bytes lie in the file record.
    pub resident: bool,
}

const MAX_NAME: usize = 255;

fn check_name(name: &[u16]) -> Result<()> {
    let forbidden = |unit: u16| matches!(unit, 0 | 0x2F | 0x3A | 0x5C);
    if name.is_empty() || name.len() > MAX_NAME || name.iter().any(|unit| forbidden(*unit)) {
        return Err(InvalidInput::InvalidStreamName.into());
    }
    Ok(())
}

impl Engine {
    /// The streams of a file, the unnamed one first.
    pub(crate) fn streams(&self, file: FileReference) -> Result<Vec<StreamInfo>> {
        self.base_record(file)?;
        let mut streams = Vec::new();
        for found in self.all_where(file.record(), |type_code, _| {
            type_code == AttributeType::DATA
        })? {
            if found.at.lowest_vcn != 0 {
                continue;
            }
            let view = found.view()?;
            let name = view.name_units();
            streams.push(match view.non_resident() {
                None => {
                    let size = u64::try_from(found.resident()?.len()).unwrap_or(u64::MAX);
                    StreamInfo {
                        name,
                        size,
                        allocated: size.next_multiple_of(8),
                        flags: view.flags(),
                        resident: true,
                    }
                }
                Some(part) => {
                    let sizes = part.sizes();
                    StreamInfo {
                        name,
                        size: sizes.data,
                        allocated: sizes.total_allocated.unwrap_or(sizes.allocated),
                        flags: view.flags(),
                        resident: false,
                    }
                }
            });
        }
        Ok(streams)
    }

    /// Makes an empty named stream.
    pub(crate) fn create_stream(&mut self, file: FileReference, name: &[u16]) -> Result<()> {
        self.check_content_change(file)?;
        check_name(name)?;
        let key = AttrKey::named(AttributeType::DATA, name);
        if self.find(file.record(), key)?.is_some() {
            return Err(InvalidInput::NameCollision.into());
        }
        self.insert_attribute(
            file.record(),
            &NewAttribute::resident(AttributeType::DATA, name, &[]),
        )?;
        self.content_changed(file.record(), name)?;
        self.note_change(file.record(), UsnReason::STREAM_CHANGE)
    }

    /// Removes a named stream.
    pub(crate) fn remove_named_stream(&mut self, file: FileReference, name: &[u16]) -> Result<()> {
        self.check_content_change(file)?;
        check_name(name)?;
        let key = AttrKey::named(AttributeType::DATA, name);
        if self.find(file.record(), key)?.is_none() {
            return Err(InvalidInput::StreamNotFound.into());
        }
        if let Some(map) = self.remove_stream(file.record(), key)? {
            self.free_runs(map.runs.runs())?;
        }
        self.content_changed(file.record(), name)?;
        self.note_change(file.record(), UsnReason::STREAM_CHANGE)
    }
}
