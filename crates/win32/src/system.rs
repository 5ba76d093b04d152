//! A machine, its processes, and how they are set up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use linkwright_fs::ntfs::ReadOnlyFiles;
use linkwright_fs::transacted::{ResourceManager, TransactionOptions};
use linkwright_fs::{Capabilities, FileSystem};
use linkwright_names::path::{CurrentDirectories, FullPath, VolumeGuid};

use crate::handles::HandleTable;
use crate::nt::Nt;
use crate::nt::objects::FileObject;
use crate::nt::transaction::Transactions;
use crate::settings::{
    Clock, CodePage, DeveloperMode, LongPaths, Privileges, ShareKind, SymlinkEvaluation,
    SystemClock, Token, WindowsVersion,
};
use crate::token::TokenState;
use crate::volumes::{Share, Volume, Volumes};

/// A Windows process, on a machine of its own or one that it shares with others
/// ([`System::another_process`]). A clone is the same process.
#[derive(Clone)]
pub struct System {
    pub(crate) machine: Arc<Machine>,
    pub(crate) process: Arc<Process>,
}

/// What all processes share.
pub(crate) struct Machine {
    pub(crate) volumes: Volumes,
    pub(crate) version: WindowsVersion,
    pub(crate) developer_mode: DeveloperMode,
    pub(crate) evaluation: SymlinkEvaluation,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) nt: Nt,
    pub(crate) transactions: Transactions,
}

/// What a process has for itself.
pub(crate) struct Process {
    /// Tells processes apart.
    pub(crate) id: u64,
    machine: Arc<Machine>,
    pub(crate) token: Arc<TokenState>,
    pub(crate) long_paths: LongPaths,
    pub(crate) code_page: CodePage,
    pub(crate) handles: HandleTable,
    directories: RwLock<CurrentDirectories>,
    /// The current directory, open, once the process has gone somewhere.
    held_directory: Mutex<Option<Arc<FileObject>>>,
}

/// The end of a process closes its handles.
impl Drop for Process {
    fn drop(&mut self) {
        self.close_all();
    }
}

impl Process {
    fn close_all(&self) {
        for object in self.handles.take_all() {
            object.close(&self.machine);
        }
        if let Some(directory) = self.hold_directory(None) {
            self.machine.close_file(&directory);
        }
    }

    pub(crate) fn directories(&self) -> RwLockReadGuard<'_, CurrentDirectories> {
        self.directories
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps another directory open; the one before is the caller's to close.
    pub(crate) fn hold_directory(
        &self,
        directory: Option<Arc<FileObject>>,
    ) -> Option<Arc<FileObject>> {
        let mut held = self
            .held_directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut held, directory)
    }

    pub(crate) fn directories_mut(&self) -> RwLockWriteGuard<'_, CurrentDirectories> {
        self.directories
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a system cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SystemError {
    /// A drive letter is A to Z.
    #[error("{0:?} is no drive letter")]
    NotALetter(char),
    /// The letter is mapped already.
    #[error("the drive {0}: is mapped twice")]
    DriveTwice(char),
    /// Server and share must be names.
    #[error("a share needs the names of a server and a share")]
    NoShareName,
    /// The ANSI code page is none of those known here.
    #[error("the code page {0} is not known")]
    CodePage(u32),
    /// The current directory is not a full path on a drive or share.
    #[error("the current directory {0} is not on a drive or a share")]
    CurrentDirectory(String),
}

/// Sets a [`System`] up.
#[derive(Default)]
pub struct SystemBuilder {
    drives: Vec<(char, Arc<dyn FileSystem>)>,
    shares: Vec<(Share, Arc<dyn FileSystem>)>,
    token: Token,
    held_privileges: Privileges,
    version: WindowsVersion,
    developer_mode: DeveloperMode,
    long_paths: LongPaths,
    evaluation: SymlinkEvaluation,
    code_page: CodePage,
    clock: Option<Arc<dyn Clock>>,
    current_directory: Option<String>,
}

