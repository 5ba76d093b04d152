//! A file: its base record and the extension records its attribute list leads
//! to. The list is held against the attributes both ways here.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::attribute_list::{self, Entry};
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::{FileReference, RecordNumber, SequenceNumber};

use crate::code::ProblemCode as Code;
use crate::problem::Problem;
use crate::stream::{Extent, Stream};
use crate::volume::{Volume, spend};

/// A record of a file, fix-ups removed.
pub(crate) struct Part<'a> {
    pub(crate) number: RecordNumber,
    pub(crate) bytes: Cow<'a, [u8]>,
}

/// A file with all its records.
pub(crate) struct File<'a> {
    pub(crate) number: RecordNumber,
    pub(crate) sequence: SequenceNumber,
    pub(crate) flags: RecordFlags,
    pub(crate) parts: Vec<Part<'a>>,
    /// The attributes that can be decoded: each is asked for many times.
    known: Vec<Known>,
}

/// Where an attribute is.
struct Known {
    /// Index of the part it lies in.
    part: usize,
    offset: usize,
    type_code: AttributeType,
}

/// All attributes that can be decoded.
fn known(parts: &[Part<'_>]) -> Vec<Known> {
    let mut all = Vec::with_capacity(8);
    for (part, holder) in parts.iter().enumerate() {
        let views = record::attributes(&holder.bytes).flatten();
        all.extend(views.map(|view| Known {
            part,
            offset: view.offset(),
            type_code: view.type_code(),
        }));
    }
    all
}

/// The content of an attribute.
pub(crate) enum Content<'a> {
    Resident(&'a [u8]),
    Clusters(Stream),
}

impl<'a> File<'a> {
    /// A file from its base record; extension records are read as its list
    /// says. What is wrong with the list goes to `problems`.
    pub(crate) fn new(
        volume: &Volume<'_>,
        number: RecordNumber,
        base: Cow<'a, [u8]>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let header = record::header(&base).ok().copied();
        let mut file = Self {
            number,
            sequence: header.map_or(SequenceNumber(0), |h| h.sequence()),
            flags: header.map_or(RecordFlags::empty(), |h| h.flags()),
            parts: vec![Part {
                number,
                bytes: base,
            }],
            known: Vec::new(),
        };
        file.known = known(&file.parts);
        if let Some(list) = file.read_list(volume, problems) {
            file.gather(volume, &list, problems);
            file.known = known(&file.parts);
            file.check_list(&list, problems);
        }
        file
    }

    /// Reads a file that was looked at before; nothing is reported.
    pub(crate) fn load(volume: &Volume<'_>, number: RecordNumber) -> Option<File<'static>> {
        let bytes = volume.record(number).ok()?;
        if record::header(&bytes).ok()?.signature != record::SIGNATURE {
            return None;
        }
        Some(File::new(
            volume,
            number,
            Cow::Owned(bytes),
            &mut Vec::new(),
        ))
    }

    pub(crate) fn reference(&self) -> FileReference {
        FileReference::new(self.number, self.sequence)
    }

    /// All attributes that can be decoded, with the record they lie in.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = Extent<'_>> {
        self.known.iter().filter_map(|known| self.at(known))
    }

    /// Those of one type.
    pub(crate) fn of_type(&self, type_code: AttributeType) -> impl Iterator<Item = Extent<'_>> {
        let known = self.known.iter();
        known
            .filter(move |known| known.type_code == type_code)
            .filter_map(|known| self.at(known))
    }

    fn at(&self, known: &Known) -> Option<Extent<'_>> {
        let part = self.parts.get(known.part)?;
        Some(Extent {
            record: part.number,
            view: AttributeView::at(&part.bytes, known.offset).ok()?,
        })
    }

    /// The first attribute of a type and name.
    pub(crate) fn find(&self, type_code: AttributeType, name: &[u16]) -> Option<Extent<'_>> {
        self.of_type(type_code).find(|at| at.view.name_is(name))
    }

    /// The resident value of the first attribute of a type and name.
    pub(crate) fn value(&self, type_code: AttributeType, name: &[u16]) -> Option<&[u8]> {
        self.find(type_code, name)?.view.resident_value()
    }

    /// The extents of a stream in order, `None` when there is no such
    /// attribute or it is resident.
    pub(crate) fn stream(
        &self,
        volume: &Volume<'_>,
        type_code: AttributeType,
        name: &[u16],
    ) -> Option<Stream> {
        match self.content(volume, type_code, name)? {
            Content::Resident(_) => None,
            Content::Clusters(stream) => Some(stream),
        }
    }

    /// The content of an attribute, wherever it is.
    pub(crate) fn content(
        &self,
        volume: &Volume<'_>,
        type_code: AttributeType,
        name: &[u16],
    ) -> Option<Content<'_>> {
        let first = self.find(type_code, name)?;
        if let Some(value) = first.view.resident_value() {
            return Some(Content::Resident(value));
        }
        let mut extents: Vec<Extent<'_>> = self
            .of_type(type_code)
            .filter(|at| at.view.name_is(name) && at.view.is_non_resident())
            .collect();
        extents.sort_by_key(Extent::lowest);
        Some(Content::Clusters(Stream::assemble(
            volume,
            &extents,
            &mut Vec::new(),
        )))
    }

    /// The bytes of an attribute, at most `limit` of them.
    pub(crate) fn bytes(
        &self,
        volume: &Volume<'_>,
        type_code: AttributeType,
        name: &[u16],
        limit: u64,
    ) -> Option<Vec<u8>> {
        match self.content(volume, type_code, name)? {
            Content::Resident(value) => Some(value.to_vec()),
            Content::Clusters(stream) => stream.read_start(volume, limit).ok(),
        }
    }

    fn read_list(&self, volume: &Volume<'_>, problems: &mut Vec<Problem>) -> Option<Vec<Entry>> {
        let view = self.of_type(AttributeType::ATTRIBUTE_LIST).next()?.view;
        let mut fail = |found: String| {
            problems.push(Problem::attribute(Code::AttributeList, self.number, &view).found(found));
        };
        let limit = attribute_list::MAX_LEN as u64 + 1;
        let bytes = match view.resident_value() {
            Some(value) => value.to_vec(),
            None => {
                let extent = Extent {
                    record: self.number,
                    view,
                };
                let stream = Stream::assemble(volume, &[extent], &mut Vec::new());
                match stream.read_start(volume, limit) {
                    Ok(bytes) if bytes.len() as u64 >= stream.sizes.data.min(limit) => bytes,
                    Ok(_) => {
                        fail("a list with holes".to_owned());
                        return None;
                    }
                    Err(error) => {
                        fail(error.to_string());
                        return None;
                    }
                }
            }
        };
        match attribute_list::decode(&bytes) {
            Ok(list) if spend(&volume.lists, list.len() as u64 * 2) => Some(list),
            Ok(_) => {
                fail("too many lists of too many entries".to_owned());
                None
            }
            Err(error) => {
                fail(error.to_string());
                None
            }
        }
    }

    /// Reads every extension record the list names. A list has at most
    /// [`attribute_list::MAX_LEN`] bytes, so this is bounded.
    fn gather(&mut self, volume: &Volume<'_>, list: &[Entry], problems: &mut Vec<Problem>) {
        let wanted: BTreeMap<RecordNumber, FileReference> = list
            .iter()
            .map(|entry| (entry.reference.record(), entry.reference))
            .filter(|(number, _)| *number != self.number)
            .collect();
        for (number, reference) in wanted {
            match self.extension(volume, reference) {
                Ok(bytes) => self.parts.push(Part {
                    number,
                    bytes: Cow::Owned(bytes),
                }),
                Err(why) => problems.push(
                    Problem::record(Code::AttributeListDangling, self.number)
                        .stream(AttributeType::ATTRIBUTE_LIST, &[])
                        .found(format!("record {reference}: {why}")),
                ),
            }
        }
    }

    fn extension(&self, volume: &Volume<'_>, reference: FileReference) -> Result<Vec<u8>, String> {
        let bytes = volume
            .record(reference.record())
            .map_err(|error| error.to_string())?;
        let header = record::header(&bytes).map_err(|error| error.to_string())?;
        if header.signature != record::SIGNATURE {
            return Err("wrong signature".to_owned());
        }
        if !header.flags().contains(RecordFlags::IN_USE) {
            return Err("not in use".to_owned());
        }
        if !reference.matches(header.sequence()) {
            return Err(format!("sequence number {}", header.sequence().0));
        }
        match header.base() {
            Some(base) if base.record() == self.number && base.matches(self.sequence) => Ok(bytes),
            Some(base) => Err(format!("its base record is {base}")),
            None => Err("a base record itself".to_owned()),
        }
    }

    fn check_list(&self, list: &[Entry], problems: &mut Vec<Problem>) {
        let key = |record: RecordNumber, view: &AttributeView<'_>| {
            let lowest = view.non_resident().map_or(0, |part| part.lowest_vcn());
            (
                record,
                view.instance(),
                view.type_code(),
                lowest,
                view.name_units(),
            )
        };
        let there: HashSet<_> = self
            .attributes()
            .map(|at| key(at.record, &at.view))
            .collect();
        let present: HashSet<RecordNumber> = self.parts.iter().map(|part| part.number).collect();
        let mut listed = HashSet::with_capacity(list.len());
        for (number, entry) in list.iter().enumerate() {
            let record = entry.reference.record();
            let wanted = (
                record,
                entry.instance,
                entry.type_code,
                entry.lowest_vcn,
                entry.name.clone(),
            );
            let own_sequence = record != self.number || entry.reference.matches(self.sequence);
            // An extension record that could not be had was told already.
            if present.contains(&record) && (!there.contains(&wanted) || !own_sequence) {
                problems.push(
                    Problem::record(Code::AttributeListDangling, self.number)
                        .stream(entry.type_code, &entry.name)
                        .entry(number as u64)
                        .vcn(entry.lowest_vcn)
                        .found(entry.reference),
                );
            }
            listed.insert(wanted);
        }
        for at in self.attributes() {
            if at.view.type_code() != AttributeType::ATTRIBUTE_LIST
                && !listed.contains(&key(at.record, &at.view))
            {
                problems.push(Problem::attribute(
                    Code::AttributeListMissing,
                    at.record,
                    &at.view,
                ));
            }
        }
        let unsorted = list.windows(2).position(|pair| match pair {
            [a, b] => {
                a.type_code > b.type_code
                    || (a.type_code == b.type_code
                        && a.name == b.name
                        && a.type_code != AttributeType::FILE_NAME
                        && a.lowest_vcn > b.lowest_vcn)
            }
            _ => false,
        });
        if let Some(number) = unsorted {
            problems.push(
                Problem::record(Code::AttributeListOrder, self.number)
                    .stream(AttributeType::ATTRIBUTE_LIST, &[])
                    .entry(number as u64 + 1),
            );
        }
    }
}
