//! Indexes: every node, every entry, the order of all keys, and the blocks that
//! the bitmap speaks of.
//!
//! A walk is in order and touches each block once, so that its time is bounded
//! by the allocation's size; its depth by [`MAX_DEPTH`].

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::collation::Collation;
use linkwright_ntfs_format::error::FormatErrorKind;
use linkwright_ntfs_format::geometry::index_vcn_unit;
use linkwright_ntfs_format::index::{self, BLOCK_NODE_OFFSET, EntryView, ROOT_NODE_OFFSET};
use linkwright_ntfs_format::{FormatError, fixup};

use crate::bits::Bits;
use crate::code::ProblemCode as Code;
use crate::file::{Content, File};
use crate::problem::{Problem, Value};
use crate::report::Reporter;
use crate::stream::Stream;
use crate::volume::{Volume, spend};

/// Deeper than a tree of all blocks a volume can hold with two entries each.
const MAX_DEPTH: usize = 40;
/// Index allocations up to this size are read in one go.
const READ_WHOLE: u64 = 8 << 20;
/// Largest index bitmap that is looked at: 2^30 blocks.
const MAX_BITMAP: u64 = 128 << 20;

/// What an index must be.
pub(crate) struct Shape {
    /// Name of its attributes.
    pub(crate) name: Vec<u16>,
    /// Type it indexes, where that is known.
    pub(crate) indexed: Option<AttributeType>,
    /// Its collation, where that is known.
    pub(crate) collation: Option<Collation>,
}

/// Where an entry is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    /// Number of the block, `None` in the root.
    pub(crate) vcn: Option<u64>,
    /// Number of the entry in its node.
    pub(crate) entry: u64,
    /// Byte offset in the node.
    pub(crate) offset: usize,
}

/// What is done with an entry.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(&mut Reporter<'_>, &EntryView<'_>, Position);

struct Frame {
    bytes: Vec<u8>,
    vcn: Option<u64>,
    offset: usize,
    entry: u64,
    descended: bool,
    /// By the node's header.
    has_children: bool,
    /// The contradiction between header and entries was told.
    told: bool,
}

impl Frame {
    fn new(node: &index::Node<'_>, bytes: Vec<u8>, vcn: Option<u64>) -> Self {
        Self {
            offset: node.first_entry(),
            bytes,
            vcn,
            entry: 0,
            descended: false,
            has_children: node.has_children(),
            told: false,
        }
    }

    fn position(&self) -> Position {
        Position {
            vcn: self.vcn,
            entry: self.entry,
            offset: self.offset,
        }
    }
}

struct Walk<'w> {
    volume: &'w Volume<'w>,
    file: &'w File<'w>,
    shape: &'w Shape,
    collation: Option<Collation>,
    block_size: usize,
    unit: u64,
    allocation: Option<Stream>,
    /// The allocation's bytes, when there are few.
    whole: Option<Vec<u8>>,
    /// Blocks met, by their number in the allocation.
    met: Bits,
    previous: Vec<u8>,
    has_previous: bool,
}

/// Walks an index in order and checks it. Returns whether every node could be
/// read: what is missing below a broken one says nothing about the files.
pub(crate) fn walk(
    volume: &Volume<'_>,
    report: &mut Reporter<'_>,
    file: &File<'_>,
    shape: &Shape,
    visit: Visit<'_>,
) -> bool {
    let Some(root) = file.value(AttributeType::INDEX_ROOT, &shape.name) else {
        report.report(
            Problem::record(Code::IndexMissing, file.number)
                .stream(AttributeType::INDEX_ROOT, &shape.name),
        );
        return false;
    };
    let Ok(header) = index::root_header(root) else {
        report.report(
            Problem::record(Code::IndexRoot, file.number)
                .stream(AttributeType::INDEX_ROOT, &shape.name),
        );
        return false;
    };
    let block_size = usize::try_from(header.block_size.get()).unwrap_or(0);
    if !check_root(volume, report, file, shape, root) {
        return false;
    }
    let allocation = file.stream(volume, AttributeType::INDEX_ALLOCATION, &shape.name);
    let length = allocation.as_ref().map_or(0, |a| a.dense_len(volume));
    if !spend(&volume.indexes, length) {
        report.report(
            Problem::record(Code::IndexAllocation, file.number)
                .stream(AttributeType::INDEX_ALLOCATION, &shape.name)
                .found("clusters that many indexes share"),
        );
        return false;
    }
    let whole = allocation
        .as_ref()
        .filter(|_| length <= READ_WHOLE)
        .and_then(|a| a.read_start(volume, READ_WHOLE).ok());
    report.summary.metadata_bytes += length;
    let mut walk = Walk {
        volume,
        file,
        shape,
        collation: Collation::from_u32(header.collation.get()).ok(),
        block_size,
        unit: index_vcn_unit(volume.geometry.cluster_size(), header.block_size.get()).into(),
        allocation,
        whole,
        met: Bits::new(length / (block_size as u64).max(1)),
        previous: Vec::new(),
        has_previous: false,
    };
    let whole = walk.run(report, root, visit);
    walk.check_bitmap(report, whole);
    whole
}

