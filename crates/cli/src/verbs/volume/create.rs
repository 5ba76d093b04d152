//! `volume create`: makes an NTFS volume.

use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use linkwright_device::{BlockDevice, Existing, FileDevice, FileOptions};
use linkwright_fs::{Error, ErrorKind, Win32Error};
use linkwright_ntfs_mkfs::{
    ChangeJournal, FormatOptions, FormatReport, Medium, MkfsError, NtTime, RecordSize, ShortNames,
    format,
};

use crate::args::CreateArgs;
use crate::context::Context;
use crate::device_error;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Line;
use crate::report::Report;
use crate::size;

pub(super) fn run(ctx: &Context, args: &CreateArgs) -> Result<Report> {
    let mut options = options(args)?;
    let image = args.image.as_path();
    let is_block_device = std::fs::metadata(image).is_ok_and(|m| m.file_type().is_block_device());
    let report = if is_block_device {
        options.medium = Medium::Unknown;
        on_block_device(ctx, args, &options)?
    } else {
        in_file(ctx, args, &options)?
    };
    said(ctx, args, &options, report.as_ref());
    Ok(Report::done())
}

/// What is asked for, in the terms of the maker.
fn options(args: &CreateArgs) -> Result<FormatOptions> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let time = match args.time {
        Some(seconds) => NtTime::from_unix(seconds, 0),
        None => NtTime::from_unix(
            i64::try_from(now.as_secs()).unwrap_or(i64::MAX),
            now.subsec_nanos(),
        ),
    };
    let record_size = match args
        .record_size
        .as_deref()
        .map(|text| bytes(text, "--record-size"))
    {
        None => RecordSize::default(),
        Some(Ok(1024)) => RecordSize::Bytes1024,
        Some(Ok(4096)) => RecordSize::Bytes4096,
        Some(Ok(_)) => return Err(Failure::usage("--record-size is 1024 or 4096")),
        Some(Err(error)) => return Err(error),
    };
    let cluster_size = match &args.cluster_size {
        None => None,
        Some(text) => Some(
            u32::try_from(bytes(text, "--cluster-size")?)
                .map_err(|_| Failure::usage("--cluster-size is at most 2M"))?,
        ),
    };
    let log_size = match &args.log_size {
        None => None,
        Some(text) => Some(bytes(text, "--log-size")?),
    };
    Ok(FormatOptions {
        label: args.label.encode_utf16().collect(),
        cluster_size,
        record_size,
        log_size,
        short_names: match args.short_names {
            true => ShortNames::On,
            false => ShortNames::Off,
        },
        change_journal: change_journal(args)?,
        serial: serial(args)?,
        time,
        ..FormatOptions::default()
    })
}

/// The change journal asked for; it grows by a quarter of its size.
fn change_journal(args: &CreateArgs) -> Result<Option<ChangeJournal>> {
    let Some(text) = &args.change_journal else {
        return Ok(None);
    };
    let maximum_size = bytes(text, "--change-journal")?;
    Ok(Some(ChangeJournal {
        maximum_size,
        allocation_delta: maximum_size / 4,
    }))
}

/// The serial number asked for, or one that nobody can foresee.
fn serial(args: &CreateArgs) -> Result<u64> {
    let Some(text) = &args.serial else {
        return Ok(RandomState::new().hash_one(SystemTime::now()));
    };
    let digits: String = text
        .trim_start_matches("0x")
        .chars()
        .filter(|c| *c != '-')
        .collect();
    u64::from_str_radix(&digits, 16)
        .map_err(|_| Failure::usage("--serial takes up to 16 hexadecimal digits"))
}

fn bytes(text: &str, option: &str) -> Result<u64> {
    size::parse(text)
        .ok_or_else(|| Failure::usage(format!("{option} takes a number of bytes, as 4096 or 64K")))
}

