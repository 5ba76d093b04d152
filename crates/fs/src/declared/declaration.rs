//! What kinds of volume can hold, one constructor a kind.

use crate::{Capabilities, VolumeFamily};

/// What a volume says of itself and holds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration {
    /// The family, which decides the code of a refusal.
    pub family: VolumeFamily,
    /// Name of the file system, as `GetVolumeInformation` gives it.
    pub name: &'static str,
    /// What it can hold. Of what is declared only that is there which the volume
    /// under it has too, but for the flags that restrict
    /// ([`Declaration::RESTRICTIONS`]).
    pub capabilities: Capabilities,
    /// Most names of one file, where files have several.
    pub max_links: u32,
}

/// All that a local NTFS volume can hold and another kind may lack.
const EVERYTHING: Capabilities = Capabilities::HARD_LINKS
    .union(Capabilities::SYMBOLIC_LINKS)
    .union(Capabilities::REPARSE_POINTS)
    .union(Capabilities::TYPED_LINKS)
    .union(Capabilities::NAMED_STREAMS)
    .union(Capabilities::WINDOWS_NAMES)
    .union(Capabilities::NAMES_OF_FILES)
    .union(Capabilities::EXTENDED_ATTRIBUTES)
    .union(Capabilities::SECURITY)
    .union(Capabilities::SHORT_NAMES)
    .union(Capabilities::OBJECT_IDS)
    .union(Capabilities::OPEN_BY_ID)
    .union(Capabilities::TRANSACTIONS)
    .union(Capabilities::POSIX_UNLINK_RENAME)
    .union(Capabilities::DUPLICATED_INFORMATION);

/// What ReFS lacks in every format.
const NEVER_ON_REFS: Capabilities = Capabilities::EXTENDED_ATTRIBUTES
    .union(Capabilities::SHORT_NAMES)
    .union(Capabilities::OBJECT_IDS)
    .union(Capabilities::TRANSACTIONS);

/// Links and the reparse points that make them.
const LINKS: Capabilities = Capabilities::SYMBOLIC_LINKS
    .union(Capabilities::REPARSE_POINTS)
    .union(Capabilities::TYPED_LINKS);

impl Declaration {
    /// Flags that take something away; they hold when either says so, the
    /// declaration or the volume below.
    pub const RESTRICTIONS: Capabilities = Capabilities::READ_ONLY.union(Capabilities::REMOTE);

    const fn new(family: VolumeFamily, name: &'static str, capabilities: Capabilities) -> Self {
        let max_links = if capabilities.contains(Capabilities::HARD_LINKS) {
            1024
        } else {
            1
        };
        Self {
            family,
            name,
            capabilities,
            max_links,
        }
    }

    /// FAT32: names and data.
    pub const fn fat32() -> Self {
        let has = Capabilities::WINDOWS_NAMES.union(Capabilities::SHORT_NAMES);
        Self::new(VolumeFamily::Fat, "FAT32", has)
    }

    /// exFAT: as FAT32.
    pub const fn exfat() -> Self {
        Self::new(VolumeFamily::Fat, "exFAT", Capabilities::WINDOWS_NAMES)
    }

    /// ReFS before format 3.5: no hard links (MS-FSA note 1), and none of what
    /// no ReFS has: extended attributes, 8.3 names, object ids, transactions.
    pub const fn refs() -> Self {
        let has = EVERYTHING
            .difference(Capabilities::HARD_LINKS)
            .difference(NEVER_ON_REFS);
        Self::new(VolumeFamily::Refs, "ReFS", has)
    }

    /// ReFS from format 3.5 on (Server 2022, Windows 11).
    pub const fn refs_3_5() -> Self {
        let has = EVERYTHING.difference(NEVER_ON_REFS);
        Self::new(VolumeFamily::Refs, "ReFS", has)
    }

    /// A cluster shared volume over NTFS: hard links, no reparse points of its
    /// users (CreateHardLink, CreateSymbolicLink).
    pub const fn csvfs() -> Self {
        let has = EVERYTHING
            .difference(LINKS)
            .difference(Capabilities::TRANSACTIONS);
        Self::new(VolumeFamily::Csv, "CSVFS", has)
    }

    /// An ordinary SMB 3.0 share. Names of a file cannot be asked over SMB
    /// (MS-FSCC 2.4.17 note 87), and there are no transactions.
    pub const fn smb3() -> Self {
        let has = EVERYTHING
            .difference(Capabilities::NAMES_OF_FILES)
            .difference(Capabilities::TRANSACTIONS)
            .union(Capabilities::REMOTE);
        Self::new(VolumeFamily::Network, "NTFS", has)
    }

    /// An SMB 3.0 share with transparent failover (continuously available):
    /// no hard links.
    pub const fn smb3_transparent_failover() -> Self {
        let has = Self::smb3().capabilities;
        Self::new(
            VolumeFamily::Network,
            "NTFS",
            has.difference(Capabilities::HARD_LINKS),
        )
    }

    /// A scale-out share: neither hard links nor symbolic links.
    pub const fn smb3_scale_out() -> Self {
        let has = Self::smb3_transparent_failover().capabilities;
        Self::new(VolumeFamily::Network, "CSVFS", has.difference(LINKS))
    }

    /// A share of an older Samba: hard links, no reparse points.
    pub const fn old_samba() -> Self {
        let has = Self::smb3().capabilities;
        Self::new(VolumeFamily::Network, "NTFS", has.difference(LINKS))
    }

    /// UDF, which has hard links (MS-FSCC notes 116 and 134) and named streams.
    pub const fn udfs() -> Self {
        let has = Capabilities::WINDOWS_NAMES
            .union(Capabilities::HARD_LINKS)
            .union(Capabilities::NAMED_STREAMS);
        Self::new(VolumeFamily::Udf, "UDF", has)
    }

    /// A compact disc: names and data, never written.
    pub const fn cdfs() -> Self {
        let has = Capabilities::WINDOWS_NAMES.union(Capabilities::READ_ONLY);
        Self::new(VolumeFamily::Cdfs, "CDFS", has)
    }

    /// NTFS.
    pub const fn ntfs() -> Self {
        Self::new(VolumeFamily::Ntfs, "NTFS", EVERYTHING)
    }

    /// NTFS on a medium that is not written.
    pub const fn read_only_ntfs() -> Self {
        let has = EVERYTHING.union(Capabilities::READ_ONLY);
        Self::new(VolumeFamily::Ntfs, "NTFS", has)
    }

    /// The declaration that a name of `presets` stands for.
    pub fn preset(name: &str) -> Option<Self> {
        Self::presets()
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, declaration)| declaration)
    }

    /// Every kind here, with a short name.
    pub fn presets() -> Vec<(&'static str, Self)> {
        vec![
            ("ntfs", Self::ntfs()),
            ("ntfs-ro", Self::read_only_ntfs()),
            ("fat32", Self::fat32()),
            ("exfat", Self::exfat()),
            ("refs", Self::refs()),
            ("refs35", Self::refs_3_5()),
            ("csvfs", Self::csvfs()),
            ("smb3", Self::smb3()),
            ("smb3-tfo", Self::smb3_transparent_failover()),
            ("smb3-so", Self::smb3_scale_out()),
            ("old-samba", Self::old_samba()),
            ("udfs", Self::udfs()),
            ("cdfs", Self::cdfs()),
        ]
    }
}