fn check_root(
    volume: &Volume<'_>,
    report: &mut Reporter<'_>,
    file: &File<'_>,
    shape: &Shape,
    root: &[u8],
) -> bool {
    let Ok(header) = index::root_header(root) else {
        return false;
    };
    let problem = |found: u64, expected: u64| {
        Problem::record(Code::IndexRoot, file.number)
            .stream(AttributeType::INDEX_ROOT, &shape.name)
            .found(Value::Hex(found))
            .expected(Value::Hex(expected))
    };
    let mut right = true;
    if let Some(indexed) = shape.indexed
        && header.indexed_type.get() != indexed.0
    {
        report.report(problem(header.indexed_type.get().into(), indexed.0.into()).offset(0));
    }
    if let Some(collation) = shape.collation
        && header.collation.get() != collation.number()
    {
        report.report(problem(header.collation.get().into(), collation.number().into()).offset(4));
        right = false;
    }
    let size = header.block_size.get();
    if !size.is_power_of_two() || !(512..=65_536).contains(&size) {
        let usual = volume.geometry.index_block_size();
        report.report(problem(size.into(), usual.into()).offset(8));
        return false;
    }
    let unit = index_vcn_unit(volume.geometry.cluster_size(), size);
    let per_block = u64::from(size / unit);
    if u64::from(header.block_clusters) != per_block {
        report.report(problem(header.block_clusters.into(), per_block).offset(12));
    }
    right
}

