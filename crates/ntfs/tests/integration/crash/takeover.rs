//! The first writing session on a volume that Windows closed cleanly: its log
//! is taken over, and the power fails at every write of that.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{FileKind, Volume};
use linkwright_ntfs_format::log::LogState;
use linkwright_testkit::{corpus, long, skip_unless};

use super::judge::Effort;
use super::steps::{Step, create, find, step};
use super::sweep::{Scenario, sweep_with};
use crate::support::{ROOT, units};

/// A volume in memory; what is zero takes none.
pub(super) fn loaded(path: &Path) -> MemoryDevice {
    const PIECE: usize = 64 << 10;
    let file = File::open(path).expect("the volume");
    let len = file.metadata().expect("its length").len();
    let device = MemoryDevice::new(len);
    let mut piece = vec![0; PIECE];
    for at in (0..len).step_by(PIECE) {
        let take = (len - at).min(PIECE as u64) as usize;
        file.read_exact_at(&mut piece[..take], at)
            .expect("its bytes");
        if piece[..take].iter().any(|byte| *byte != 0) {
            device.write_at(at, &piece[..take]).expect("memory");
        }
    }
    device
}

fn steps() -> Vec<Step> {
    vec![
        step(|v: &Volume| create(v, ROOT, "new", FileKind::File).map(drop)),
        step(|v: &Volume| v.hard_link(find(v, "new"), ROOT, &units("second"))),
    ]
}

fn cut_everywhere(volume: corpus::Volume, name: &'static str) {
    let path = volume.bare();
    skip_unless!(path.as_ref().map(drop).map_err(Clone::clone));
    let scenario = Scenario::new(name, loaded(&path.unwrap()), steps()).proof(|before, after| {
        matches!(before.info().unwrap().log, LogState::Clean(_))
            && after.info().unwrap().log == LogState::Empty
    });
    // The others have findings of their own on volumes by Windows.
    let effort = Effort {
        others: u64::MAX,
        ..Effort::usual_or_long()
    };
    sweep_with(&scenario, effort);
}

#[test]
fn a_log_of_windows_is_taken_over_whole() {
    cut_everywhere(corpus::Volume::LastAccess, "taking over");
}

#[test]
fn a_log_of_windows_is_taken_over_whole_with_clusters_of_2_mib() {
    skip_unless!(long("clusters of 2 MiB"));
    cut_everywhere(corpus::Volume::Ntfs2M, "taking over, clusters of 2 MiB");
}
