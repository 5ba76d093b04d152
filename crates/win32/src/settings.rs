//! What a machine and a process are set up to be.

use std::time::SystemTime;

use linkwright_fs::{Sid, Timestamp};

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The host's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }
}

bitflags::bitflags! {
    /// Privileges that a token holds, enabled.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub struct Privileges: u32 {
        /// SeCreateSymbolicLinkPrivilege: symbolic links can be made.
        const CREATE_SYMBOLIC_LINK = 0x01;
        /// SeBackupPrivilege: with FILE_FLAG_BACKUP_SEMANTICS every file can be
        /// read.
        const BACKUP = 0x02;
        /// SeRestorePrivilege: with FILE_FLAG_BACKUP_SEMANTICS every file can be
        /// written.
        const RESTORE = 0x04;
        /// SeChangeNotifyPrivilege: directories on the way are passed without a
        /// check.
        const CHANGE_NOTIFY = 0x08;
        /// SeSecurityPrivilege: the SACL can be read and set.
        const SECURITY = 0x10;
        /// SeTakeOwnershipPrivilege: WRITE_OWNER is granted.
        const TAKE_OWNERSHIP = 0x20;
        /// SeManageVolumePrivilege.
        const MANAGE_VOLUME = 0x40;
    }
}

/// Who a process runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The user; owner of what the process makes.
    pub user: Sid,
    /// The groups that count when access is granted.
    pub groups: Vec<Sid>,
    /// Groups that count only when access is denied, as Administrators does in
    /// the filtered token of a user who is one.
    pub deny_only: Vec<Sid>,
    /// What is held and enabled.
    pub privileges: Privileges,
}

impl Token {
    /// An administrator's elevated token: every privilege named here but those
    /// of backup and restore, which a program enables when it needs them.
    #[must_use]
    pub fn elevated() -> Self {
        Self {
            user: Self::user_sid(1001),
            groups: vec![
                Sid::EVERYONE,
                Sid::AUTHENTICATED_USERS,
                Sid::USERS,
                Sid::ADMINISTRATORS,
            ],
            deny_only: Vec::new(),
            privileges: Privileges::all()
                .difference(Privileges::BACKUP)
                .difference(Privileges::RESTORE)
                .difference(Privileges::TAKE_OWNERSHIP)
                .difference(Privileges::SECURITY),
        }
    }

    /// The filtered token that the same administrator runs with by default.
    #[must_use]
    pub fn filtered() -> Self {
        Self {
            groups: vec![Sid::EVERYONE, Sid::AUTHENTICATED_USERS, Sid::USERS],
            deny_only: vec![Sid::ADMINISTRATORS],
            privileges: Privileges::CHANGE_NOTIFY,
            ..Self::elevated()
        }
    }

    /// A user who is no administrator.
    #[must_use]
    pub fn standard_user() -> Self {
        Self {
            user: Self::user_sid(1002),
            deny_only: Vec::new(),
            ..Self::filtered()
        }
    }

    /// The same token with privileges enabled besides its own.
    #[must_use]
    pub fn with(mut self, privileges: Privileges) -> Self {
        self.privileges |= privileges;
        self
    }

    /// The same token without some of its privileges.
    #[must_use]
    pub fn without(mut self, privileges: Privileges) -> Self {
        self.privileges -= privileges;
        self
    }

    /// A user of a made-up machine.
    fn user_sid(rid: u32) -> Sid {
        // Six parts at most 15: always a SID; the fallback is the built-in group.
        Sid::new([0, 0, 0, 0, 0, 5], &[21, 1004, 336, 348, rid]).unwrap_or(Sid::USERS)
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::elevated()
    }
}

/// Whether Developer Mode is on (`AllowDevelopmentWithoutDevLicense`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeveloperMode {
    /// Off, as installed.
    #[default]
    Off,
    /// On: SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE has an effect.
    On,
}

/// A release of Windows, by its build number. Where releases differ the later
/// behaviour begins with the build named at the constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowsVersion(pub u32);

impl WindowsVersion {
    /// Windows Vista.
    pub const VISTA: Self = Self(6000);
    /// Windows 7 with its service pack.
    pub const WINDOWS_7: Self = Self(7601);
    /// Windows 10, 1507.
    pub const WINDOWS_10_1507: Self = Self(10_240);
    /// The first build that knows SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE.
    pub const UNPRIVILEGED_LINKS: Self = Self(14_972);
    /// Windows 10, 1709: FileDispositionInformationEx and FileRenameInformationEx.
    pub const WINDOWS_10_1709: Self = Self(16_299);
    /// Windows 10, 1809: FileLinkInformationEx, IGNORE_READONLY flags.
    pub const WINDOWS_10_1809: Self = Self(17_763);
    /// Windows 10, 22H2.
    pub const WINDOWS_10_22H2: Self = Self(19_045);
    /// The first Windows 11. A link whose type is not that of its target is not
    /// opened from here on.
    pub const WINDOWS_11: Self = Self(22_000);
    /// Windows 11, 24H2: the directory of a new hard link is opened with
    /// FILE_SHARE_DELETE too.
    pub const WINDOWS_11_24H2: Self = Self(26_100);
}

impl Default for WindowsVersion {
    fn default() -> Self {
        Self::WINDOWS_11
    }
}

/// The opt-in to paths of MAX_PATH and more without `\\?\`: it takes both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LongPaths {
    /// The policy `LongPathsEnabled` of the machine.
    pub policy: bool,
    /// `longPathAware` in the manifest of the program.
    pub manifest: bool,
}

impl LongPaths {
    /// Neither, as a program meets it by default.
    pub const OFF: Self = Self {
        policy: false,
        manifest: false,
    };
    /// Both.
    pub const ON: Self = Self {
        policy: true,
        manifest: true,
    };

    pub(crate) fn is_on(self) -> bool {
        self.policy && self.manifest
    }
}

bitflags::bitflags! {
    /// Which symbolic links are followed, by where the link and its target lie
    /// (`fsutil behavior set SymlinkEvaluation`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct SymlinkEvaluation: u8 {
        /// A local link to a local target.
        const LOCAL_TO_LOCAL = 1;
        /// A local link to a share.
        const LOCAL_TO_REMOTE = 2;
        /// A link on a share to a local target.
        const REMOTE_TO_LOCAL = 4;
        /// A link on a share to a share.
        const REMOTE_TO_REMOTE = 8;
    }
}

impl Default for SymlinkEvaluation {
    fn default() -> Self {
        Self::LOCAL_TO_LOCAL | Self::LOCAL_TO_REMOTE
    }
}

/// What sort of share a UNC root is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShareKind {
    /// An SMB 3.0 share.
    #[default]
    Smb,
    /// With transparent failover (continuously available).
    TransparentFailover,
    /// On a scale-out file server.
    ScaleOut,
}

/// An ANSI code page, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodePage(pub u32);

impl CodePage {
    /// UTF-8.
    pub const UTF_8: Self = Self(65001);
    /// Western European.
    pub const WINDOWS_1252: Self = Self(1252);
}

impl Default for CodePage {
    fn default() -> Self {
        Self::UTF_8
    }
}
