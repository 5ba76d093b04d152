//! The power fails while a transaction is committed.

use linkwright_sim::{Loss, SimDevice};

use super::*;

#[test]
fn a_cut_during_a_commit_leaves_all_of_it_or_nothing() {
    let base = {
        let device = Arc::new(fresh_of(4 << 20));
        let fs = open(device.clone());
        make(&*fs, "old", b"old bytes");
        make(&*fs, "gone", b"gone bytes");
        let root = fs.root().unwrap();
        make_dir(&*fs, &root, "dir");
        close(fs, &*device);
        device.snapshot()
    };
    let sim = Arc::new(SimDevice::new(&base));
    let fs = open(sim.clone());
    let outside = manager(&fs);
    let root = outside.root().unwrap();
    let dir = outside.child(&root, &name("dir")).unwrap();
    let before = tree(&outside);
    let one = outside.begin(None).unwrap();
    let old = one.child(&root, &name("old")).unwrap();
    one.write_at(&old, None, 5000, &[3; 20_000]).unwrap();
    one.remove(&root, &name("gone")).unwrap();
    let new = make(&one, "gone", b"another file");
    for n in 0..60 {
        one.hard_link(&new, &dir, &name(&format!("link {n}")))
            .unwrap();
    }
    one.create_link(
        &dir,
        &name("symbolic"),
        LinkType::File,
        &link_to("..\\old"),
        &Create::default(),
    )
    .unwrap();
    outside.sync().unwrap();
    let begun = sim.position();
    one.commit().unwrap();
    outside.sync().unwrap();
    let done = sim.position();
    let after = tree(&outside);
    drop((one, outside));
    Arc::into_inner(fs).unwrap().close().unwrap();

    let mut cuts = sim.cuts();
    let mut seen = [0, 0];
    loop {
        for loss in [Loss::All, Loss::Nothing, Loss::Seed(cuts.position() as u64)] {
            let image = Arc::new(cuts.image(loss));
            let recovered = open(image.clone());
            let there = tree(&*recovered);
            let at = cuts.position();
            let is_after = there == after;
            assert!(is_after || there == before, "{at}, {loss:?}: in between");
            assert!(is_after || at < done, "{at}, {loss:?}: lost");
            assert!(!is_after || at > begun, "{at}, {loss:?}: too early");
            seen[usize::from(is_after)] += 1;
            close(recovered, &*image);
        }
        if !cuts.step() {
            break;
        }
    }
    assert!(seen[0] > 10 && seen[1] > 10, "{seen:?}");
    println!("{seen:?} cuts before and after");
}
