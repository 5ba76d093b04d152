//! Raw edits of a volume, for tests: finds structures with the decoders of
//! `linkwright-ntfs-format` and writes bytes ([`raw`](crate::raw)). Nothing here knows what a right
//! volume is, and nothing of the engine is used.

use std::cell::OnceCell;
use std::rc::Rc;

use linkwright_device::BlockDevice;
use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::boot::BootSector;
use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::geometry::{Geometry, index_vcn_unit};
use linkwright_ntfs_format::index::{self, EntryView};
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{RecordNumber, fixup};

use crate::raw;

pub(crate) const ROOT: u64 = 5;
pub(crate) const I30: &str = "$I30";

/// A volume to be edited.
pub(crate) struct Editor<'a> {
    pub(crate) device: &'a dyn BlockDevice,
    pub(crate) geometry: Geometry,
    mft: RunList,
    pub(crate) records: u64,
    known: OnceCell<Rc<Known>>,
}

/// What is looked for again and again, as it was before the first edit.
#[derive(Debug)]
pub(crate) struct Known {
    bases: Vec<u64>,
    extensions: Vec<(u64, u64)>,
    users: OnceCell<Vec<u64>>,
}

/// An attribute: the record it lies in and its offset there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) record: u64,
    pub(crate) offset: usize,
}

/// An entry of an index.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The file with the index.
    pub(crate) owner: u64,
    /// Name of the index.
    pub(crate) index: String,
    /// The block, `None` for the root.
    pub(crate) vcn: Option<u64>,
    /// Offset from the node header.
    pub(crate) offset: usize,
    /// All bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Entry {
    pub(crate) fn view(&self) -> EntryView<'_> {
        EntryView::at(&self.bytes, 0).unwrap()
    }

    /// The record a directory entry leads to.
    pub(crate) fn target(&self) -> u64 {
        self.view().reference().record().0
    }

    pub(crate) fn name(&self) -> Option<FileName> {
        FileName::decode(self.view().key()).ok()
    }
}

pub(crate) fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

impl<'a> Editor<'a> {
    pub(crate) fn new(device: &'a dyn BlockDevice) -> Self {
        let mut sector = [0; 512];
        device.read_at(0, &mut sector).unwrap();
        let geometry = BootSector::decode(&sector).unwrap().geometry().unwrap();
        let mut editor = Self {
            device,
            geometry,
            mft: RunList::new(),
            records: 1,
            known: OnceCell::new(),
        };
        editor
            .mft
            .push(Some(geometry.mft_lcn()), geometry.clusters_for(4096));
        let base = editor.record(0);
        let view = record::attributes(&base)
            .flatten()
            .find(|view| view.type_code() == AttributeType::DATA)
            .unwrap();
        let part = view.non_resident().unwrap();
        editor.mft = RunList::decode(part.pairs(), 0).unwrap();
        editor.records = part.sizes().data / u64::from(geometry.record_size());
        editor
    }

    /// An editor for a copy of a volume of which this is known already.
    pub(crate) fn knowing(device: &'a dyn BlockDevice, known: Rc<Known>) -> Self {
        let editor = Self::new(device);
        editor.known.set(known).unwrap();
        editor
    }

    /// What is known of the volume, to be handed to [`Self::knowing`].
    pub(crate) fn known(&self) -> Rc<Known> {
        let known = self.known.get_or_init(|| {
            let headers: Vec<(u64, Option<u64>)> = (0..self.records)
                .filter_map(|n| Some((n, self.header(n)?.base().map(|base| base.record().0))))
                .collect();
            Rc::new(Known {
                bases: headers
                    .iter()
                    .filter(|(_, base)| base.is_none())
                    .map(|(n, _)| *n)
                    .collect(),
                extensions: headers
                    .iter()
                    .filter_map(|(n, base)| Some((*n, (*base)?)))
                    .collect(),
                users: OnceCell::new(),
            })
        });
        known.clone()
    }

    // Bytes.

