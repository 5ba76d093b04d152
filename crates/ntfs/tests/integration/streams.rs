//! Streams: forms, lengths, holes, fragments, and many of them.

use linkwright_ntfs::{FileId, Volume};
use linkwright_ntfs_mkfs::{FormatOptions, RecordSize};
use linkwright_testkit::oracle::ntfs3g::{self, Access, Mount};
use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs};
use linkwright_testkit::skip_unless;

use crate::support::{
    ROOT, assert_sound, assert_sound_as_windows, file, fresh, image_of, open, pattern, read_all,
    units,
};

/// A stream and what it should hold.
struct Checked<'v> {
    volume: &'v Volume,
    file: FileId,
    name: Vec<u16>,
    bytes: Vec<u8>,
}

impl<'v> Checked<'v> {
    fn new(volume: &'v Volume, file: FileId, name: &str) -> Self {
        Self {
            volume,
            file,
            name: units(name),
            bytes: Vec::new(),
        }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.bytes[offset..end].copy_from_slice(bytes);
        self.volume
            .write_at(self.file, &self.name, offset as u64, bytes)
            .unwrap();
        self.check();
    }

    fn set_len(&mut self, len: usize) {
        self.bytes.resize(len, 0);
        self.volume
            .set_len(self.file, &self.name, len as u64)
            .unwrap();
        self.check();
    }

    fn zero(&mut self, offset: usize, len: usize) {
        self.bytes[offset..offset + len].fill(0);
        self.volume
            .zero_range(self.file, &self.name, offset as u64, len as u64)
            .unwrap();
        self.check();
    }

    fn check(&self) {
        let found = read_all(self.volume, self.file, &self.name);
        assert_eq!(found.len(), self.bytes.len());
        assert!(found == self.bytes, "the bytes differ");
    }

    fn resident(&self) -> bool {
        let streams = self.volume.streams(self.file).unwrap();
        streams.iter().any(|s| s.name == self.name && s.resident)
    }

    fn allocated(&self) -> u64 {
        let streams = self.volume.streams(self.file).unwrap();
        let own = streams.iter().find(|s| s.name == self.name).unwrap();
        own.allocated
    }
}

fn geometries() -> Vec<FormatOptions> {
    let mut all = Vec::new();
    for cluster in [512, 4096, 65_536] {
        for record_size in [RecordSize::Bytes1024, RecordSize::Bytes4096] {
            all.push(FormatOptions {
                cluster_size: Some(cluster),
                record_size,
                ..FormatOptions::default()
            });
        }
    }
    all
}

/// Makes and removes a file: the root directory's index is ours from then on.
fn settle(volume: &Volume) {
    file(volume, ROOT, "nothing");
    volume.remove(ROOT, &units("nothing")).unwrap();
    volume.sync().unwrap();
}

#[test]
fn a_stream_grows_and_shrinks_through_both_forms() {
    for options in geometries() {
        let device = fresh(64 << 20, &options);
        let volume = open(&device);
        let file = file(&volume, ROOT, "x");
        let mut stream = Checked::new(&volume, file, "");
        stream.write(0, b"small");
        assert!(stream.resident());
        stream.write(3, &pattern(1, 9000));
        assert!(!stream.resident());
        stream.write(4000, &pattern(2, 200));
        stream.set_len(200_000);
        stream.write(150_000, &pattern(3, 10));
        // A gap behind the end.
        stream.write(400_001, &pattern(4, 70_000));
        stream.set_len(400_100);
        stream.set_len(65_537);
        stream.set_len(65_536);
        stream.set_len(100);
        assert!(stream.resident());
        stream.set_len(0);
        stream.write(1_000_000, b"end");
        assert_eq!(volume.file_info(file).unwrap().size, 1_000_003);
        volume.close().unwrap();
        assert_sound(&*device);
    }
}

#[test]
fn holes_take_no_clusters_and_read_as_zeros() {
    for options in geometries() {
        let device = fresh(64 << 20, &options);
        let volume = open(&device);
        settle(&volume);
        let free = volume.info().unwrap().free_clusters;
        let file = file(&volume, ROOT, "x");
        volume.set_sparse(file, &[]).unwrap();
        let mut stream = Checked::new(&volume, file, "");
        stream.set_len(20 << 20);
        assert_eq!(stream.allocated(), 0);
        for n in 0..10 {
            stream.write(n * 1_000_000 + 77, &pattern(5, 300));
        }
        let used = (free - volume.info().unwrap().free_clusters)
            * u64::from(volume.info().unwrap().cluster_size);
        assert!(used <= 21 * 65_536, "{used}");
        stream.write(0, &pattern(6, 3 << 20));
        stream.zero(100, (3 << 20) - 300);
        stream.zero(0, 20 << 20);
        assert_eq!(stream.allocated(), 0);
        stream.set_len(77);
        volume.remove(ROOT, &units("x")).unwrap();
        volume.sync().unwrap();
        assert_eq!(volume.info().unwrap().free_clusters, free);
        volume.close().unwrap();
        assert_sound(&*device);
    }
}

