//! Ten million records in bounded memory.

use std::time::Instant;

use linkwright_device::{BlockDevice, DeviceError, MemoryDevice};
use linkwright_ntfs_check::{CheckOptions, check};
use linkwright_ntfs_format::attribute::{
    AttributeFlags, AttributeType, ExtentSpec, Identity, StreamSizes, encode_non_resident,
};
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{Lcn, fixup, record};
use linkwright_ntfs_mkfs::{FormatOptions, format};
use linkwright_testkit::{alone, long, peak_kib, skip_unless};

use crate::editor::Editor;

/// Records of the volume.
const RECORDS: u64 = 10_000_000;
/// Memory the check may take, in KiB: 512 MiB.
const LIMIT: u64 = 512 << 10;
const RECORD: u64 = 1024;

/// A volume whose `$MFT` is too large to be kept: records past the first are
/// copies of one that are made when they are read.
struct Endless {
    inner: MemoryDevice,
    start: u64,
    end: u64,
    template: Vec<u8>,
    number_at: usize,
}

impl BlockDevice for Endless {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        if offset < self.start || offset >= self.end {
            return self.inner.read_at(offset, buf);
        }
        for (place, piece) in buf.chunks_mut(RECORD as usize).enumerate() {
            let number = 64 + (offset - self.start) / RECORD + place as u64;
            piece.copy_from_slice(&self.template[..piece.len()]);
            let number = u32::try_from(number).unwrap().to_le_bytes();
            piece[self.number_at..self.number_at + 4].copy_from_slice(&number);
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        self.inner.write_at(offset, buf)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn describe(&self) -> String {
        "an endless volume".to_owned()
    }
}

/// Makes a volume of ours larger: its `$MFT` goes on, after 64 records, at the
/// middle of the volume. Names, bitmaps and `$MFTMirr` are left as they are:
/// every file of the new part is an orphan, and counted.
fn endless() -> Endless {
    let device = MemoryDevice::new(32 << 30);
    format(&device, &FormatOptions::default()).expect("format");
    let editor = Editor::new(&device);
    let cluster = u64::from(editor.geometry.cluster_size());
    let data = editor.attribute(0, AttributeType::DATA, "").unwrap();
    let old = editor.runs(data).runs()[0];
    let start = editor.geometry.cluster_count() / 2;
    let mut runs = RunList::new();
    runs.push(old.lcn.map(Lcn), 64 * RECORD / cluster);
    runs.push(Some(Lcn(start)), (RECORDS - 64) * RECORD / cluster);
    let end = runs.end().0;
    let mut template = editor.record(24);
    let link = record::attributes(&template)
        .flatten()
        .find(|view| view.type_code() == AttributeType::FILE_NAME)
        .map(|view| view.offset());
    assert!(link.is_some(), "record 24 is a file");
    fixup::apply(&mut template).unwrap();
    let instance = editor.with_view(data, |view| view.instance());
    let size = end * cluster;
    let id = Identity {
        type_code: AttributeType::DATA,
        name: &[],
        flags: AttributeFlags::empty(),
        instance,
    };
    let extent = ExtentSpec {
        lowest_vcn: 0,
        end_vcn: end,
        compression_unit: 0,
        sizes: StreamSizes {
            allocated: size,
            data: size,
            initialized: size,
            total_allocated: None,
        },
        pairs: &runs.encode(),
    };
    let attribute = encode_non_resident(&id, &extent).unwrap();
    editor.edit(0, |bytes| {
        record::replace(bytes, data.offset, &attribute).unwrap()
    });
    Endless {
        start: start * cluster,
        end: start * cluster + (RECORDS - 64) * RECORD,
        inner: device,
        template,
        number_at: 0x2C,
    }
}

#[test]
#[cfg(target_os = "linux")]
fn ten_million_records_stay_within_512_mib() {
    skip_unless!(long("ten million records"));
    if !alone("scale::ten_million_records_stay_within_512_mib") {
        return;
    }
    let device = endless();
    let start = Instant::now();
    let summary = check(&device, &CheckOptions::default(), &mut |_| {}).expect("a check");
    println!(
        "{} records in {:?}, {} KiB at the most",
        summary.records,
        start.elapsed(),
        peak_kib()
    );
    assert_eq!(summary.records, RECORDS);
    assert!(summary.records_in_use > RECORDS - 100);
    assert!(peak_kib() < LIMIT, "{} KiB", peak_kib());
}