impl Walk<'_> {
    fn problem(&self, code: Code, position: Position) -> Problem {
        let kind = match position.vcn {
            None => AttributeType::INDEX_ROOT,
            Some(_) => AttributeType::INDEX_ALLOCATION,
        };
        let mut problem = Problem::record(code, self.file.number)
            .stream(kind, &self.shape.name)
            .entry(position.entry)
            .offset(position.offset);
        problem.place.vcn = position.vcn;
        problem
    }

    fn run(&mut self, report: &mut Reporter<'_>, root: &[u8], visit: Visit<'_>) -> bool {
        let node_bytes = root.get(ROOT_NODE_OFFSET..).unwrap_or_default();
        let node = match index::root_node(root) {
            Ok(node) => node,
            Err(error) => {
                report.report(
                    Problem::record(Code::IndexNode, self.file.number)
                        .stream(AttributeType::INDEX_ROOT, &self.shape.name)
                        .offset(error.offset)
                        .found(error.kind.to_string()),
                );
                return false;
            }
        };
        if node.allocated() != node.total() {
            report.report(
                Problem::record(Code::IndexNode, self.file.number)
                    .stream(AttributeType::INDEX_ROOT, &self.shape.name)
                    .offset(ROOT_NODE_OFFSET + 8)
                    .found(node.allocated())
                    .expected(node.total())
                    .into_note(),
            );
        }
        let mut whole = true;
        let used = node_bytes.get(..node.total()).unwrap_or_default().to_vec();
        let mut stack = vec![Frame::new(&node, used, None)];
        while let Some(frame) = stack.last_mut() {
            let position = frame.position();
            let entry = match EntryView::at(&frame.bytes, frame.offset) {
                Ok(entry) => entry,
                Err(error) => {
                    let found = error.kind.to_string();
                    report.report(
                        self.problem(Code::IndexEntry, position)
                            .offset(error.offset)
                            .found(found),
                    );
                    whole = false;
                    stack.pop();
                    continue;
                }
            };
            if entry.child().is_some() != frame.has_children && !frame.told {
                frame.told = true;
                let code = if entry.child().is_some() {
                    Code::IndexChildFlag
                } else {
                    Code::IndexDownPointer
                };
                report.report(self.problem(code, position));
            }
            if !frame.descended
                && let Some(child) = entry.child()
            {
                frame.descended = true;
                let depth = stack.len();
                match self.child(report, child, position, depth) {
                    Some(frame) => stack.push(frame),
                    None => whole = false,
                }
                continue;
            }
            if entry.is_last() {
                stack.pop();
                continue;
            }
            self.check_order(report, entry.key(), position);
            visit(report, &entry, position);
            frame.offset += entry.len();
            frame.entry += 1;
            frame.descended = false;
        }
        whole
    }

    fn check_order(&mut self, report: &mut Reporter<'_>, key: &[u8], position: Position) {
        if let Some(collation) = self.collation
            && self.has_previous
            && collation
                .compare(&self.previous, key, |unit| self.volume.fold(unit))
                .is_ge()
        {
            report.report(self.problem(Code::IndexOrder, position));
        }
        self.previous.clear();
        self.previous.extend_from_slice(key);
        self.has_previous = true;
    }

    /// Reads the block an entry leads to.
    fn child(
        &mut self,
        report: &mut Reporter<'_>,
        vcn: u64,
        from: Position,
        depth: usize,
    ) -> Option<Frame> {
        let mut fail = |code: Code| {
            report.report(self.problem(code, from).found(Value::Hex(vcn)));
        };
        let Some(allocation) = &self.allocation else {
            fail(Code::IndexAllocation);
            return None;
        };
        if depth >= MAX_DEPTH {
            fail(Code::IndexDepth);
            return None;
        }
        let size = self.block_size as u64;
        let offset = vcn.checked_mul(self.unit);
        let Some(offset) =
            offset.filter(|at| at.is_multiple_of(size) && at / size < self.met.len())
        else {
            fail(Code::IndexDownPointer);
            return None;
        };
        if self.met.get(offset / size) {
            fail(Code::IndexBlockTwice);
            return None;
        }
        self.met.set(offset / size);
        let mut block = vec![0; self.block_size];
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let cached = self
            .whole
            .as_ref()
            .and_then(|whole| whole.get(start..start.checked_add(self.block_size)?));
        let read = match cached {
            Some(bytes) => {
                block.copy_from_slice(bytes);
                Ok(())
            }
            None => allocation.read(self.volume, offset, &mut block),
        };
        if let Err(error) = read {
            let found = error.to_string();
            report.report(self.problem(Code::Unreadable, from).found(found));
            return None;
        }
        match self.decode(report, &mut block, vcn) {
            Ok(frame) => Some(frame),
            Err(error) => {
                self.report_block(report, vcn, error, &block);
                None
            }
        }
    }

    fn decode(
        &self,
        report: &mut Reporter<'_>,
        block: &mut [u8],
        vcn: u64,
    ) -> Result<Frame, FormatError> {
        if index::block_header(block)?.signature != index::BLOCK_SIGNATURE {
            return Err(FormatError::new(FormatErrorKind::Signature, 0));
        }
        fixup::remove(block)?;
        let node = index::block_node(block, vcn)?;
        let spare = block.len() - BLOCK_NODE_OFFSET;
        if node.allocated() != spare {
            report.report(
                Problem::record(Code::IndexNode, self.file.number)
                    .stream(AttributeType::INDEX_ALLOCATION, &self.shape.name)
                    .vcn(vcn)
                    .offset(BLOCK_NODE_OFFSET + 8)
                    .found(node.allocated())
                    .expected(spare),
            );
        }
        let end = BLOCK_NODE_OFFSET + node.total();
        let bytes = block
            .get(BLOCK_NODE_OFFSET..end)
            .unwrap_or_default()
            .to_vec();
        Ok(Frame::new(&node, bytes, Some(vcn)))
    }

    fn report_block(&self, report: &mut Reporter<'_>, vcn: u64, error: FormatError, block: &[u8]) {
        let code = match error.kind {
            FormatErrorKind::Signature => Code::IndexBlockSignature,
            FormatErrorKind::TornBlock => Code::IndexBlockTorn,
            FormatErrorKind::Value => Code::IndexBlockVcn,
            _ => Code::IndexNode,
        };
        let mut problem = Problem::record(code, self.file.number)
            .stream(AttributeType::INDEX_ALLOCATION, &self.shape.name)
            .vcn(vcn)
            .offset(error.offset);
        problem = match code {
            Code::IndexBlockVcn => {
                let found = index::block_header(block).map_or(0, |header| header.vcn.get());
                problem.found(Value::Hex(found)).expected(Value::Hex(vcn))
            }
            _ => problem.found(error.kind.to_string()),
        };
        report.report(problem);
    }

    /// One bit for each block: set when the index has it.
    fn check_bitmap(&self, report: &mut Reporter<'_>, whole: bool) {
        let Some(_) = &self.allocation else {
            return;
        };
        let problem = |code| {
            Problem::record(code, self.file.number).stream(AttributeType::BITMAP, &self.shape.name)
        };
        let bytes = match self
            .file
            .content(self.volume, AttributeType::BITMAP, &self.shape.name)
        {
            None => None,
            Some(Content::Resident(value)) => Some(value.to_vec()),
            Some(Content::Clusters(stream)) => stream.read_start(self.volume, MAX_BITMAP).ok(),
        };
        let Some(bytes) = bytes else {
            report.report(problem(Code::IndexAllocation));
            return;
        };
        let mut marked = Bits::new(self.met.len());
        marked.load(0, &bytes);
        let per_block = (self.block_size as u64 / self.unit).max(1);
        for span in self.met.spans_not_in(&marked) {
            report.report(
                problem(Code::IndexBitmapClear)
                    .vcn(span.start.saturating_mul(per_block))
                    .found(span.length),
            );
        }
        if !whole {
            return;
        }
        for span in marked.spans_not_in(&self.met) {
            report.report(
                problem(Code::IndexBlockUnreachable)
                    .vcn(span.start.saturating_mul(per_block))
                    .found(span.length),
            );
        }
    }
}
