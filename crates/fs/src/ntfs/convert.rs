//! Between the terms of the engine and those of [`FileSystem`].
//!
//! [`FileSystem`]: crate::FileSystem

use std::time::SystemTime;

use linkwright_names::NtName;
use linkwright_ntfs::{CaseSensitivity, CreateOptions, DirEntry, FileInfo, TimesChange};
use linkwright_ntfs_format::NtTime;
use linkwright_ntfs_format::log::LogState;
use linkwright_ntfs_format::standard_information::{self, FileAttributes};

use crate::error::{ErrorKind, Feature, Result};
use crate::{
    Attributes, Create, Duplicate, ExtendedAttribute, LinkContent, Name, NodeKind, ReparseBuffer,
    Replace, Stat, StreamInfo, StreamName, Times, Timestamp, VolumeFamily, VolumeInfo,
};

/// Most names of one file (MS-FSA 2.1.5.15.7).
const MAX_LINKS: u32 = 1024;

pub(super) fn stat(info: &FileInfo) -> Stat {
    let kind = match info.is_directory() {
        true => NodeKind::Directory,
        false => NodeKind::File,
    };
    Stat {
        kind,
        reparse_tag: info.reparse_tag,
        posix_link: false,
        size: info.size,
        allocated: info.allocated,
        names: u64::from(info.link_count),
        record: info.file.record().0,
        sequence: info.file.sequence().0,
        device: 0,
        times: times(&info.times),
        attributes: Attributes::from_bits_retain(info.attributes.bits()),
        mode: None,
    }
}

pub(super) fn duplicate(entry: &DirEntry) -> Duplicate {
    Duplicate {
        times: times(&entry.times),
        size: entry.size,
        allocated: entry.allocated,
        attributes: Attributes::from_bits_retain(entry.attributes.bits()),
        reparse_tag: entry.reparse_tag,
    }
}

fn times(times: &standard_information::Times) -> Times {
    Times {
        created: Some(timestamp(times.created)),
        modified: Some(timestamp(times.modified)),
        changed: Some(timestamp(times.changed)),
        accessed: Some(timestamp(times.accessed)),
    }
}

fn timestamp(time: NtTime) -> Timestamp {
    Timestamp::from_nt_ticks(time.0)
}

fn nt_time(time: Timestamp) -> NtTime {
    NtTime(time.to_nt_ticks())
}

pub(super) fn path(names: Vec<NtName>) -> Vec<Name> {
    names
        .into_iter()
        .map(|name| Name::from_units(name.into_units()))
        .collect()
}

pub(super) fn stream(info: linkwright_ntfs::StreamInfo) -> StreamInfo {
    StreamInfo {
        name: (!info.name.is_empty()).then(|| StreamName::from_units(info.name)),
        size: info.size,
        allocated: info.allocated,
    }
}

pub(super) fn journal(state: &LogState) -> String {
    match state {
        LogState::Empty => "empty".to_owned(),
        LogState::Clean(version) => format!("clean ({}.{})", version.major, version.minor),
        LogState::NotClean(version) => format!("in use ({}.{})", version.major, version.minor),
        LogState::Unknown => "unknown".to_owned(),
    }
}

pub(super) fn attributes(attributes: Attributes) -> FileAttributes {
    FileAttributes::from_bits_retain(attributes.bits())
}

pub(super) fn replace(replace: Replace) -> linkwright_ntfs::Replace {
    match replace {
        Replace::No => linkwright_ntfs::Replace::No,
        Replace::Yes => linkwright_ntfs::Replace::Yes,
    }
}

/// Where some times are given, the others are now.
pub(super) fn create_options(create: &Create) -> CreateOptions {
    let times = (create.times != Times::default()).then(|| {
        let now = Timestamp::from(SystemTime::now());
        let time = |given: Option<Timestamp>| nt_time(given.unwrap_or(now));
        standard_information::Times {
            created: time(create.times.created),
            modified: time(create.times.modified),
            changed: time(create.times.changed),
            accessed: time(create.times.accessed),
        }
    });
    CreateOptions {
        attributes: attributes(create.attributes),
        times,
        security_descriptor: create.security_descriptor.clone(),
        owner: create.owner,
        short_name: create.short_name.as_ref().map(|name| name.units().to_vec()),
        ..CreateOptions::default()
    }
}

/// The volume as a whole.
pub(super) fn volume(info: &linkwright_ntfs::VolumeInfo) -> VolumeInfo {
    let cluster = u64::from(info.cluster_size);
    VolumeInfo {
        label: String::from_utf16_lossy(&info.label),
        serial: info.serial,
        family: VolumeFamily::Ntfs,
        kind: "NTFS",
        total: info.clusters.saturating_mul(cluster),
        free: info.free_clusters.saturating_mul(cluster),
        cluster: info.cluster_size,
        max_name: 255,
        max_links: Some(MAX_LINKS),
    }
}

pub(super) fn case(sensitive: bool) -> CaseSensitivity {
    match sensitive {
        true => CaseSensitivity::Sensitive,
        false => CaseSensitivity::Insensitive,
    }
}

pub(super) fn times_change(times: &Times) -> TimesChange {
    TimesChange {
        created: times.created.map(nt_time),
        modified: times.modified.map(nt_time),
        changed: times.changed.map(nt_time),
        accessed: times.accessed.map(nt_time),
    }
}

pub(super) fn extended_attribute(
    attribute: linkwright_ntfs::ExtendedAttribute,
) -> ExtendedAttribute {
    ExtendedAttribute {
        flags: attribute.flags,
        name: attribute.name,
        value: attribute.value,
    }
}

pub(super) fn engine_attribute(
    attribute: &ExtendedAttribute,
) -> linkwright_ntfs::ExtendedAttribute {
    linkwright_ntfs::ExtendedAttribute {
        flags: attribute.flags,
        name: attribute.name.clone(),
        value: attribute.value.clone(),
    }
}

/// Only reparse points can be on NTFS.
pub(super) fn reparse(content: &LinkContent) -> Result<&ReparseBuffer> {
    match content {
        LinkContent::Reparse(buffer) => Ok(buffer),
        LinkContent::Posix(_) => Err(ErrorKind::Unsupported(Feature::SymbolicLinks).into()),
    }
}
