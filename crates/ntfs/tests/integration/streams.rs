//! Streams: forms, lengths, holes.

use linkwright_ntfs_mkfs::FormatOptions;

use crate::support::{ROOT, assert_sound, file, fresh, open, read_all, units};

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
        assert_sound(&*device);
    }
}