impl SystemBuilder {
    /// Maps a drive. The same `Arc` under two letters is one volume, as `subst`
    /// makes it. An [`NtfsFs`](linkwright_fs::ntfs::NtfsFs) should leave
    /// read-only files to its caller
    /// ([`ReadOnlyFiles::LeftToCaller`](linkwright_fs::ntfs::ReadOnlyFiles)).
    #[must_use]
    pub fn drive(mut self, letter: char, fs: Arc<dyn FileSystem>) -> Self {
        self.drives.push((letter.to_ascii_uppercase(), fs));
        self
    }

    /// Maps `\\server\share`.
    #[must_use]
    pub fn unc(
        mut self,
        server: &str,
        share: &str,
        fs: Arc<dyn FileSystem>,
        kind: ShareKind,
    ) -> Self {
        let share = Share {
            server: server.encode_utf16().collect(),
            share: share.encode_utf16().collect(),
            kind,
        };
        self.shares.push((share, fs));
        self
    }

    /// Who the process runs as; [`Token::elevated`] by default.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.token = token;
        self
    }

    /// Privileges that the token holds without their being enabled:
    /// `AdjustTokenPrivileges` switches them on. None by default.
    #[must_use]
    pub fn held_privileges(mut self, privileges: Privileges) -> Self {
        self.held_privileges = privileges;
        self
    }

    /// Which Windows; [`WindowsVersion::WINDOWS_11`] by default.
    #[must_use]
    pub fn windows_version(mut self, version: WindowsVersion) -> Self {
        self.version = version;
        self
    }

    /// Developer Mode; off by default.
    #[must_use]
    pub fn developer_mode(mut self, mode: DeveloperMode) -> Self {
        self.developer_mode = mode;
        self
    }

    /// The opt-in to long paths; off by default.
    #[must_use]
    pub fn long_paths(mut self, long_paths: LongPaths) -> Self {
        self.long_paths = long_paths;
        self
    }

    /// Which symbolic links are followed; Windows' default by default.
    #[must_use]
    pub fn symlink_evaluation(mut self, evaluation: SymlinkEvaluation) -> Self {
        self.evaluation = evaluation;
        self
    }

    /// The ANSI code page of the `_a` functions; UTF-8 by default.
    #[must_use]
    pub fn ansi_code_page(mut self, code_page: CodePage) -> Self {
        self.code_page = code_page;
        self
    }

    /// Where the time comes from; the host's clock by default.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The current directory; by default the root of the first drive, or of the
    /// first share when there is no drive.
    #[must_use]
    pub fn current_directory(mut self, path: &str) -> Self {
        self.current_directory = Some(path.to_owned());
        self
    }

    /// The system.
    ///
    /// # Errors
    /// [`SystemError`].
    pub fn build(self) -> Result<System, SystemError> {
        let current = match self.current_directory.clone() {
            Some(path) => path,
            None => self.default_directory(),
        };
        let directories = current_directories(&current)?;
        if !self.code_page.is_known() {
            return Err(SystemError::CodePage(self.code_page.0));
        }
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let volumes = volumes(&self.drives, &self.shares, &clock)?;
        let machine = Machine {
            volumes,
            version: self.version,
            developer_mode: self.developer_mode,
            evaluation: self.evaluation,
            clock,
            transactions: Transactions::default(),
            nt: Nt::default(),
        };
        let machine = Arc::new(machine);
        Ok(System {
            process: Arc::new(Process {
                id: next_process(),
                machine: Arc::clone(&machine),
                token: TokenState::new(self.token, self.held_privileges),
                long_paths: self.long_paths,
                code_page: self.code_page,
                handles: HandleTable::default(),
                directories: RwLock::new(directories),
                held_directory: Mutex::default(),
            }),
            machine,
        })
    }

    fn default_directory(&self) -> String {
        match (self.drives.first(), self.shares.first()) {
            (Some((letter, _)), _) => format!("{letter}:\\"),
            (None, Some((share, _))) => format!(
                r"\\{}\{}\",
                String::from_utf16_lossy(&share.server),
                String::from_utf16_lossy(&share.share)
            ),
            (None, None) => r"C:\".to_owned(),
        }
    }
}

fn next_process() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn current_directories(path: &str) -> Result<CurrentDirectories, SystemError> {
    let units: Vec<u16> = path.encode_utf16().collect();
    FullPath::parse(&units)
        .and_then(CurrentDirectories::new)
        .map_err(|_| SystemError::CurrentDirectory(path.to_owned()))
}

