//! The problems there are: stable code, usual severity, and the sentence that
//! says it (chkdsk's where it has one; NTFS.md section 4.4).

use core::fmt;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; Windows leaves such traces itself.
    Note,
    /// Two places that must agree do not; no data is lost by it alone.
    Inconsistency,
    /// Something cannot be read, or belongs to two owners, or to none who
    /// thinks so.
    Damage,
}

impl Severity {
    /// The lower-case word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Inconsistency => "inconsistency",
            Self::Damage => "damage",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident $code:literal $severity:ident $text:literal;)*) => {
        /// What is wrong. The text of a code never changes; codes are added.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable text: words joined by `-`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// The severity a problem of this kind has as a rule; some are
            /// lowered to a note where Windows leaves the same trace.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }

            /// A sentence without a full stop that says what is wrong.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The first sector is not a boot sector that can be used; the backup was.
    BootSector "boot-sector" Damage "The first NTFS boot sector is unreadable or corrupt";
    /// The copy of the boot sector behind the last cluster is missing or differs.
    BackupBootSector "backup-boot-sector" Inconsistency "The second NTFS boot sector is not a copy of the first";
    /// The boot sector counts more sectors than the device has.
    DeviceTooShort "device-too-short" Damage "The volume is longer than the device it lies on";
    /// The device failed to give up the bytes of something.
    Unreadable "unreadable" Damage "The disk does not have this part, or cannot read it";

    /// `$Boot` does not cover the start of the volume.
    BootFile "boot-file" Inconsistency "The boot file does not lie at the start of the volume";
    /// `$MFT` does not map itself to where the boot sector says.
    MftPlace "mft-place" Damage "The Master File Table does not say that it is where the boot sector says";
    /// Record 0 was taken from the mirror.
    MftFirstRecord "mft-first-record" Damage "The first record of the Master File Table is corrupt; its mirror was used";
    /// The run list of `$MFT` has a hole, is short, or leaves the volume.
    MftRuns "mft-runs" Damage "The Master File Table's DATA attribute does not map all of its records";
    /// `$MFTMirr` differs from the first records.
    MftMirror "mft-mirror" Inconsistency "The Master File Table mirror differs from the Master File Table";
    /// `$MFTMirr`'s run list does not start where the boot sector says.
    MftMirrorPlace "mft-mirror-place" Inconsistency "The Master File Table mirror is not where the boot sector says";
    /// `$MFT:$BITMAP` cannot be read or is too short.
    MftBitmapSize "mft-bitmap-size" Inconsistency "The Master File Table's BITMAP attribute is too short or unreadable";
    /// A record in use whose bit is clear.
    MftBitmapClear "mft-bitmap-clear" Damage "A file record in use is marked as free in the Master File Table's BITMAP";
    /// A record not in use whose bit is set.
    MftBitmapSet "mft-bitmap-set" Inconsistency "A free file record is marked as used in the Master File Table's BITMAP";

    /// Neither FILE nor BAAD nor blank.
    RecordSignature "record-signature" Damage "File record segment is unreadable: wrong signature";
    /// A record that an earlier repair marked as bad.
    RecordBaad "record-baad" Damage "File record segment was marked as bad";
    /// A sector of the record does not carry its update sequence number.
    RecordTorn "record-torn" Damage "File record segment was written in part only";
    /// The update sequence array does not fit the record.
    RecordUpdateSequence "record-update-sequence" Damage "The update sequence array of a file record segment is corrupt";
    /// Offset of the first attribute.
    RecordFirstAttribute "record-first-attribute" Damage "The first attribute offset of a file record segment is incorrect";
    /// The used size is not that of header, attributes and end mark.
    RecordUsedSize "record-used-size" Inconsistency "First free byte offset is incorrect";
    /// The allocated size is not that of a record.
    RecordAllocatedSize "record-allocated-size" Inconsistency "The allocated length of a file record segment is incorrect";
    /// The record says it is another one.
    RecordNumber "record-number" Damage "Incorrect information was detected in a file record segment: it carries another number";
    /// An attribute whose lengths leave it or its record.
    RecordAttributes "record-attributes" Damage "An attribute record is corrupt";
    /// Two attributes with one instance number.
    DuplicateInstance "duplicate-instance" Inconsistency "Attribute instance tags are not unique";
    /// The next instance number is taken already.
    NextInstance "next-instance" Inconsistency "The next attribute instance is not above all that are in use";
    /// Attributes do not ascend by type and name.
    AttributeOrder "attribute-order" Inconsistency "Attribute records are unsorted";
    /// Sequence number 0, or that of a system record is not its own number.
    RecordSequence "record-sequence" Inconsistency "The sequence number of a file record segment is incorrect";
    /// Directory or view-index flag without such an index, or the reverse.
    RecordFlags "record-flags" Inconsistency "Flags for a file record segment are incorrect";
    /// The link count is not the number of names.
    LinkCount "link-count" Inconsistency "The link count of a file is incorrect";
    /// An extension record that claims links of its own.
    ExtensionLinkCount "extension-link-count" Inconsistency "A child file record segment has a link count";
    /// An extension record whose base does not exist, is free or has another sequence number.
    ExtensionBase "extension-base" Damage "A child file record segment points to a base file record that is not its own";
    /// An extension record in use that no attribute list leads to.
    ExtensionOrphan "extension-orphan" Inconsistency "An orphaned child file record segment: no attribute list leads to it";

    /// `$ATTRIBUTE_LIST` cannot be read or decoded.
    AttributeList "attribute-list" Damage "The attribute list is corrupt";
    /// The list leads to an attribute or record that is not there.
    AttributeListDangling "attribute-list-dangling" Damage "An attribute list entry points to an attribute that is not there";
    /// An attribute that its list does not have.
    AttributeListMissing "attribute-list-missing" Damage "An attribute is missing from the attribute list";
    /// Entries of the list do not ascend.
    AttributeListOrder "attribute-list-order" Inconsistency "Attribute list entries are unsorted";

    /// A `$FILE_NAME` without its indexed flag.
    IndexedFlag "indexed-flag" Inconsistency "Attribute record (30) is corrupt: it is not marked as indexed";
    /// A type that may not leave the record did.
    MustBeResident "must-be-resident" Damage "An attribute that must be resident is not";
    /// No `$STANDARD_INFORMATION`.
    StandardInformation "standard-information" Damage "The standard information attribute is missing or corrupt";
    /// Two attributes of one type and name.
    DuplicateAttribute "duplicate-attribute" Damage "A file has two attributes of the same type and name";
    /// A file that is no directory and has no unnamed `$DATA`.
    DataMissing "data-missing" Inconsistency "The data attribute of a file is missing";
    /// Extended attributes that cannot be decoded or whose sizes are wrong.
    ExtendedAttributes "extended-attributes" Inconsistency "The extended attributes of a file are corrupt";

    /// Mapping pairs that are no run list.
    MappingPairs "mapping-pairs" Damage "The mapping pairs of an attribute are corrupt";
    /// An extent is missing, doubled or overlaps.
    ExtentGap "extent-gap" Damage "The extents of an attribute do not follow one another";
    /// The highest VCN is not what the mapping pairs say.
    HighestVcn "highest-vcn" Damage "The highest VCN of an attribute differs from its mapping pairs";
    /// A run past the last cluster.
    RunOutside "run-outside" Damage "An attribute has clusters outside the volume";
    /// Clusters that somebody else has too.
    CrossLinked "cross-linked" Damage "Clusters are in use by more than one attribute (cross-linked)";
    /// Clusters in use that `$Bitmap` calls free.
    UsedButFree "used-but-free" Damage "Clusters in use are marked as free in the volume bitmap";
    /// Clusters marked as used that nobody has.
    Leaked "leaked" Inconsistency "CHKDSK discovered free space marked as allocated in the volume bitmap";
    /// `$Bitmap` cannot be read.
    VolumeBitmap "volume-bitmap" Damage "The volume bitmap is unreadable or too short";
    /// Bits past the last cluster are not all set.
    VolumeBitmapTail "volume-bitmap-tail" Inconsistency "The volume bitmap has clear bits past the last cluster";
    /// The allocated size is not that of the runs.
    AllocatedSize "allocated-size" Inconsistency "The allocated length in an attribute record is incorrect";
    /// The really allocated size of a sparse or compressed stream.
    TotalAllocated "total-allocated" Inconsistency "The total allocated size in an attribute record is incorrect";
    /// Data beyond the allocation, or initialized beyond the data.
    StreamSizes "stream-sizes" Damage "The sizes of an attribute contradict each other";

    /// A `$FILE_NAME` that cannot be decoded.
    NameMalformed "name-malformed" Damage "Attribute record (30) is corrupt";
    /// A name whose directory has no entry for it.
    NameWithoutEntry "name-without-entry" Inconsistency "Detected orphaned file: its directory has no index entry for it";
    /// A name whose parent is no directory in use.
    NameParent "name-parent" Inconsistency "Detected orphaned file: its parent is not a directory in use";
    /// A file in use without a name.
    NoName "no-name" Inconsistency "Detected orphaned file: it has no file name";
    /// More names than Windows allows.
    TooManyLinks "too-many-links" Inconsistency "A file has more links than Windows allows";
    /// A DOS name without its long partner, or more than one.
    ShortNamePair "short-name-pair" Inconsistency "Minor file name errors: a short name without its long name, or more than one";
    /// A long name (namespace 1) without its short partner.
    LongNameAlone "long-name-alone" Note "A long file name without its short name";
    /// A name marked as 8.3 that is not.
    ShortNameInvalid "short-name-invalid" Inconsistency "An invalid filename was found: it is marked as a short name and is none";
    /// A name Windows cannot open.
    NameCharacters "name-characters" Note "A file name has characters that Windows does not allow";
    /// A directory that cannot be reached from the root.
    UnreachableDirectory "unreachable-directory" Damage "A directory is not connected to the root directory";

    /// An entry without such a name in the file.
    EntryWithoutName "entry-without-name" Inconsistency "An index entry is incorrect: the file has no such name";
    /// An entry to a record that is free, an extension, or past the end.
    EntryUnused "entry-unused" Damage "An index entry points to an unused file";
    /// An entry with another sequence number than its file.
    EntrySequence "entry-sequence" Inconsistency "An index entry has an incorrect sequence number";
    /// An entry whose key names another directory.
    EntryParent "entry-parent" Inconsistency "An index entry has an incorrect parent";
    /// A name in the file whose parent's sequence number is not the directory's.
    NameParentSequence "name-parent-sequence" Inconsistency "A file name has an incorrect sequence number of its parent";
    /// Namespaces of name and entry differ.
    EntryNamespace "entry-namespace" Inconsistency "An index entry has an incorrect name type";
    /// Sizes in an entry differ from the file's.
    EntrySize "entry-size" Inconsistency "An index entry has incorrect sizes";
    /// The reparse tag in the entry differs from the file's.
    EntryReparseTag "entry-reparse-tag" Inconsistency "An index entry has an incorrect reparse tag";
    /// The reparse flag in the entry differs from the file's.
    EntryReparseFlag "entry-reparse-flag" Inconsistency "An index entry has an incorrect reparse point attribute";
    /// The directory flag in the entry differs from the file's.
    EntryDirectoryFlag "entry-directory-flag" Inconsistency "An index entry has an incorrect directory attribute";
    /// Attributes in the entry differ from the file's.
    EntryAttributes "entry-attributes" Note "An index entry has stale file attributes";
    /// Times in the entry differ from the file's.
    EntryTimes "entry-times" Note "An index entry has stale times";
    /// The size of extended attributes in the entry differs from the file's.
    EntryEaSize "entry-ea-size" Note "An index entry has a stale size of extended attributes";

    /// A directory or a system file without the index it must have.
    IndexMissing "index-missing" Damage "An index is missing";
    /// Type, collation or block size of a root.
    IndexRoot "index-root" Damage "Error detected in an index root";
    /// Header of a node.
    IndexNode "index-node" Damage "The header of an index buffer is corrupt";
    /// An entry that cannot be decoded.
    IndexEntry "index-entry" Damage "An index entry is corrupt";
    /// Keys do not ascend.
    IndexOrder "index-order" Damage "Index entries are out of order";
    /// No INDX.
    IndexBlockSignature "index-block-signature" Damage "The multi-sector header signature of an index buffer is incorrect";
    /// A sector of the block does not carry its update sequence number.
    IndexBlockTorn "index-block-torn" Damage "An index buffer was written in part only";
    /// The block says it is another one.
    IndexBlockVcn "index-block-vcn" Damage "The VCN of an index buffer is incorrect";
    /// A pointer to a block outside the allocation, or missing, or one too many.
    IndexDownPointer "index-down-pointer" Damage "The down pointer of an index entry is invalid";
    /// A block that was met already.
    IndexBlockTwice "index-block-twice" Damage "An index buffer is used twice: the index has a loop";
    /// Deeper than any index.
    IndexDepth "index-depth" Damage "An index is deeper than any index can be";
    /// A block in use whose bit is clear.
    IndexBitmapClear "index-bitmap-clear" Damage "The index bitmap is incorrect: a buffer in use is marked as free";
    /// A block marked as used that no entry leads to.
    IndexBlockUnreachable "index-block-unreachable" Inconsistency "The index bitmap is incorrect: a buffer marked as used is not in the index";
    /// `$INDEX_ALLOCATION` or `$BITMAP` is missing or unreadable.
    IndexAllocation "index-allocation" Damage "The allocation or bitmap of an index is missing or unreadable";
    /// Children of a node by its flag and by its entries.
    IndexChildFlag "index-child-flag" Inconsistency "The flags of an index buffer contradict its entries";

    /// `$AttrDef` cannot be read or lacks what every volume has.
    AttrDef "attr-def" Inconsistency "The attribute definition table is unreadable or incomplete";
    /// `$UpCase` cannot be read or folds impossibly.
    Upcase "upcase" Damage "The uppercase file is unreadable or corrupt";
    /// `$UpCase:$Info` does not match the table.
    UpcaseInfo "upcase-info" Inconsistency "The checksum of the uppercase file is incorrect";

    /// `$Secure` lacks a part.
    SecureMissing "secure-missing" Damage "The security file lacks a stream or an index";
    /// A descriptor whose hash or header is wrong.
    SecurityEntry "security-entry" Damage "A security data stream entry is corrupt";
    /// The copy of a descriptor differs.
    SecurityMirror "security-mirror" Inconsistency "The security data stream differs from its mirror";
    /// An `$SII` entry that differs from `$SDS`.
    SecurityIdEntry "security-id-entry" Inconsistency "An index entry of index $SII is incorrect";
    /// A descriptor that `$SII` lacks.
    SecurityIdMissing "security-id-missing" Inconsistency "A security descriptor is missing from index $SII";
    /// An `$SDH` entry that differs from `$SDS`.
    SecurityHashEntry "security-hash-entry" Inconsistency "An index entry of index $SDH is incorrect";
    /// A descriptor that `$SDH` lacks.
    SecurityHashMissing "security-hash-missing" Inconsistency "A security descriptor is missing from index $SDH";
    /// A file with an id that `$SII` does not have.
    SecurityIdUnknown "security-id-unknown" Inconsistency "A file has an unknown security id";

    /// A reparse buffer that cannot be decoded.
    ReparseBuffer "reparse-buffer" Damage "A reparse point is corrupt";
    /// The reparse attribute flag and the reparse attribute disagree.
    ReparseFlag "reparse-flag" Inconsistency "The reparse point attribute of a file is incorrect";
    /// A reparse point that `$R` lacks.
    ReparseIndexMissing "reparse-index-missing" Inconsistency "A reparse point is missing from index $R";
    /// An `$R` entry to a file without such a reparse point.
    ReparseIndexStale "reparse-index-stale" Inconsistency "An index entry of index $R points to a file without that reparse point";

    /// An object id attribute too short to be one.
    ObjectId "object-id" Damage "An object id attribute is corrupt";
    /// An object id that `$O` lacks.
    ObjectIdIndexMissing "object-id-index-missing" Inconsistency "An object id is missing from index $O";
    /// An `$O` entry to a file without that id.
    ObjectIdIndexStale "object-id-index-stale" Inconsistency "An index entry of index $O points to a file without that object id";

    /// `$VOLUME_INFORMATION` is missing or has an unknown version.
    VolumeInformation "volume-information" Damage "The volume information is missing or of an unknown version";
    /// The dirty flag.
    VolumeDirty "volume-dirty" Note "The volume is dirty";
    /// Other flags that say something is under way.
    VolumeFlags "volume-flags" Note "The volume has work under way";
    /// The log holds work that is not in the volume yet.
    LogNotClean "log-not-clean" Note "The log file was not closed cleanly";
    /// The volume was looked at through the journal of a session of ours that
    /// did not end; only the program, which knows of it, says so.
    LogHoldsWork "log-holds-work" Note "The log file holds work of a session that did not end; the volume was checked as it is after recovery";
    /// Neither empty nor a restart page.
    LogUnknown "log-unknown" Inconsistency "The log file has no readable restart page";
    /// The restart area's file size differs from the stream's.
    LogSize "log-size" Inconsistency "The size of the log file differs from what it says";
    /// A record's log sequence number is above the log's.
    LsnBeyondLog "lsn-beyond-log" Note "A log sequence number is beyond the end of the log";
    /// A Windows sleeps on the volume.
    Hibernated "hibernated" Note "A Windows is hibernated on this volume";
    /// `$UsnJrnl:$Max` or `$J`.
    UsnJournal "usn-journal" Inconsistency "The Usn Journal is corrupt";
    /// A record whose length, version or fields cannot be.
    UsnRecord "usn-record" Inconsistency "A Usn Journal entry is corrupt";
    /// A record that crosses a multiple of 4,096 bytes.
    UsnPage "usn-page" Inconsistency "A Usn Journal entry crosses the page boundary";
    /// Behind the last record of a page there is something.
    UsnTail "usn-tail" Inconsistency "The remaining of an USN page should be filled with zeros";
    /// A record whose number is not where it lies.
    UsnOffset "usn-offset" Inconsistency "The USN of a Usn Journal entry is incorrect";
    /// A record of a file or directory that cannot be.
    UsnReference "usn-reference" Inconsistency "A Usn Journal entry has an invalid file reference";
    /// A file's last record would lie behind the end of the journal.
    UsnStamp "usn-stamp" Inconsistency "The Usn Journal is shorter than the largest USN encountered";

    /// More of one kind than the options let through.
    More "more" Note "More problems of the same kind were counted but not listed";
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_stable_words() {
        let mut seen = std::collections::HashSet::new();
        for code in ProblemCode::ALL {
            let text = code.as_str();
            assert!(seen.insert(text), "{text} twice");
            assert!(text.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
            assert!(!code.text().is_empty() && !code.text().ends_with('.'));
        }
        assert!(ProblemCode::ALL.len() > 80);
    }
}