#[test]
fn a_scattered_file_has_its_runs_in_many_records() {
    for options in geometries().into_iter().take(4) {
        let device = fresh(64 << 20, &options);
        let volume = open(&device);
        let cluster = usize::try_from(volume.info().unwrap().cluster_size).unwrap();
        settle(&volume);
        let before = volume.info().unwrap();
        let (a, b) = (file(&volume, ROOT, "a"), file(&volume, ROOT, "b"));
        let mut one = Checked::new(&volume, a, "");
        let mut two = Checked::new(&volume, b, "");
        // Two files that grow in turns, then one of them is overwritten here
        // and there.
        volume
            .transaction(|tx| {
                for n in 0..1500 {
                    let bytes = pattern(u32::try_from(n).unwrap(), cluster);
                    tx.write_at(a, &[], (n * cluster) as u64, &bytes)?;
                    tx.write_at(b, &[], (n * cluster) as u64, &bytes)?;
                    one.bytes.extend(&bytes);
                    two.bytes.extend(&bytes);
                }
                Ok(())
            })
            .unwrap();
        one.check();
        two.check();
        for n in (0..1500).step_by(50) {
            one.write(n * cluster + 3, &pattern(77, 10));
        }
        let third = one.bytes.len() / 3;
        one.set_len(third);
        one.write(third + 5 * cluster, &pattern(7, 100));
        one.set_len(cluster / 2);
        two.check();
        let bytes = two.bytes;
        volume.close().unwrap();
        assert_sound(&*device);
        let image = image_of(&device);
        rust_fs_ntfs::assert_clean(image.path());
        let volume = open(&device);
        assert!(read_all(&volume, b, &[]) == bytes);
        volume.remove(ROOT, &units("a")).unwrap();
        volume.remove(ROOT, &units("b")).unwrap();
        volume.sync().unwrap();
        let grown = (volume.info().unwrap().records - before.records)
            * u64::from(before.record_size)
                .div_ceil(cluster as u64)
                .max(1);
        assert!(before.free_clusters - volume.info().unwrap().free_clusters <= grown + 64);
        volume.close().unwrap();
        assert_sound(&*device);
    }
}

#[test]
fn bytes_after_a_gap_of_less_than_a_cluster_in_an_empty_sparse_stream() {
    for links in 0..12 {
        let device = fresh(16 << 20, &FormatOptions::default());
        let volume = open(&device);
        let file = file(&volume, ROOT, "x");
        volume.set_sparse(file, &[]).unwrap();
        for n in 0..links {
            let name = units(&format!("{}{n}", "y".repeat(24)));
            volume.hard_link(file, ROOT, &name).unwrap();
        }
        volume.write_at(file, &[], 1, &[1; 510]).unwrap();
        assert_eq!(read_all(&volume, file, &[])[..2], [0, 1]);
        volume.close().unwrap();
        assert_sound_as_windows(&*device);
    }
}

#[test]
fn many_named_streams_and_other_drivers() {
    for options in geometries() {
        let device = fresh(64 << 20, &options);
        let volume = open(&device);
        let host = file(&volume, ROOT, "host");
        volume.write_at(host, &[], 0, b"unnamed").unwrap();
        let name = |n: usize| format!("stream number {n}");
        let content = |n: usize| pattern(u32::try_from(n).unwrap(), n * n % 3000);
        for n in 0..400 {
            let stream = units(&name(n));
            volume
                .create_stream(host, &stream)
                .unwrap_or_else(|e| panic!("stream {n}, {options:?}: {e}"));
            volume
                .write_at(host, &stream, 0, &content(n))
                .unwrap_or_else(|e| panic!("stream {n}, {options:?}: {e}"));
        }
        // A sparse and a scattered one for the others to read.
        let sparse = file(&volume, ROOT, "sparse");
        volume.set_sparse(sparse, &[]).unwrap();
        volume.write_at(sparse, &[], 3_000_000, b"far").unwrap();
        volume.close().unwrap();
        assert_sound(&*device);

        if let Err(skip) = ntfs3g::available() {
            skip.report();
        } else {
            let image = image_of(&device);
            ntfsfix::assert_clean(image.path());
            let mount = Mount::new(image.path(), Access::ReadOnly).expect("mount");
            for n in (0..400).step_by(7) {
                let path = mount.path().join(format!("host:{}", name(n)));
                assert_eq!(std::fs::read(path).unwrap(), content(n), "stream {n}");
            }
            let far = std::fs::read(mount.path().join("sparse")).unwrap();
            assert_eq!(far.len(), 3_000_003);
            assert!(far[..3_000_000].iter().all(|b| *b == 0));
            mount.unmount().expect("unmount");
        }

        let volume = open(&device);
        for n in 0..400 {
            let found = read_all(&volume, host, &units(&name(n)));
            assert!(found == content(n), "stream {n}");
        }
        for n in (0..400).rev() {
            volume.remove_stream(host, &units(&name(n))).unwrap();
        }
        assert_eq!(volume.streams(host).unwrap().len(), 1);
        assert_eq!(read_all(&volume, host, &[]), b"unnamed");
        volume.close().unwrap();
        assert_sound(&*device);
    }
}

#[test]
fn what_ntfs3g_writes_afterwards_we_read() {
    skip_unless!(ntfs3g::available());
    let device = fresh(64 << 20, &FormatOptions::default());
    let volume = open(&device);
    let ours = file(&volume, ROOT, "ours");
    volume.write_at(ours, &[], 0, &pattern(1, 100_000)).unwrap();
    volume.close().unwrap();
    let image = image_of(&device);
    let mount = Mount::new(image.path(), Access::ReadWrite).expect("mount");
    let mut bytes = pattern(1, 100_000);
    bytes.extend(pattern(2, 50_000));
    std::fs::write(mount.path().join("ours"), &bytes).unwrap();
    std::fs::hard_link(mount.path().join("ours"), mount.path().join("theirs")).unwrap();
    mount.unmount().expect("unmount");
    let written = std::fs::read(image.path()).unwrap();
    let device = std::sync::Arc::new(linkwright_device::MemoryDevice::from_bytes(&written));
    let volume = open(&device);
    let entry = volume.lookup(ROOT, &units("theirs")).unwrap().unwrap();
    assert!(read_all(&volume, entry.file, &[]) == bytes);
    volume.remove(ROOT, &units("ours")).unwrap();
    volume.close().unwrap();
    assert_sound(&*device);
}
