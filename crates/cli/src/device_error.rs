//! Errors of devices and of finding a volume on one, as the user sees them.

use std::io;
use std::path::Path;

use linkwright_device::{DeviceError, VolumeError, VolumeKind};
use linkwright_fs::{ErrorKind, Feature, Win32Error};

use crate::exit::Exit;
use crate::failure::Failure;

/// An error of the device at a path.
pub(crate) fn device(path: &Path, error: &DeviceError) -> Failure {
    let place = path.display().to_string();
    let kind = |kind| Failure::of_kind(place.clone(), kind, plain(path, error));
    match error {
        DeviceError::Locked { .. } => kind(ErrorKind::Locked),
        DeviceError::ReadOnly { .. } => kind(ErrorKind::WriteProtected),
        DeviceError::AlreadyExists { .. } => {
            kind(ErrorKind::AlreadyExists).help("overwrite it with --replace")
        }
        DeviceError::IsDirectory { .. } => Failure {
            win32: Some(Win32Error::DIRECTORY),
            ..kind(ErrorKind::NotADirectory)
        }
        .help("give an image file or a block device; a host path has no ':'"),
        DeviceError::NotADevice { .. } | DeviceError::FixedLength { .. } => {
            kind(ErrorKind::InvalidArgument)
        }
        DeviceError::ShortRead { .. } | DeviceError::OutOfRange { .. } => {
            kind(ErrorKind::Corrupt).help("the image is cut off; copy it again from where it came")
        }
        DeviceError::Open { source, .. } | DeviceError::Io { source, .. } => {
            let known = linkwright_fs::Error::from(io::Error::from(source.kind())).kind();
            match known {
                ErrorKind::NotFound => Failure::at(place.clone(), &known.into())
                    .help("make one with: linkwright volume create IMAGE"),
                ErrorKind::Io => kind(known),
                _ => Failure::at(place.clone(), &known.into()),
            }
        }
        _ => kind(ErrorKind::Io),
    }
}

/// The error without the path, which stands before it already.
fn plain(path: &Path, error: &DeviceError) -> String {
    let text = error.to_string();
    let path = path.display().to_string();
    match text.strip_prefix(&path) {
        Some(rest) => rest.trim_start_matches([':', ' ']).to_owned(),
        None => text,
    }
}

/// Why there is no volume at a path.
pub(crate) fn volume(path: &Path, error: &VolumeError) -> Failure {
    let place = path.display().to_string();
    match error {
        VolumeError::Device(error) => device(path, error),
        VolumeError::NoNtfs { found, .. } | VolumeError::NotNtfs { found, .. } => {
            no_ntfs(place, *found, error)
        }
        VolumeError::Unsupported { .. } => Failure::of_kind(
            place,
            ErrorKind::Unsupported(Feature::Volume),
            error.to_string(),
        ),
        VolumeError::SeveralNtfs { .. } => Failure {
            exit: Exit::Usage,
            ..Failure::of_kind(place, ErrorKind::InvalidArgument, error.to_string())
        }
        .help("write IMAGE@NUMBER"),
        VolumeError::NotFound { .. } => Failure {
            exit: Exit::Failed,
            ..Failure::of_kind(place, ErrorKind::NotFound, error.to_string())
        }
        .help("choose one of the partitions that are there, or leave @NUMBER out"),
        VolumeError::PastEnd { .. } | VolumeError::Table(_) => {
            Failure::of_kind(place, ErrorKind::Corrupt, error.to_string())
                .help("the image is cut off or damaged; copy it again from where it came")
        }
        _ => Failure::of_kind(place, ErrorKind::Io, error.to_string()),
    }
}

fn no_ntfs(place: String, found: VolumeKind, error: &VolumeError) -> Failure {
    let failure = Failure::of_kind(
        place,
        ErrorKind::Unsupported(Feature::Volume),
        error.to_string(),
    );
    match found {
        VolumeKind::BitLocker => {
            failure.help("unlock it first, with dislocker or on Windows, and give the plain volume")
        }
        _ => failure.help("this program reads NTFS; make a volume with: linkwright volume create"),
    }
}