    pub(crate) fn read(&self, offset: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.device.read_at(offset, &mut bytes).unwrap();
        bytes
    }

    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) {
        self.device.write_at(offset, bytes).unwrap();
    }

    /// Changes bytes of the device.
    pub(crate) fn change(&self, offset: u64, len: usize, edit: impl FnOnce(&mut [u8])) {
        let mut bytes = self.read(offset, len);
        edit(&mut bytes);
        self.write(offset, &bytes);
    }

    fn cluster_size(&self) -> u64 {
        u64::from(self.geometry.cluster_size())
    }

    /// Where a byte of a stream lies.
    pub(crate) fn place(&self, runs: &RunList, offset: u64) -> Option<u64> {
        let run = runs.lookup(offset / self.cluster_size())?;
        Some(run.lcn? * self.cluster_size() + offset % self.cluster_size())
    }

    fn pieces(&self, runs: &RunList, offset: u64, len: usize) -> Vec<(u64, usize)> {
        // A sector at a time: no block straddles less.
        (0..len)
            .step_by(512)
            .map(|at| {
                let place = self.place(runs, offset + at as u64).unwrap();
                (place, 512.min(len - at))
            })
            .collect()
    }

    fn read_runs(&self, runs: &RunList, offset: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let mut at = 0;
        for (place, len) in self.pieces(runs, offset, len) {
            self.device
                .read_at(place, &mut bytes[at..at + len])
                .unwrap();
            at += len;
        }
        bytes
    }

    fn write_runs(&self, runs: &RunList, offset: u64, bytes: &[u8]) {
        let mut at = 0;
        for (place, len) in self.pieces(runs, offset, bytes.len()) {
            self.write(place, &bytes[at..at + len]);
            at += len;
        }
    }

    // Records.

    fn record_offset(&self, number: u64) -> u64 {
        number * u64::from(self.geometry.record_size())
    }

    /// A record as it lies on disk.
    pub(crate) fn raw_record(&self, number: u64) -> Vec<u8> {
        let size = self.geometry.record_size() as usize;
        self.read_runs(&self.mft, self.record_offset(number), size)
    }

    pub(crate) fn put_raw_record(&self, number: u64, bytes: &[u8]) {
        self.write_runs(&self.mft, self.record_offset(number), bytes);
        if number < 4 {
            let start = self.geometry.mirror_lcn().0 * self.cluster_size();
            self.write(start + self.record_offset(number), bytes);
        }
    }

    /// A record, fix-ups removed.
    pub(crate) fn record(&self, number: u64) -> Vec<u8> {
        let mut bytes = self.raw_record(number);
        fixup::remove(&mut bytes).unwrap();
        bytes
    }

    /// Changes a record, and its mirror when it has one.
    pub(crate) fn edit(&self, number: u64, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.record(number);
        edit(&mut bytes);
        raw::protect(&mut bytes);
        self.put_raw_record(number, &bytes);
    }

    /// Whether a record is one in use; `None` when it cannot be read.
    fn header(&self, number: u64) -> Option<record::RecordHeader> {
        let mut bytes = self.raw_record(number);
        fixup::remove(&mut bytes).ok()?;
        let header = *record::header(&bytes).ok()?;
        (header.signature == record::SIGNATURE && header.flags().contains(RecordFlags::IN_USE))
            .then_some(header)
    }

    /// Base records in use.
    pub(crate) fn bases(&self) -> impl Iterator<Item = u64> {
        self.known().bases.clone().into_iter()
    }

    /// Extension records in use with their base.
    pub(crate) fn extensions(&self) -> impl Iterator<Item = (u64, u64)> {
        self.known().extensions.clone().into_iter()
    }

    /// A formatted record that is not in use.
    pub(crate) fn free_record(&self) -> Option<u64> {
        (24..self.records).find(|n| self.header(*n).is_none())
    }

    /// Files and directories that are not metafiles.
    pub(crate) fn users(&self) -> Vec<u64> {
        self.known().users.get_or_init(|| self.find_users()).clone()
    }

    fn find_users(&self) -> Vec<u64> {
        self.bases()
            .filter(|n| {
                *n >= 24
                    && !self.names(*n).is_empty()
                    && self.names(*n).iter().all(|name| {
                        let parent = name.parent.record().0;
                        (parent == ROOT || parent >= 32)
                            && !String::from_utf16_lossy(&name.name).starts_with('$')
                            && !self
                                .names(parent)
                                .iter()
                                .any(|name| name.name.first() == Some(&u16::from(b'$')))
                    })
            })
            .collect()
    }

    pub(crate) fn is_directory(&self, number: u64) -> bool {
        self.attribute(number, AttributeType::INDEX_ROOT, I30)
            .is_some()
    }

    /// Ordinary files.
    pub(crate) fn files(&self) -> Vec<u64> {
        let mut users = self.users();
        users.retain(|n| !self.is_directory(*n));
        users
    }

    /// A file whose base record has all its attributes, and the one name it has.
    pub(crate) fn simple_file(&self) -> Option<u64> {
        self.files().into_iter().find(|n| {
            self.names(*n).len() == 1
                && !self.has(*n, AttributeType::ATTRIBUTE_LIST)
                && !self.has(*n, AttributeType::REPARSE_POINT)
                && record::free_space(&self.record(*n)).unwrap() > 200
        })
    }

    // Attributes.

    fn records_of(&self, number: u64) -> Vec<u64> {
        let mut records = vec![number];
        if record::attributes(&self.record(number))
            .flatten()
            .any(|view| view.type_code() == AttributeType::ATTRIBUTE_LIST)
        {
            records.extend(
                self.extensions()
                    .filter(|(_, base)| *base == number)
                    .map(|(record, _)| record),
            );
        }
        records
    }

    pub(crate) fn attribute(&self, number: u64, kind: AttributeType, name: &str) -> Option<At> {
        let name = units(name);
        self.records_of(number).into_iter().find_map(|record| {
            let bytes = self.record(record);
            let offset = record::attributes(&bytes)
                .flatten()
                .find(|view| {
                    view.type_code() == kind
                        && view.name_is(&name)
                        && view
                            .non_resident()
                            .is_none_or(|part| part.lowest_vcn() == 0)
                })?
                .offset();
            Some(At { record, offset })
        })
    }

    pub(crate) fn has(&self, number: u64, kind: AttributeType) -> bool {
        self.records_of(number).into_iter().any(|record| {
            record::attributes(&self.record(record))
                .flatten()
                .any(|view| view.type_code() == kind)
        })
    }

    /// Changes the bytes of an attribute.
    pub(crate) fn edit_at(&self, at: At, edit: impl FnOnce(&mut [u8])) {
        self.edit(at.record, |bytes| {
            let len = AttributeView::at(bytes, at.offset).unwrap().len();
            edit(&mut bytes[at.offset..at.offset + len]);
        });
    }

    /// Changes the resident value of an attribute.
    pub(crate) fn edit_value(&self, at: At, edit: impl FnOnce(&mut [u8])) {
        self.edit(at.record, |bytes| {
            let view = AttributeView::at(bytes, at.offset).unwrap();
            let start = view.resident_value_offset().unwrap();
            let len = view.resident_value().unwrap().len();
            edit(&mut bytes[start..start + len]);
        });
    }

    pub(crate) fn with_view<T>(&self, at: At, look: impl FnOnce(&AttributeView<'_>) -> T) -> T {
        let bytes = self.record(at.record);
        look(&AttributeView::at(&bytes, at.offset).unwrap())
    }

    pub(crate) fn is_resident(&self, at: At) -> bool {
        self.with_view(at, |view| !view.is_non_resident())
    }

    /// The runs of the extent at `at`.
    pub(crate) fn runs(&self, at: At) -> RunList {
        self.with_view(at, |view| {
            let part = view.non_resident().unwrap();
            RunList::decode(part.pairs(), part.lowest_vcn()).unwrap()
        })
    }

    /// Puts other runs of the same number of clusters in; false when their
    /// pairs do not fit.
    pub(crate) fn set_runs(&self, at: At, runs: &RunList) -> bool {
        let pairs = raw::pairs(runs.runs().iter().map(|run| (run.length, run.lcn)));
        let (offset, room) = self.with_view(at, |view| {
            let room = view.non_resident().unwrap().pairs().len();
            (view.len() - room, room)
        });
        if pairs.len() > room {
            return false;
        }
        self.edit_at(at, |bytes| {
            bytes[offset..offset + pairs.len()].copy_from_slice(&pairs);
        });
        true
    }

    /// The first non-resident unnamed `$DATA` of an ordinary file, not sparse.
    pub(crate) fn clusters_of_files(&self) -> Vec<At> {
        self.files()
            .into_iter()
            .filter_map(|n| self.attribute(n, AttributeType::DATA, ""))
            .filter(|at| {
                !self.is_resident(*at)
                    && self.with_view(*at, |view| view.flags().is_empty())
                    && !self.runs(*at).is_empty()
            })
            .collect()
    }

    /// Changes part of a stream, resident or not.
    pub(crate) fn edit_stream(
        &self,
        at: At,
        offset: u64,
        len: usize,
        edit: impl FnOnce(&mut [u8]),
    ) {
        if self.is_resident(at) {
            let start = usize::try_from(offset).unwrap();
            self.edit_value(at, |value| edit(&mut value[start..start + len]));
        } else {
            let runs = self.runs(at);
            // Single bytes, which never straddle.
            let mut bytes: Vec<u8> = (0..len as u64)
                .flat_map(|n| self.read(self.place(&runs, offset + n).unwrap(), 1))
                .collect();
            edit(&mut bytes);
            for (n, byte) in bytes.iter().enumerate() {
                self.write(self.place(&runs, offset + n as u64).unwrap(), &[*byte]);
            }
        }
    }

    // Names.

    pub(crate) fn names(&self, number: u64) -> Vec<FileName> {
        self.names_at(number)
            .into_iter()
            .map(|(_, name)| name)
            .collect()
    }

    /// The names of a file with their attributes.
    pub(crate) fn names_at(&self, number: u64) -> Vec<(At, FileName)> {
        self.records_of(number)
            .into_iter()
            .flat_map(|record| {
                let bytes = self.record(record);
                let names: Vec<(At, FileName)> = record::attributes(&bytes)
                    .flatten()
                    .filter(|view| view.type_code() == AttributeType::FILE_NAME)
                    .filter_map(|view| {
                        let name = FileName::decode(view.resident_value()?).ok()?;
                        let offset = view.offset();
                        Some((At { record, offset }, name))
                    })
                    .collect();
                names
            })
            .collect()
    }

    /// A file or directory by its name, wherever it is.
    pub(crate) fn find(&self, name: &str) -> Option<u64> {
        let name = units(name);
        self.bases()
            .find(|n| self.names(*n).iter().any(|at| at.name == name))
    }

    /// The entry of a name that is not a DOS name.
    pub(crate) fn entry_of(&self, number: u64) -> Option<Entry> {
        let name = self
            .names(number)
            .into_iter()
            .find(|name| name.namespace != Namespace::Dos)?;
        self.entries(name.parent.record().0, I30)
            .into_iter()
            .find(|entry| {
                entry.target() == number && entry.name().is_some_and(|n| n.name == name.name)
            })
    }

    // Indexes.

    /// All nodes of an index: root first, then blocks in use.
    fn nodes(&self, owner: u64, name: &str) -> Vec<(Option<u64>, Vec<u8>)> {
        let mut nodes = Vec::new();
        let Some(root) = self.attribute(owner, AttributeType::INDEX_ROOT, name) else {
            return nodes;
        };
        let value = self.with_view(root, |view| view.resident_value().unwrap().to_vec());
        let size = index::root_header(&value).unwrap().block_size.get() as usize;
        nodes.push((None, value[index::ROOT_NODE_OFFSET..].to_vec()));
        if let Some(at) = self.attribute(owner, AttributeType::INDEX_ALLOCATION, name) {
            let data = self.with_view(at, |view| view.non_resident().unwrap().sizes().data);
            let unit = u64::from(index_vcn_unit(self.geometry.cluster_size(), size as u32));
            for block in 0..data / size as u64 {
                let vcn = block * size as u64 / unit;
                if let Some(bytes) = self.block(owner, name, vcn)
                    && self.block_is_used(owner, name, block)
                {
                    nodes.push((Some(vcn), bytes[index::BLOCK_NODE_OFFSET..].to_vec()));
                }
            }
        }
        nodes
    }

    fn block_is_used(&self, owner: u64, name: &str, block: u64) -> bool {
        let Some(at) = self.attribute(owner, AttributeType::BITMAP, name) else {
            return false;
        };
        let mut used = false;
        self.edit_stream(at, block / 8, 1, |byte| {
            used = byte[0] >> (block % 8) & 1 == 1;
        });
        used
    }

    fn block_size(&self, owner: u64, name: &str) -> usize {
        let root = self
            .attribute(owner, AttributeType::INDEX_ROOT, name)
            .unwrap();
        self.with_view(root, |view| {
            index::root_header(view.resident_value().unwrap())
                .unwrap()
                .block_size
                .get() as usize
        })
    }

    fn block_place(&self, owner: u64, name: &str, vcn: u64) -> (RunList, u64, usize) {
        let size = self.block_size(owner, name);
        let unit = index_vcn_unit(self.geometry.cluster_size(), size as u32);
        let at = self
            .attribute(owner, AttributeType::INDEX_ALLOCATION, name)
            .unwrap();
        (self.runs(at), vcn * u64::from(unit), size)
    }

    /// An index block, fix-ups removed; `None` when it is none.
    pub(crate) fn block(&self, owner: u64, name: &str, vcn: u64) -> Option<Vec<u8>> {
        let mut bytes = self.raw_block(owner, name, vcn);
        (bytes[..4] == index::BLOCK_SIGNATURE && fixup::remove(&mut bytes).is_ok()).then_some(bytes)
    }

    pub(crate) fn raw_block(&self, owner: u64, name: &str, vcn: u64) -> Vec<u8> {
        let (runs, offset, size) = self.block_place(owner, name, vcn);
        self.read_runs(&runs, offset, size)
    }

    pub(crate) fn put_raw_block(&self, owner: u64, name: &str, vcn: u64, bytes: &[u8]) {
        let (runs, offset, _) = self.block_place(owner, name, vcn);
        self.write_runs(&runs, offset, bytes);
    }

    /// Changes an index block.
    pub(crate) fn edit_block(
        &self,
        owner: u64,
        name: &str,
        vcn: u64,
        edit: impl FnOnce(&mut [u8]),
    ) {
        let mut bytes = self.block(owner, name, vcn).unwrap();
        edit(&mut bytes);
        raw::protect(&mut bytes);
        self.put_raw_block(owner, name, vcn, &bytes);
    }

    /// Changes a node from its header on.
    pub(crate) fn edit_node(
        &self,
        owner: u64,
        name: &str,
        vcn: Option<u64>,
        edit: impl FnOnce(&mut [u8]),
    ) {
        match vcn {
            Some(vcn) => self.edit_block(owner, name, vcn, |bytes| {
                edit(&mut bytes[index::BLOCK_NODE_OFFSET..]);
            }),
            None => {
                let at = self
                    .attribute(owner, AttributeType::INDEX_ROOT, name)
                    .unwrap();
                self.edit_value(at, |value| edit(&mut value[index::ROOT_NODE_OFFSET..]));
            }
        }
    }

    /// The entries of an index that have a key, node by node.
    pub(crate) fn entries(&self, owner: u64, name: &str) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (vcn, bytes) in self.nodes(owner, name) {
            let node = index::Node::new(&bytes).unwrap();
            for entry in node.entries().flatten().filter(|entry| !entry.is_last()) {
                entries.push(Entry {
                    owner,
                    index: name.to_owned(),
                    vcn,
                    offset: entry.offset(),
                    bytes: entry.bytes().to_vec(),
                });
            }
        }
        entries
    }

    /// Changes an entry; its length stays.
    pub(crate) fn edit_entry(&self, entry: &Entry, edit: impl FnOnce(&mut [u8])) {
        self.edit_node(entry.owner, &entry.index, entry.vcn, |node| {
            edit(&mut node[entry.offset..entry.offset + entry.bytes.len()]);
        });
    }

    /// Takes an entry out of its node. What was below it is cut off. In a root
    /// the room stays, so that nothing else has to move.
    pub(crate) fn remove_entry(&self, entry: &Entry) {
        let len = entry.bytes.len();
        self.edit_node(entry.owner, &entry.index, entry.vcn, |node| {
            let total = u32::from_le_bytes(node[4..8].try_into().unwrap()) as usize;
            node.copy_within(entry.offset + len..total, entry.offset);
            let less = (total - len) as u32;
            node[4..8].copy_from_slice(&less.to_le_bytes());
        });
    }

    /// A directory of some entries with a block of its own, and the number of
    /// a leaf of it.
    pub(crate) fn leaf(&self) -> Option<(u64, u64)> {
        let mut directories = self.users();
        directories.push(ROOT);
        directories.into_iter().find_map(|n| {
            let entries = self.entries(n, I30);
            let vcn = entries
                .iter()
                .find(|entry| entry.vcn.is_some() && entry.view().child().is_none())?
                .vcn?;
            Some((n, vcn))
        })
    }

    /// An entry with a child, of an index of names.
    pub(crate) fn inner_entries(&self) -> Vec<Entry> {
        let mut directories = self.users();
        directories.push(ROOT);
        directories
            .into_iter()
            .map(|n| {
                let mut entries = self.entries(n, I30);
                entries.retain(|entry| entry.view().child().is_some());
                entries
            })
            .max_by_key(Vec::len)
            .unwrap_or_default()
    }

    /// The record number as a type.
    pub(crate) fn number(number: u64) -> RecordNumber {
        RecordNumber(number)
    }
}
