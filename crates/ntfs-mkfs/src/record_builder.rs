//! Builds one file record, attribute by attribute.

use linkwright_ntfs_format::attribute::{
    self, AttributeFlags, AttributeType, ExtentSpec, Identity, StreamSizes,
};
use linkwright_ntfs_format::record::{self, NewRecord};
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{FormatError, Lcn, fixup, num};

use crate::plan::{Extent, Plan};

/// Type, name and instance number of an attribute to be added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute {
    type_code: AttributeType,
    name: &'static str,
    instance: u16,
}

impl Attribute {
    /// An attribute without a name.
    pub(crate) const fn plain(type_code: AttributeType, instance: u16) -> Self {
        Self::named(type_code, "", instance)
    }

    pub(crate) const fn named(type_code: AttributeType, name: &'static str, instance: u16) -> Self {
        Self {
            type_code,
            name,
            instance,
        }
    }
}

/// A record under construction. Attributes are added in their final order.
pub(crate) struct RecordBuilder {
    bytes: Vec<u8>,
}

impl RecordBuilder {
    pub(crate) fn new(plan: &Plan, new: &NewRecord) -> Result<Self, FormatError> {
        let mut bytes = vec![0; num::u32_to_usize(plan.geometry.record_size())?];
        record::format(&mut bytes, new)?;
        Ok(Self { bytes })
    }

    fn push(&mut self, encoded: &[u8]) -> Result<(), FormatError> {
        let end = record::end_offset(&self.bytes)?;
        record::insert(&mut self.bytes, end, encoded)
    }

    pub(crate) fn resident(
        &mut self,
        what: Attribute,
        value: &[u8],
    ) -> Result<&mut Self, FormatError> {
        let name: Vec<u16> = what.name.encode_utf16().collect();
        let encoded = attribute::encode_resident(&identity(what, &name), value)?;
        self.push(&encoded)?;
        if what.type_code == AttributeType::FILE_NAME {
            let header = record::header_mut(&mut self.bytes)?;
            header.link_count.set(header.link_count.get() + 1);
        }
        Ok(self)
    }

    /// A stream that fills `extent`'s clusters up to its length.
    pub(crate) fn stream(
        &mut self,
        what: Attribute,
        plan: &Plan,
        extent: &Extent,
    ) -> Result<&mut Self, FormatError> {
        let mut runs = RunList::new();
        runs.push(Some(Lcn(extent.lcn)), extent.clusters);
        self.non_resident(
            what,
            &runs,
            StreamSizes {
                allocated: plan.allocated(extent),
                data: extent.len,
                initialized: extent.len,
                total_allocated: None,
            },
        )
    }

    /// A stream that lies nowhere. As on Windows' volumes the attribute is not
    /// flagged sparse, and nothing of it counts as ever written.
    pub(crate) fn hole(
        &mut self,
        what: Attribute,
        clusters: u64,
        len: u64,
    ) -> Result<&mut Self, FormatError> {
        let mut runs = RunList::new();
        runs.push(None, clusters);
        self.non_resident(
            what,
            &runs,
            StreamSizes {
                allocated: len,
                data: len,
                initialized: 0,
                total_allocated: None,
            },
        )
    }

    /// A sparse stream without a byte.
    pub(crate) fn empty_sparse(&mut self, what: Attribute) -> Result<&mut Self, FormatError> {
        let sizes = StreamSizes {
            total_allocated: Some(0),
            ..StreamSizes::default()
        };
        self.with_flags(what, AttributeFlags::SPARSE, &RunList::new(), sizes)
    }

    fn non_resident(
        &mut self,
        what: Attribute,
        runs: &RunList,
        sizes: StreamSizes,
    ) -> Result<&mut Self, FormatError> {
        self.with_flags(what, AttributeFlags::empty(), runs, sizes)
    }

    fn with_flags(
        &mut self,
        what: Attribute,
        flags: AttributeFlags,
        runs: &RunList,
        sizes: StreamSizes,
    ) -> Result<&mut Self, FormatError> {
        let name: Vec<u16> = what.name.encode_utf16().collect();
        let pairs = runs.encode();
        let extent = ExtentSpec {
            lowest_vcn: 0,
            end_vcn: runs.end().0,
            compression_unit: 0,
            sizes,
            pairs: &pairs,
        };
        let id = Identity {
            flags,
            ..identity(what, &name)
        };
        let encoded = attribute::encode_non_resident(&id, &extent)?;
        self.push(&encoded)?;
        Ok(self)
    }

    /// The record as it goes to disk. `next_instance` is above all instance
    /// numbers given out.
    pub(crate) fn finish(mut self, next_instance: u16) -> Result<Vec<u8>, FormatError> {
        record::header_mut(&mut self.bytes)?
            .next_instance
            .set(next_instance);
        record::validate(&self.bytes)?;
        fixup::apply(&mut self.bytes)?;
        Ok(self.bytes)
    }
}

const fn identity(what: Attribute, name: &[u16]) -> Identity<'_> {
    Identity {
        type_code: what.type_code,
        name,
        flags: AttributeFlags::empty(),
        instance: what.instance,
    }
}
