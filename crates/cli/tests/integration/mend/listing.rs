//! Everything about everything below a place, to be compared.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_fs::ntfs::NtfsFs;
use linkwright_fs::posix::PosixFs;
use linkwright_fs::{FileSystem, LinkContent, Name};
use linkwright_links::{Event, Place, walk};
use linkwright_ntfs::OpenOptions;
use linkwright_testkit::snapshot::sha256;

use super::Fixture;
use crate::program::Bench;

/// A line for each name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listing(BTreeMap<String, String>);

/// A volume for the hands of a test.
pub(super) fn volume(bench: &Bench, image: &str, options: OpenOptions) -> NtfsFs {
    let file = match options.access {
        linkwright_ntfs::Access::ReadOnly => FileOptions::read_only(),
        linkwright_ntfs::Access::ReadWrite => FileOptions::read_write(),
    };
    let device = FileDevice::open(bench.path(image), &file).unwrap();
    NtfsFs::open(Arc::new(device), options).unwrap()
}

impl Listing {
    pub(super) fn of(bench: &Bench, fixture: &Fixture) -> Self {
        match fixture.image {
            true => {
                let fs: Arc<dyn FileSystem> =
                    Arc::new(volume(bench, "disk.img", OpenOptions::read_only()));
                let node = fs.child(&fs.root().unwrap(), &Name::from("tree")).unwrap();
                Self::below(fs, node)
            }
            false => {
                let host = PosixFs::new();
                let node = host.open_directory(&bench.path("tree")).unwrap();
                Self::below(Arc::new(host), node)
            }
        }
    }

    fn below(fs: Arc<dyn FileSystem>, node: linkwright_fs::Node) -> Self {
        let top = Place {
            fs: Arc::clone(&fs),
            node,
            path: Vec::new(),
        };
        let mut lines = BTreeMap::new();
        walk(&top, &mut |event| {
            let Event::Met(met) = event else {
                panic!("{event:?}");
            };
            let path: Vec<String> = met.path.iter().map(ToString::to_string).collect();
            let stat = met.stat;
            let bytes = match fs.link(met.node).unwrap() {
                Some(LinkContent::Posix(text)) => text,
                Some(LinkContent::Reparse(buffer)) => buffer.encode(),
                None => Vec::new(),
            };
            let mut times = stat.times;
            if !fixture_keeps_changes(&*fs) {
                // Nobody can set it on a host.
                times.changed = None;
            }
            // Reading a link counts as an access on a host; directories change
            // with what is in them.
            times.accessed = None;
            let times = (!stat.is_plain_directory()).then_some(times);
            let security = fs.security(met.node).ok();
            let bytes = sha256(&[bytes, security.unwrap_or_default()].concat());
            lines.insert(
                path.join("/"),
                format!(
                    "{:?} {:?} {:?} {:?} {:?} {} {} {bytes}",
                    stat.kind,
                    stat.reparse_tag,
                    stat.attributes,
                    stat.mode,
                    times,
                    stat.names,
                    stat.size
                ),
            );
            ControlFlow::Continue(())
        })
        .unwrap();
        Self(lines)
    }

    pub(super) fn assert_same(&self, other: &Self) {
        let differ: Vec<_> = self
            .0
            .keys()
            .chain(other.0.keys())
            .filter(|path| self.0.get(*path) != other.0.get(*path))
            .map(|path| (path, self.0.get(path), other.0.get(path)))
            .collect();
        assert!(differ.is_empty(), "{differ:#?}");
    }
}

fn fixture_keeps_changes(fs: &dyn FileSystem) -> bool {
    fs.capabilities()
        .contains(linkwright_fs::Capabilities::TRANSACTIONS)
}
