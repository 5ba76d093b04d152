//! What was freed is not replayed over what took its place.

use std::sync::Arc;

use linkwright_ntfs::{Durability, Error, FileKind, Volume};
use linkwright_sim::{Loss, SimDevice};

use super::judge::with;
use super::steps::{base, create, fill, find};
use crate::support::{ROOT, open, units};

/// An index block is freed, its clusters are used for a file's data, all is
/// synced, and the crash comes before the next checkpoint.
#[test]
fn a_freed_index_block_is_not_replayed_over_data() {
    let base = base(|volume| fill(volume, 200));
    let sim = Arc::new(SimDevice::new(&base));
    let volume = Volume::open(sim.clone(), with(Durability::Immediate)).unwrap();
    let dir = find(&volume, "dir");
    for n in 0..200 {
        volume.remove(dir, &units(&format!("name {n:05}"))).unwrap();
    }
    volume.sync().unwrap();
    // The whole of the free space, so that every freed cluster is used.
    let file = create(&volume, ROOT, "data", FileKind::File).unwrap();
    let mut len = 0;
    loop {
        match volume.write_at(file, &[], len, &[0xD5; 4096]) {
            Ok(()) => len += 4096,
            Err(Error::DiskFull) => break,
            Err(error) => panic!("{error}"),
        }
    }
    volume.sync().unwrap();
    let mut cuts = sim.cuts();
    while cuts.step() {}
    for loss in [Loss::All, Loss::Nothing, Loss::Seed(1)] {
        let image = Arc::new(cuts.image(loss));
        let volume = open(&image);
        let file = find(&volume, "data");
        let mut bytes = vec![0; len as usize];
        assert_eq!(
            volume.read_at(file, &[], 0, &mut bytes).unwrap() as u64,
            len
        );
        assert!(bytes.iter().all(|byte| *byte == 0xD5));
        assert_eq!(volume.entries(find(&volume, "dir")).unwrap().len(), 0);
    }
}
