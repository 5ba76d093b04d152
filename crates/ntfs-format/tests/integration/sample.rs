//! Just enough of a reader to reach the structures of a corpus volume.

use std::fs::File;
use std::os::unix::fs::FileExt;

use linkwright_ntfs_format::attribute::{AttributeType, Form};
use linkwright_ntfs_format::boot::{BOOT_SECTOR_LEN, BootSector};
use linkwright_ntfs_format::geometry::Geometry;
use linkwright_ntfs_format::index::{self, EntryView, Node};
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{fixup, record};
use linkwright_testkit::Skip;
use linkwright_testkit::corpus::Volume;

/// A volume of the corpus.
pub(crate) struct Sample {
    file: File,
    pub(crate) boot: BootSector,
    pub(crate) geometry: Geometry,
    mft: RunList,
}

impl Sample {
    pub(crate) fn open(volume: Volume) -> Result<Self, Skip> {
        let file = File::open(volume.bare()?).unwrap();
        let mut sector = [0; BOOT_SECTOR_LEN];
        file.read_exact_at(&mut sector, 0).unwrap();
        let boot = BootSector::decode(&sector).unwrap();
        let geometry = boot.geometry().unwrap();
        let mut sample = Self {
            file,
            boot,
            geometry,
            mft: RunList::new(),
        };
        sample.mft.push(Some(geometry.mft_lcn()), 1 << 20);
        let first = sample.record(0);
        sample.mft = runs(&first, AttributeType::DATA, "").unwrap().0;
        Ok(sample)
    }

    /// Bytes of the volume.
    pub(crate) fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset).unwrap();
        bytes
    }

    /// A file record, fix-ups removed.
    pub(crate) fn record(&self, number: u64) -> Vec<u8> {
        let size = u64::from(self.geometry.record_size());
        let mut bytes = self.read_runs(&self.mft, number * size, size);
        fixup::remove(&mut bytes).unwrap();
        record::validate(&bytes).unwrap();
        bytes
    }

    fn read_runs(&self, runs: &RunList, offset: u64, length: u64) -> Vec<u8> {
        let cluster = u64::from(self.geometry.cluster_size());
        let mut bytes = Vec::new();
        let mut at = offset;
        while at < offset + length {
            let run = runs.lookup(at / cluster).unwrap();
            let end = (run.end() * cluster).min(offset + length);
            let count = usize::try_from(end - at).unwrap();
            match run.lcn {
                Some(lcn) => {
                    let place = lcn * cluster + (at - run.vcn * cluster);
                    bytes.extend(self.read(place, count));
                }
                None => bytes.resize(bytes.len() + count, 0),
            }
            at = end;
        }
        bytes
    }

    /// The value of an attribute that one record holds, `None` if it has none.
    pub(crate) fn value(
        &self,
        number: u64,
        type_code: AttributeType,
        name: &str,
    ) -> Option<Vec<u8>> {
        let record = self.record(number);
        if let Some((runs, size)) = runs(&record, type_code, name) {
            return Some(self.read_runs(&runs, 0, size));
        }
        record::attributes(&record)
            .map(Result::unwrap)
            .find(|attribute| is(attribute, type_code, name))
            .map(|attribute| attribute.resident_value().unwrap().to_vec())
    }

    /// Keys and data of a view index, in order.
    pub(crate) fn view_entries(&self, number: u64, name: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let root = self.value(number, AttributeType::INDEX_ROOT, name).unwrap();
        let blocks = self
            .value(number, AttributeType::INDEX_ALLOCATION, name)
            .unwrap_or_default();
        let mut out = Vec::new();
        self.walk(&index::root_node(&root).unwrap(), &blocks, &mut out);
        out
    }

    fn walk(&self, node: &Node<'_>, blocks: &[u8], out: &mut Vec<(Vec<u8>, Vec<u8>)>) {
        for entry in node.entries() {
            let entry: EntryView<'_> = entry.unwrap();
            if let Some(vcn) = entry.child() {
                let size = usize::try_from(self.geometry.index_block_size()).unwrap();
                let unit = u64::from(self.geometry.index_vcn_unit());
                let start = usize::try_from(vcn * unit).unwrap();
                let mut block = blocks[start..start + size].to_vec();
                fixup::remove(&mut block).unwrap();
                self.walk(&index::block_node(&block, vcn).unwrap(), blocks, out);
            }
            if !entry.is_last() {
                out.push((entry.key().to_vec(), entry.data().unwrap().to_vec()));
            }
        }
    }
}

fn is(
    attribute: &linkwright_ntfs_format::attribute::AttributeView<'_>,
    type_code: AttributeType,
    name: &str,
) -> bool {
    let units: Vec<u16> = name.encode_utf16().collect();
    attribute.type_code() == type_code && attribute.name_is(&units)
}

/// Runs and size of a non-resident attribute of a record.
fn runs(bytes: &[u8], type_code: AttributeType, name: &str) -> Option<(RunList, u64)> {
    let attribute = record::attributes(bytes)
        .map(Result::unwrap)
        .find(|attribute| is(attribute, type_code, name))?;
    match attribute.form() {
        Form::NonResident(part) => Some((
            RunList::decode(part.pairs(), part.lowest_vcn()).unwrap(),
            part.sizes().data,
        )),
        Form::Resident { .. } => None,
    }
}
