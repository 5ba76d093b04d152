//! The place that a plan is for.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::SystemTime;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{ErrorKind, Name, Timestamp, VolumeFamily};
use linkwright_links::Place;
use linkwright_links::plan::{Header, VERSION, VolumeId};

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::location::{ImageLocation, Location, Reading};
use crate::place::{Spot, SpotPath, host_path, path_bytes};
use crate::volumes::Access;

/// A directory, and the way it is named.
pub(super) struct Site {
    /// As it was given.
    pub(super) spot: Spot,
    /// The directory.
    pub(super) top: Place,
    /// What it is, for the first line of a plan.
    pub(super) volume: VolumeId,
}

impl Site {
    /// Opens a location, which must be a directory.
    pub(super) fn open(ctx: &Context, text: &OsStr, access: Access) -> Result<Self> {
        Self::at(ctx, text, ctx.location(text)?, access)
    }

    /// Opens the place that a plan names.
    pub(super) fn of_header(ctx: &Context, header: &Header, access: Access) -> Result<Self> {
        let text = match &header.location_bytes {
            Some(bytes) => OsString::from_vec(bytes.clone()),
            None => OsString::from(&header.location),
        };
        let reading = match header.volume.kind.as_str() {
            "posix" => Reading::Host,
            _ => Reading::Image,
        };
        let location = ctx.location_as(&text, reading)?;
        Self::at(ctx, &text, location, access)
    }

    fn at(ctx: &Context, text: &OsStr, location: Location, access: Access) -> Result<Self> {
        let spot = Spot::open(ctx, text, location, access)?;
        spot.refuse_stream()?;
        let found = spot.find(ctx, LastLink::Follow)?;
        if !found.stat.is_plain_directory() {
            return Err(spot
                .failure(&ErrorKind::NotADirectory.into())
                .help("give the directory that the links are in"));
        }
        let info = found.fs.volume_info().map_err(|e| spot.failure(&e))?;
        let serial = match info.family {
            // The host has many volumes; the directory's own number tells.
            VolumeFamily::Posix => 0,
            _ => info.serial,
        };
        Ok(Self {
            volume: VolumeId {
                kind: info.kind.to_owned(),
                serial: format!("{serial:X}"),
                record: found.stat.record,
                sequence: found.stat.sequence,
            },
            top: Place {
                fs: found.fs,
                node: found.node,
                path: found.path,
            },
            spot,
        })
    }

    /// Refuses another place than a plan was made for.
    pub(super) fn check(&self, header: &Header) -> Result<()> {
        if self.volume == header.volume {
            return Ok(());
        }
        Err(Failure {
            exit: Exit::Refused,
            help: Some("plan again for this place".to_owned()),
            ..Failure::of_kind(
                self.spot.display(),
                ErrorKind::CrossDevice,
                format!(
                    "this is not the place that was planned for, {}",
                    header.location
                ),
            )
        })
    }

    /// The first line of a plan for this place.
    pub(super) fn header(&self, verb: &str) -> Header {
        let bytes = self.location();
        let location = String::from_utf8_lossy(&bytes).into_owned();
        Header {
            version: VERSION,
            verb: verb.to_owned(),
            made: Timestamp::from(SystemTime::now()).to_string(),
            location_bytes: (location.as_bytes() != bytes).then_some(bytes),
            location,
            volume: self.volume.clone(),
        }
    }

    /// Where it is, whatever the current directory is.
    fn location(&self) -> Vec<u8> {
        match &self.spot.path {
            SpotPath::Host(_) => host_path(&self.top.path).into_os_string().into_vec(),
            SpotPath::Image { location, .. } => {
                let device = &location.device;
                let path = device.path.canonicalize();
                let path = path.unwrap_or_else(|_| device.path.clone());
                let mut bytes = path.as_os_str().as_bytes().to_vec();
                if let Some(number) = device.partition {
                    bytes.extend(format!("@{number}").bytes());
                }
                bytes.push(b':');
                bytes.extend(path_bytes(&self.top.path));
                bytes
            }
        }
    }

    /// A place below, for messages.
    pub(super) fn spot_of(&self, path: &[Name]) -> Spot {
        let below = path.get(self.top.path.len()..).unwrap_or_default();
        self.below(below)
    }

    /// The place of names below.
    pub(super) fn below(&self, names: &[Name]) -> Spot {
        names
            .iter()
            .fold(self.spot.clone(), |spot, name| spot.join(name))
    }

    /// The drive letter of the volume.
    pub(super) fn drive(&self, ctx: &Context) -> Option<char> {
        match &self.spot.path {
            SpotPath::Host(_) => None,
            SpotPath::Image { location, .. } => letter(ctx, location),
        }
    }
}

fn letter(ctx: &Context, location: &ImageLocation) -> Option<char> {
    location
        .drive
        .or_else(|| ctx.drives.letter_of(&location.device))
}