fn volumes(
    drives: &[(char, Arc<dyn FileSystem>)],
    shares: &[(Share, Arc<dyn FileSystem>)],
    clock: &Arc<dyn Clock>,
) -> Result<Volumes, SystemError> {
    let mut list: Vec<Volume> = Vec::new();
    for (letter, fs) in drives {
        if !letter.is_ascii_alphabetic() {
            return Err(SystemError::NotALetter(*letter));
        }
        if list.iter().any(|volume| volume.drives.contains(letter)) {
            return Err(SystemError::DriveTwice(*letter));
        }
        let known = list.iter_mut().find(|known| Arc::ptr_eq(&known.given, fs));
        match known {
            Some(volume) => volume.drives.push(*letter),
            None => list.push(local_volume(list.len(), *letter, fs, clock)),
        }
    }
    for (share, fs) in shares {
        if share.server.is_empty() || share.share.is_empty() {
            return Err(SystemError::NoShareName);
        }
        list.push(Volume {
            number: list.len(),
            guid: guid(list.len(), fs),
            fs: Arc::clone(fs),
            given: Arc::clone(fs),
            transactions: None,
            drives: Vec::new(),
            share: Some(share.clone()),
        });
    }
    Ok(Volumes::new(list))
}

/// A volume under one drive letter.
pub(crate) fn local_volume(
    number: usize,
    letter: char,
    given: &Arc<dyn FileSystem>,
    clock: &Arc<dyn Clock>,
) -> Volume {
    let (fs, transactions) = with_transactions(given, clock);
    Volume {
        number,
        guid: guid(number, &fs),
        fs,
        given: Arc::clone(given),
        transactions,
        drives: vec![letter],
        share: None,
    }
}

/// A local volume, looked after for transactions where it has them.
fn with_transactions(
    fs: &Arc<dyn FileSystem>,
    clock: &Arc<dyn Clock>,
) -> (Arc<dyn FileSystem>, Option<Arc<ResourceManager>>) {
    let known = fs.capabilities();
    if !known.contains(Capabilities::TRANSACTIONS) || known.contains(Capabilities::REMOTE) {
        return (Arc::clone(fs), None);
    }
    let clock = Arc::clone(clock);
    let options = TransactionOptions {
        now: Arc::new(move || clock.now()),
        read_only_files: ReadOnlyFiles::LeftToCaller,
    };
    let manager = Arc::new(ResourceManager::new(Arc::clone(fs), options));
    (Arc::clone(&manager) as Arc<dyn FileSystem>, Some(manager))
}

/// The GUID of a volume: its serial number and its place on this machine.
fn guid(number: usize, fs: &Arc<dyn FileSystem>) -> VolumeGuid {
    let serial = fs.volume_info().map_or(0, |info| info.serial);
    let text = format!(
        "Volume{{{:08x}-{:04x}-{:04x}-0000-{:012x}}}",
        serial >> 32,
        serial >> 16 & 0xFFFF,
        serial & 0xFFFF,
        number + 1
    );
    let units: Vec<u16> = text.encode_utf16().collect();
    // The text has the form by construction.
    VolumeGuid::parse(&units).unwrap_or_else(|| unreachable!("{text} is a volume name"))
}

impl System {
    /// Begins to set a system up.
    #[must_use]
    pub fn builder() -> SystemBuilder {
        SystemBuilder::default()
    }

    /// Another process on the same machine, with handles, current directories
    /// and a last error of its own.
    #[must_use]
    pub fn another_process(&self, token: Token) -> Self {
        Self {
            machine: Arc::clone(&self.machine),
            process: Arc::new(Process {
                id: next_process(),
                machine: Arc::clone(&self.machine),
                token: TokenState::new(token, Privileges::empty()),
                long_paths: self.process.long_paths,
                code_page: self.process.code_page,
                handles: HandleTable::default(),
                directories: RwLock::new(self.process.directories().clone()),
                held_directory: Mutex::default(),
            }),
        }
    }

    /// Closes all handles of the process, as its end does; that comes by itself
    /// with the last clone.
    pub fn exit_process(&self) {
        self.process.close_all();
    }
}
