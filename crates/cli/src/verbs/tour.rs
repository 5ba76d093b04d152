//! `tour`: an image with every kind of link, made and shown in a moment.

use std::path::{Path, PathBuf};

use linkwright_device::{Existing, FileDevice};
use linkwright_fs::{
    Contents, Create, FileSystem, LinkContent, LinkType, Name, Node, Replace, StreamName,
};
use linkwright_ntfs_mkfs::{FormatOptions, NtTime, format};
use linkwright_reparse::{MountPoint, SymbolicLink, TargetContext};

use crate::args::{LsArgs, TourArgs};
use crate::context::Context;
use crate::device_error;
use crate::failure::{Failure, Result};
use crate::location::DeviceSpec;
use crate::output::{Line, Style};
use crate::report::Report;
use crate::verbs::ls;
use crate::volumes::Access;

/// Bytes of the image; most of it stays a hole.
const SIZE: u64 = 64 << 20;

pub(super) fn run(ctx: &Context, args: &TourArgs) -> Result<Report> {
    let image = place(args)?.join("tour.img");
    make_volume(ctx, &image)?;
    let spec = DeviceSpec {
        path: image.clone(),
        partition: None,
    };
    let fs = ctx.volumes.open(&spec, Access::Write)?;
    fill(&*fs).map_err(|error| Failure::at(image.display().to_string(), &error))?;
    drop(fs);
    ctx.volumes.close()?;
    show(ctx, &image)
}

/// Where the image goes: the user's directory, or a new one of our own.
fn place(args: &TourArgs) -> Result<PathBuf> {
    let at = |path: &Path, error: std::io::Error| {
        Failure::at(
            path.display().to_string(),
            &linkwright_fs::Error::from(error),
        )
    };
    if let Some(directory) = &args.directory {
        std::fs::create_dir_all(directory).map_err(|error| at(directory, error))?;
        return Ok(directory.clone());
    }
    let temporary = std::env::temp_dir();
    // Nobody else's directory is taken: `create_dir` fails where one is.
    for number in 0.. {
        let directory = temporary.join(format!("linkwright-tour-{}-{number}", std::process::id()));
        match std::fs::create_dir(&directory) {
            Ok(()) => return Ok(directory),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(at(&directory, error)),
        }
    }
    Err(Failure::usage("no directory for the tour"))
}

fn make_volume(ctx: &Context, image: &Path) -> Result<()> {
    let at = |error: &linkwright_device::DeviceError| device_error::device(image, error);
    let device = FileDevice::create(image, SIZE, Existing::Replace, ctx.lock_wait)
        .map_err(|error| at(&error))?;
    let options = FormatOptions {
        label: "tour".encode_utf16().collect(),
        serial: 0x1CEB_00DA,
        time: NtTime::from(std::time::SystemTime::now()),
        ..FormatOptions::default()
    };
    format(&device, &options).map_err(|error| {
        Failure::at(
            image.display().to_string(),
            &linkwright_fs::Error::with_source(linkwright_fs::ErrorKind::Io, error),
        )
    })?;
    Ok(())
}

/// Two directories, a file, and a link of every kind.
fn fill(fs: &dyn FileSystem) -> linkwright_fs::Result<()> {
    let root = fs.root()?;
    let new = Create::default();
    let docs = fs.create_directory(&root, &Name::from("docs"), &new)?;
    let links = fs.create_directory(&root, &Name::from("links"), &new)?;
    let report = put(fs, &docs, "report.txt", b"A report, with many names.\n")?;
    fs.put_stream(
        &report,
        &StreamName::from("author"),
        &mut &b"the tour\n"[..],
    )?;
    fs.hard_link(&report, &links, &Name::from("hard.txt"))?;
    let symbolic = |name: &str, link_type, target: &str| {
        let text = Name::from(target);
        let link = SymbolicLink::from_target_text(text.units(), &TargetContext::default())?;
        let content = LinkContent::Reparse(link.into());
        fs.create_link(&links, &Name::from(name), link_type, &content, &new)
            .map(|_| ())
    };
    symbolic("relative.txt", LinkType::File, r"..\docs\report.txt")?;
    symbolic("absolute.txt", LinkType::File, r"C:\docs\report.txt")?;
    symbolic("dangling.txt", LinkType::File, "gone.txt")?;
    symbolic("relative-dir", LinkType::Directory, r"..\docs")?;
    symbolic("absolute-dir", LinkType::Directory, r"C:\docs")?;
    let mount = MountPoint::junction(Name::from(r"C:\docs").units())?;
    fs.create_link(
        &links,
        &Name::from("junction"),
        LinkType::Directory,
        &LinkContent::Reparse(mount.into()),
        &new,
    )?;
    Ok(())
}

fn put(fs: &dyn FileSystem, dir: &Node, name: &str, data: &[u8]) -> linkwright_fs::Result<Node> {
    let mut data = data;
    let mut contents = [Contents {
        stream: None,
        data: &mut data,
    }];
    let name = Name::from(name);
    fs.put_file(dir, &name, &Create::default(), &mut contents, Replace::No)
}

fn show(ctx: &Context, image: &Path) -> Result<Report> {
    let out = &ctx.out;
    out.text(format!(
        "An NTFS volume in {}, as drive C:",
        image.display()
    ));
    out.text("");
    let drive = DeviceSpec {
        path: image.to_path_buf(),
        partition: None,
    };
    let toured = ctx.with_drive('C', drive);
    let listed = ls::run(
        &toured,
        &LsArgs {
            recursive: true,
            places: vec!["C:/".into()],
            ..LsArgs::default()
        },
    )?;
    toured.volumes.close()?;
    out.text("");
    suggest(ctx, image);
    out.json(
        Line::new("tour")
            .set_bytes("image", image.as_os_str().as_encoded_bytes())
            .set("drive", "C"),
    );
    Ok(listed)
}

/// What to try next; each line can be pasted into a shell.
fn suggest(ctx: &Context, image: &Path) {
    let out = &ctx.out;
    let drive = format!("linkwright --drive C={}", image.display());
    out.text("Try next:");
    for (command, why) in [
        ("tree C:/", "all of it, drawn"),
        ("show C:/links/junction", "one link in full"),
        (
            "explain C:/links/junction/report.txt",
            "each link of a path, and who follows it",
        ),
        ("names C:/docs/report.txt", "every name of a file"),
        ("cat C:/links/absolute.txt", "a file through a link"),
        ("cat C:/docs/report.txt:author", "a named stream"),
        (
            "link -s '..\\docs\\report.txt' C:/links/mine.txt",
            "a link of your own",
        ),
        (
            "cp -r C:/ tour-copy --map 'C:\\docs=../docs'",
            "all of it, out of the image",
        ),
        ("volume check C:", "is all well?"),
    ] {
        out.text(format!("  {drive} {command}"));
        out.text(out.styled(Style::Dim, format!("      {why}").as_bytes()));
    }
    out.text(format!("Done with it? rm {}", image.display()));
}
