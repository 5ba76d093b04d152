use linkwright_device::*;
use linkwright_ntfs_mkfs::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let len: u64 = a[2].parse().unwrap();
    let mut o = FormatOptions {
        serial: 0x1234_5678_9ABC_DEF0,
        time: linkwright_ntfs_format::NtTime(0x1d4d1bd802976d3),
        label: "Link test".encode_utf16().collect(),
        ..Default::default()
    };
    if let Some(c) = a.get(3) {
        o.cluster_size = c.parse().ok();
    }
    if a.get(4).is_some_and(|r| r == "4096") {
        o.record_size = RecordSize::Bytes4096;
    }
    let f = std::fs::File::create(&a[1]).unwrap();
    f.set_len(len).unwrap();
    drop(f);
    let d = FileDevice::open(&a[1], &FileOptions::read_write()).unwrap();
    println!("{:?}", format(&d, &o));
}
