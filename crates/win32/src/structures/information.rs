//! Information classes of fixed size (winbase.h, ntifs.h; MS-FSCC 2.4).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::layout;

/// FILE_BASIC_INFO: times in ticks, and attributes (MS-FSCC 2.4.7).
///
/// When set, a time of 0 leaves the time as it is, -1 stops the handle's own
/// updates of it, -2 starts them again; attributes of 0 stay as they are.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileBasicInfo {
    /// CreationTime.
    pub creation_time: i64,
    /// LastAccessTime.
    pub last_access_time: i64,
    /// LastWriteTime.
    pub last_write_time: i64,
    /// ChangeTime.
    pub change_time: i64,
    /// FileAttributes.
    pub file_attributes: u32,
    /// Padding to 8 bytes.
    pub reserved: u32,
}

layout!(FileBasicInfo, 40, {
    creation_time: 0, last_access_time: 8, last_write_time: 16, change_time: 24, file_attributes: 32,
});

/// FILE_STANDARD_INFO (MS-FSCC 2.4.47).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileStandardInfo {
    /// AllocationSize (in bytes).
    pub allocation_size: i64,
    /// EndOfFile: length of the stream (in bytes).
    pub end_of_file: i64,
    /// NumberOfLinks: names that are not to be deleted.
    pub number_of_links: u32,
    /// DeletePending: 1 when the name that was opened is to be deleted.
    pub delete_pending: u8,
    /// Directory: 1 for a directory.
    pub directory: u8,
    /// Padding to 8 bytes.
    pub reserved: u16,
}

layout!(FileStandardInfo, 24, {
    allocation_size: 0, end_of_file: 8, number_of_links: 16, delete_pending: 20, directory: 21,
});

/// FILE_ATTRIBUTE_TAG_INFO (MS-FSCC 2.4.6).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileAttributeTagInfo {
    /// FileAttributes.
    pub file_attributes: u32,
    /// ReparseTag; 0 without a reparse point.
    pub reparse_tag: u32,
}

layout!(FileAttributeTagInfo, 8, { file_attributes: 0, reparse_tag: 4 });

/// FILE_ID_INFO (MS-FSCC 2.4.26).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileIdInfo {
    /// VolumeSerialNumber, all 64 bits.
    pub volume_serial_number: u64,
    /// FileId: on NTFS the 64-bit file reference, then zeros.
    pub file_id: [u8; 16],
}

layout!(FileIdInfo, 24, { volume_serial_number: 0, file_id: 8 });

/// FILE_COMPRESSION_INFO (MS-FSCC 2.4.9).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileCompressionInfo {
    /// CompressedFileSize (in bytes).
    pub compressed_file_size: i64,
    /// CompressionFormat: 0 none, 2 LZNT1.
    pub compression_format: u16,
    /// CompressionUnitShift.
    pub compression_unit_shift: u8,
    /// ChunkShift.
    pub chunk_shift: u8,
    /// ClusterShift.
    pub cluster_shift: u8,
    /// Reserved.
    pub reserved: [u8; 3],
}

layout!(FileCompressionInfo, 16, {
    compressed_file_size: 0, compression_format: 8, compression_unit_shift: 10, chunk_shift: 11,
    cluster_shift: 12, reserved: 13,
});

/// FILE_CASE_SENSITIVE_INFO (MS-FSCC 2.4.10).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileCaseSensitiveInfo {
    /// Flags: 1 for a directory that tells names by case.
    pub flags: u32,
}

layout!(FileCaseSensitiveInfo, 4, { flags: 0 });

/// FILE_STANDARD_LINK_INFORMATION (MS-FSCC 2.4.48).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileStandardLinkInformation {
    /// NumberOfAccessibleLinks: without those to be deleted.
    pub number_of_accessible_links: u32,
    /// TotalNumberOfLinks: with them.
    pub total_number_of_links: u32,
    /// DeletePending: 1 when the file goes with its last handle.
    pub delete_pending: u8,
    /// Directory: 1 for a directory.
    pub directory: u8,
    /// Padding to 4 bytes.
    pub reserved: u16,
}

layout!(FileStandardLinkInformation, 12, {
    number_of_accessible_links: 0, total_number_of_links: 4, delete_pending: 8, directory: 9,
});

/// FILE_NETWORK_OPEN_INFORMATION (MS-FSCC 2.4.34).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileNetworkOpenInformation {
    /// CreationTime.
    pub creation_time: i64,
    /// LastAccessTime.
    pub last_access_time: i64,
    /// LastWriteTime.
    pub last_write_time: i64,
    /// ChangeTime.
    pub change_time: i64,
    /// AllocationSize (in bytes).
    pub allocation_size: i64,
    /// EndOfFile (in bytes).
    pub end_of_file: i64,
    /// FileAttributes.
    pub file_attributes: u32,
    /// Reserved.
    pub reserved: u32,
}

layout!(FileNetworkOpenInformation, 56, {
    creation_time: 0, change_time: 24, allocation_size: 32, end_of_file: 40, file_attributes: 48,
});

/// FILE_STORAGE_INFO: the sectors of the device (winbase.h).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileStorageInfo {
    /// LogicalBytesPerSector.
    pub logical_bytes_per_sector: u32,
    /// PhysicalBytesPerSectorForAtomicity.
    pub physical_bytes_per_sector_for_atomicity: u32,
    /// PhysicalBytesPerSectorForPerformance.
    pub physical_bytes_per_sector_for_performance: u32,
    /// FileSystemEffectivePhysicalBytesPerSectorForAtomicity.
    pub effective_physical_bytes_per_sector: u32,
    /// Flags: 1 aligned device, 2 aligned partition.
    pub flags: u32,
    /// ByteOffsetForSectorAlignment.
    pub byte_offset_for_sector_alignment: u32,
    /// ByteOffsetForPartitionAlignment.
    pub byte_offset_for_partition_alignment: u32,
}

layout!(FileStorageInfo, 28, {
    logical_bytes_per_sector: 0, effective_physical_bytes_per_sector: 12, flags: 16,
    byte_offset_for_partition_alignment: 24,
});

/// FILE_OBJECTID_BUFFER (MS-FSCC 2.1.3.1).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct FileObjectIdBuffer {
    /// ObjectId.
    pub object_id: [u8; 16],
    /// BirthVolumeId.
    pub birth_volume_id: [u8; 16],
    /// BirthObjectId.
    pub birth_object_id: [u8; 16],
    /// DomainId.
    pub domain_id: [u8; 16],
}

layout!(FileObjectIdBuffer, 64, {
    object_id: 0, birth_volume_id: 16, birth_object_id: 32, domain_id: 48,
});
