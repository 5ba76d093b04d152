//! .NET: the declarations of a P/Invoke page, compiled by mcs, run by Mono and by
//! CoreCLR 3.1, which know the library by the names that an installation has.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use linkwright_testkit::oracle::ntfs3g;
use linkwright_testkit::{Skip, SkipKind, command, skip_unless};

use crate::installed::installation;
use crate::support::{Place, run, source};

const TEXT: &str = "FormatMessage: Cannot create a file when that file already exists.";

/// The program for a place.
fn program(place: &Place) -> PathBuf {
    let program = place.path().join("Links.exe");
    let mut mcs = command::program("mcs");
    let out = format!("-out:{}", program.display());
    run(mcs.args(["-nologo", &out]).arg(source("managed/Links.cs")));
    program
}

/// CoreCLR from the wheel that pip brings, unpacked below target.
fn dotnet() -> Result<&'static Path, Skip> {
    static DOTNET: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let fetched = DOTNET.get_or_init(|| {
        let folder = linkwright_testkit::workspace_root().join("target/dotnetcore2-3.1.23");
        let dotnet = folder.join("dotnetcore2/bin/dotnet");
        if dotnet.is_file() {
            return Ok(dotnet);
        }
        let mut pip = command::program("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"])
            .arg(&folder)
            .arg("dotnetcore2==3.1.23");
        let done = command::run(&mut pip, command::PATIENCE).map_err(|e| e.to_string())?;
        if !done.status.success() || !dotnet.is_file() {
            return Err(done.all());
        }
        run(Command::new("chmod").arg("+x").arg(&dotnet));
        Ok(dotnet)
    });
    fetched.as_deref().map_err(|why| {
        let why = why.lines().last().unwrap_or("pip did not bring it");
        Skip::new(
            SkipKind::Oracle,
            "coreclr",
            format!("{why} (PyPI's dotnetcore2)"),
        )
    })
}

/// What both programs must have left behind.
fn check(place: &Place) {
    let mut names = place.root();
    names.sort();
    let made = [
        "ansi", "dangling", "existing", "four", "hard", "résumé", "soft",
    ];
    assert_eq!(names, made);
    if let Err(skip) = ntfs3g::available() {
        return skip.report();
    }
    let mount = ntfs3g::Mount::new(&place.image(), ntfs3g::Access::ReadOnly).unwrap();
    let contents = linkwright_testkit::snapshot::Contents::Hash;
    let tree = mount.snapshot(contents).unwrap();
    assert_eq!(tree.get("hard").unwrap().nlink, Some(2));
    for link in ["ansi", "dangling", "four", "résumé", "soft"] {
        let found = tree.get(link).unwrap();
        assert_eq!(found.kind, linkwright_testkit::Kind::Symlink, "{link}");
    }
}

#[test]
fn mono_runs_the_declarations_unchanged() {
    skip_unless!(command::installed("mcs", "mono-mcs"));
    skip_unless!(command::installed("mono", "mono-runtime"));
    let place = Place::new();
    let program = program(&place);
    let installed = installation();
    let mut mono = place.command("mono");
    mono.env("LD_LIBRARY_PATH", installed.lib())
        .env("MONO_CONFIG", installed.mono_config());
    let finished = run(mono.arg(program));
    assert!(finished.text().starts_with(TEXT), "{}", finished.text());
    check(&place);
}

#[test]
fn coreclr_runs_the_declarations_unchanged() {
    skip_unless!(command::installed("mcs", "mono-mcs"));
    let dotnet = skip_unless!(dotnet());
    let place = Place::new();
    let program = program(&place);
    let mut coreclr = place.command(dotnet);
    coreclr
        .env("LD_LIBRARY_PATH", installation().lib())
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .args(["exec", "--runtimeconfig"])
        .arg(source("managed/app.runtimeconfig.json"));
    let finished = run(coreclr.arg(program));
    // Its own text is the C library's, which knows no such number.
    let expected = format!("{TEXT}\nWin32Exception: Unknown error 183\n");
    assert_eq!(finished.text(), expected);
    check(&place);
}
