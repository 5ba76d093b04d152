//! Volumes filled in ways that are drawn: sizes, caches, directories, files with one
//! name or hundreds, transactions, removals and data between them. Whatever is
//! refused, close writes what was acknowledged, and hardly any space is left.

use std::collections::BTreeMap;
use std::sync::Arc;

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{CreateOptions, Error, FileId, FileKind, OpenOptions, Volume};
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_testkit::long;

use crate::support::{ROOT, assert_sound_as_windows, directory, fresh, open, options, units};

const VOLUMES: u64 = 16;
const VOLUMES_LONG: u64 = 400;
/// Operations that find a volume full before it is left.
const REFUSALS: u32 = 30;

/// Numbers that look random (xorshift, G. Marsaglia).
struct Draw(u64);

impl Draw {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }

    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// How a volume is filled.
#[derive(Debug)]
struct Way {
    size: u64,
    cluster: u32,
    cache: usize,
    directories: u64,
    /// Names of each file.
    names: u32,
    /// Characters that names have behind a number.
    tail: usize,
    /// Operations from one sync to the next.
    synced_after: u64,
    /// Of 1,000 operations.
    transactions: u64,
    removals: u64,
    writes: u64,
}

impl Way {
    fn draw(draw: &mut Draw) -> Self {
        Self {
            size: (8 + draw.below(20)) << 20,
            cluster: draw.of(&[512, 1024, 4096, 4096, 4096, 16_384, 65_536]),
            cache: draw.of(&[2 << 20, 8 << 20, 32 << 20, 256 << 20]),
            directories: 1 + draw.below(4),
            names: draw.of(&[1, 3, 100, 900]),
            tail: draw.of(&[0, 10, 60, 180]),
            synced_after: draw.of(&[500, 5000, u64::MAX]),
            transactions: draw.of(&[0, 0, 3]),
            removals: draw.of(&[0, 0, 20]),
            writes: draw.of(&[0, 0, 10]),
        }
    }
}

/// A volume, and what was acknowledged.
struct Filling {
    way: Way,
    draw: Draw,
    volume: Volume,
    directories: Vec<(FileId, BTreeMap<String, FileId>)>,
    /// The file that gets names, and how many it has.
    current: Option<(FileId, u32)>,
}

impl Filling {
    fn new(way: Way, draw: Draw, device: &Arc<MemoryDevice>) -> Self {
        let options = OpenOptions {
            cache_bytes: way.cache,
            ..options()
        };
        let volume = Volume::open(device.clone(), options).unwrap();
        let named = |n| directory(&volume, ROOT, &format!("dir {n}"));
        let directories = (0..way.directories)
            .map(|n| (named(n), BTreeMap::new()))
            .collect();
        Self {
            way,
            draw,
            volume,
            directories,
            current: None,
        }
    }

    fn name(&mut self) -> String {
        let number = self.draw.below(10_000_000);
        format!("{number:07}{}", "x".repeat(self.way.tail))
    }

    fn step(&mut self) -> Result<(), Error> {
        let at = usize::try_from(self.draw.below(self.way.directories)).unwrap();
        let mut what = self.draw.below(1000);
        for (share, step) in [
            (
                self.way.transactions,
                Self::transaction as fn(&mut Self, usize) -> _,
            ),
            (self.way.removals, Self::removal),
            (self.way.writes, Self::write),
        ] {
            if what < share {
                return step(self, at);
            }
            what -= share;
        }
        self.addition(at)
    }

    /// One more name: that of a new file, when the last one has enough.
    fn addition(&mut self, at: usize) -> Result<(), Error> {
        let name = self.name();
        let (parent, there) = &mut self.directories[at];
        if there.contains_key(&name) {
            return Ok(());
        }
        let file = match &mut self.current {
            Some((file, names)) if *names < self.way.names => {
                self.volume.hard_link(*file, *parent, &units(&name))?;
                *names += 1;
                *file
            }
            _ => {
                let none = CreateOptions::default();
                let kind = FileKind::File;
                let file = self.volume.create(*parent, &units(&name), kind, &none)?;
                self.current = Some((file, 1));
                file
            }
        };
        there.insert(name, file);
        Ok(())
    }

    /// Many files at once, or none.
    fn transaction(&mut self, at: usize) -> Result<(), Error> {
        let count = 1 + self.draw.below(3000);
        let names: Vec<String> = (0..count).map(|_| self.name()).collect();
        let (parent, there) = &mut self.directories[at];
        let made = self.volume.transaction(|tx| {
            let mut made = BTreeMap::new();
            for name in &names {
                if there.contains_key(name) || made.contains_key(name) {
                    continue;
                }
                let none = CreateOptions::default();
                let file = tx.create(*parent, &units(name), FileKind::File, &none)?;
                made.insert(name.clone(), file);
            }
            Ok(made)
        })?;
        there.extend(made);
        Ok(())
    }

    fn removal(&mut self, at: usize) -> Result<(), Error> {
        let from = self.name();
        let (parent, there) = &mut self.directories[at];
        let Some((name, file)) = there.range(from..).next() else {
            return Ok(());
        };
        let (name, file) = (name.clone(), *file);
        self.volume.remove(*parent, &units(&name))?;
        there.remove(&name);
        if self.current.is_some_and(|(current, _)| current == file) {
            // It may be gone with its last name.
            self.current = None;
        }
        Ok(())
    }

    fn write(&mut self, at: usize) -> Result<(), Error> {
        let (from, bytes) = (self.name(), self.draw.below(200_000));
        let Some((_, file)) = self.directories[at].1.range(from..).next() else {
            return Ok(());
        };
        let bytes = vec![7; usize::try_from(bytes).unwrap()];
        self.volume.write_at(*file, &[], 0, &bytes)
    }

    /// Until it is full.
    fn fill(&mut self) {
        let (mut refused, mut done) = (0, 0_u64);
        while refused < REFUSALS {
            done += 1;
            if done.is_multiple_of(self.way.synced_after) {
                self.volume.sync().unwrap();
            }
            match self.step() {
                Ok(()) => {}
                Err(Error::DiskFull) => refused += 1,
                Err(error) => panic!("{:?}: {error}", self.way),
            }
        }
    }
}

#[test]
fn volumes_filled_in_many_ways_keep_what_they_acknowledged() {
    let volumes = match long("400 volumes to be filled") {
        Ok(()) => VOLUMES_LONG,
        Err(_) => VOLUMES,
    };
    for seed in 0..volumes {
        let mut draw = Draw::new(seed + 1);
        let way = Way::draw(&mut draw);
        let options = FormatOptions {
            cluster_size: Some(way.cluster),
            ..FormatOptions::default()
        };
        let device = fresh(way.size, &options);
        let mut filling = Filling::new(way, draw, &device);
        filling.fill();
        let Filling {
            way,
            volume,
            directories,
            ..
        } = filling;
        let info = volume.info().unwrap();
        let free = info.free_clusters * 100 / info.clusters;
        assert!(free < 6, "{seed}: {free} % free, {way:?}");
        volume.close().unwrap();
        assert_sound_as_windows(&*device);
        let volume = open(&device);
        for (directory, there) in directories {
            let listed = volume.list(directory).unwrap();
            let listed: BTreeMap<String, FileId> = listed
                .map(|entry| entry.unwrap())
                .map(|entry| (entry.name.to_string_lossy(), entry.file))
                .collect();
            assert!(listed == there, "{seed}: {way:?}");
        }
    }
}