/// Makes the volume in a file beside the image, and gives it the image's name
/// when it is whole.
fn in_file(
    ctx: &Context,
    args: &CreateArgs,
    options: &FormatOptions,
) -> Result<Option<FormatReport>> {
    let image = args.image.as_path();
    let len = match &args.size {
        Some(text) => bytes(text, "--size")?,
        None => {
            return Err(Failure::usage("an image file needs a size")
                .path(image.display().to_string())
                .help("add --size 64M"));
        }
    };
    let at = |error: &linkwright_device::DeviceError| device_error::device(image, error);
    // Held until the new image has its name: nobody works on the old one.
    let _old = match std::fs::symlink_metadata(image) {
        Ok(_) if !args.replace => {
            return Err(at(&linkwright_device::DeviceError::AlreadyExists {
                path: image.to_path_buf(),
            }));
        }
        Ok(_) => {
            let open = FileOptions::read_write().lock_wait(ctx.lock_wait);
            Some(FileDevice::open(image, &open).map_err(|error| at(&error))?)
        }
        Err(_) => None,
    };
    if args.dry_run.dry_run {
        return Ok(None);
    }
    let part = part_of(image);
    let made = FileDevice::create(&part, len, Existing::Refuse, ctx.lock_wait)
        .map_err(|error| at(&error))
        .and_then(|device| fill(ctx, image, &device, options))
        .and_then(|report| {
            std::fs::rename(&part, image)
                .map_err(|error| Failure::at(image.display().to_string(), &Error::from(error)))?;
            Ok(report)
        });
    if made.is_err() {
        std::fs::remove_file(&part).ok();
    }
    made.map(Some)
}

fn part_of(image: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(image.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    image.with_file_name(name)
}

fn on_block_device(
    ctx: &Context,
    args: &CreateArgs,
    options: &FormatOptions,
) -> Result<Option<FormatReport>> {
    let image = args.image.as_path();
    if args.size.is_some() {
        return Err(Failure::usage("a block device has a size of its own")
            .path(image.display().to_string())
            .help("leave --size out"));
    }
    if !args.replace {
        return Err(Failure {
            exit: Exit::Refused,
            ..Failure::of_kind(
                image.display().to_string(),
                ErrorKind::AlreadyExists,
                "everything on this block device would be lost",
            )
        }
        .help("if that is what you want, add --replace"));
    }
    let open = FileOptions::read_write().lock_wait(ctx.lock_wait);
    let device =
        FileDevice::open(image, &open).map_err(|error| device_error::device(image, &error))?;
    match args.dry_run.dry_run {
        true => Ok(None),
        false => fill(ctx, image, &device, options).map(Some),
    }
}

fn fill(
    ctx: &Context,
    image: &Path,
    device: &dyn BlockDevice,
    options: &FormatOptions,
) -> Result<FormatReport> {
    ctx.interrupt.check()?;
    let report = format(device, options).map_err(|error| mkfs_failure(image, &error))?;
    device
        .flush()
        .map_err(|error| device_error::device(image, &error))?;
    ctx.interrupt.check()?;
    Ok(report)
}

fn mkfs_failure(image: &Path, error: &MkfsError) -> Failure {
    let place = image.display().to_string();
    match error {
        MkfsError::Device(error) => device_error::device(image, error),
        MkfsError::Encode(_) => Failure::of_kind(place, ErrorKind::Io, error.to_string()),
        _ => Failure {
            kind: None,
            path: Some(place),
            what: error.to_string(),
            win32: Some(Win32Error::INVALID_PARAMETER),
            help: None,
            exit: Exit::Usage,
        },
    }
}

fn said(ctx: &Context, args: &CreateArgs, options: &FormatOptions, report: Option<&FormatReport>) {
    let image = args.image.as_os_str();
    let line = Line::new("volume")
        .set_bytes("path", image.as_encoded_bytes())
        .set("label", args.label.as_str())
        .set("serial", format!("{:016X}", options.serial))
        .set("dry_run", args.dry_run.dry_run);
    let path = String::from_utf8_lossy(&ctx.out.shown(image.as_encoded_bytes())).into_owned();
    let Some(report) = report else {
        ctx.out.json(line);
        ctx.out.text(format!("would make an NTFS volume in {path}"));
        return;
    };
    let geometry = &report.geometry;
    let cluster_size = u64::from(geometry.cluster_size());
    ctx.out.json(
        line.set("cluster_size", cluster_size)
            .set("clusters", geometry.cluster_count())
            .set("record_size", options.record_size.bytes())
            .set("free_clusters", report.free_clusters)
            .set("log_size", report.log_size),
    );
    ctx.out.text(format!(
        "made an NTFS volume in {path}: {} of {} free, clusters of {}",
        size::show(report.free_clusters * cluster_size),
        size::show(geometry.cluster_count() * cluster_size),
        size::show(cluster_size),
    ));
}
