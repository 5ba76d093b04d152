//! One load of the Win32 functions, every file by its path, to be looked at with a
//! profiler, and the same of the engine by references beside it.
//!
//! `path_profile FILES NAMES [--dirs N] [--engine] [--unlink]`: the volume is in
//! memory. Without directories all is in one.
#![forbid(unsafe_code)]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use linkwright_device::MemoryDevice;
use linkwright_fs::FileSystem;
use linkwright_fs::ntfs::{NtfsFs, ReadOnlyFiles};
use linkwright_ntfs::{CreateOptions, FileKind, OpenOptions, Volume};
use linkwright_ntfs_mkfs::{FormatOptions, format};
use linkwright_win32::System;
use linkwright_win32::constants::{CREATE_NEW, GENERIC_WRITE};

type Outcome<T> = Result<T, Box<dyn Error>>;

const SIZE: u64 = 4 << 30;

struct Load {
    files: usize,
    names: usize,
    directories: usize,
    engine: bool,
    unlink: bool,
}

impl Load {
    fn parse() -> Outcome<Self> {
        let mut load = Self {
            files: 0,
            names: 0,
            directories: 1,
            engine: false,
            unlink: false,
        };
        let mut words = std::env::args().skip(1);
        let mut numbers = Vec::new();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--dirs" => load.directories = words.next().ok_or("how many?")?.parse()?,
                "--engine" => load.engine = true,
                "--unlink" => load.unlink = true,
                number => numbers.push(number.parse()?),
            }
        }
        let [files, names] = numbers[..] else {
            return Err("how many files, and how many further names of each?".into());
        };
        (load.files, load.names) = (files, names);
        Ok(load)
    }

    fn directory(&self, file: usize) -> String {
        format!("directory{:04}", file % self.directories)
    }

    fn links(&self) -> impl Iterator<Item = (usize, String)> {
        let names = self.names;
        let link = |file, name| (file, format!("file{file:06}_link{name:04}.txt"));
        (0..self.files).flat_map(move |file| (0..names).map(move |name| link(file, name)))
    }
}

fn main() -> Outcome<()> {
    let load = Load::parse()?;
    let device = Arc::new(MemoryDevice::new(SIZE));
    format(&*device, &FormatOptions::default())?;
    match load.engine {
        true => engine(&load, Volume::open(device, OpenOptions::read_write())?),
        false => {
            let fs = NtfsFs::open(device, OpenOptions::read_write())?;
            let fs = fs.with_read_only_files(ReadOnlyFiles::LeftToCaller);
            win32(&load, Arc::new(fs))
        }
    }
}

fn engine(load: &Load, volume: Volume) -> Outcome<()> {
    let none = CreateOptions::default();
    let root = linkwright_ntfs::FileId::ROOT;
    let mut directories = Vec::new();
    for n in 0..load.directories {
        let name = wide(&load.directory(n));
        directories.push(volume.create(root, &name, FileKind::Directory, &none)?);
    }
    let place = |file: usize| directories[file % directories.len()];
    let start = Instant::now();
    let mut files = Vec::new();
    for file in 0..load.files {
        let name = wide(&format!("file{file:06}.txt"));
        files.push(volume.create(place(file), &name, FileKind::File, &none)?);
    }
    tell("files", load.files, start);
    let start = Instant::now();
    for (file, name) in load.links() {
        volume.hard_link(files[file], place(file), &wide(&name))?;
    }
    tell("links", load.files * load.names, start);
    if load.unlink {
        let start = Instant::now();
        for (file, name) in load.links() {
            volume.remove(place(file), &wide(&name))?;
        }
        tell("unlinks", load.files * load.names, start);
    }
    volume.close()?;
    Ok(())
}

fn win32(load: &Load, fs: Arc<NtfsFs>) -> Outcome<()> {
    let drive: Arc<dyn FileSystem> = fs;
    let system = System::builder().drive('C', drive).build()?;
    let failed = |error: linkwright_win32::Win32Error| format!("{error:?}");
    for n in 0..load.directories {
        let path = wide(&format!("C:\\{}", load.directory(n)));
        system
            .create_directory_w(Some(&path), None)
            .map_err(failed)?;
    }
    let path = |file: usize, name: &str| wide(&format!("C:\\{}\\{name}", load.directory(file)));
    let first = |file: usize| path(file, &format!("file{file:06}.txt"));
    let start = Instant::now();
    for file in 0..load.files {
        let path = first(file);
        let handle = system.create_file_w(Some(&path), GENERIC_WRITE, 7, None, CREATE_NEW, 0, None);
        system
            .close_handle(handle.map_err(failed)?)
            .map_err(failed)?;
    }
    tell("files", load.files, start);
    let start = Instant::now();
    for (file, name) in load.links() {
        let (new, existing) = (path(file, &name), first(file));
        system
            .create_hard_link_w(Some(&new), Some(&existing), None)
            .map_err(failed)?;
    }
    tell("links", load.files * load.names, start);
    if load.unlink {
        let start = Instant::now();
        for (file, name) in load.links() {
            system
                .delete_file_w(Some(&path(file, &name)))
                .map_err(failed)?;
        }
        tell("unlinks", load.files * load.names, start);
    }
    Ok(())
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn tell(what: &str, count: usize, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let rate = count as f64 / seconds;
    println!("{what:>8}: {count} in {seconds:.3} s, {rate:.0}/s");
}
