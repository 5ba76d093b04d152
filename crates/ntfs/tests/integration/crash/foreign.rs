//! Another system wrote to the volume before our recovery.

use std::sync::Arc;

use linkwright_device::BlockDevice;
use linkwright_ntfs::{Durability, Error, OpenOptions, Volume};
use linkwright_sim::Loss;

use super::judge::run;
use super::steps::{base, mixed_steps};
use crate::support::options;

#[test]
fn somebody_elses_write_is_noticed_and_nothing_is_replayed() {
    let base = base(|_| {});
    let run = run(&base, Durability::Immediate, &mixed_steps());
    // In the middle: several records wait in the log.
    let mut cuts = run.sim.cuts();
    while cuts.position() < run.safe[4].0 {
        cuts.step();
    }
    let image = Arc::new(cuts.image(Loss::Nothing));
    // The root directory's record, as a foreign driver would change it.
    let boot = {
        let mut sector = [0; 512];
        image.read_at(0, &mut sector).unwrap();
        sector
    };
    let cluster = u64::from(boot[0x0D]) * 512;
    let mft = u64::from_le_bytes(boot[0x30..0x38].try_into().unwrap()) * cluster;
    let at = mft + 5 * 1024;
    let mut record = [0; 1024];
    image.read_at(at, &mut record).unwrap();
    record[0x60] ^= 1;
    image.write_at(at, &record).unwrap();
    let before = image.snapshot();
    let error = Volume::open(image.clone(), options()).unwrap_err();
    assert!(
        matches!(error, Error::Unsupported(linkwright_ntfs::Unsupported::ForeignWriter { offset }) if offset == at),
        "{error}"
    );
    let (mut old, mut new) = (vec![0; 4 << 20], vec![0; 4 << 20]);
    before.read_at(0, &mut old).unwrap();
    image.read_at(0, &mut new).unwrap();
    assert!(old == new, "a refused volume is not written to");
    Volume::open(image, OpenOptions::read_only()).expect("it can still be read");
}
