//! What a handle of a file stands for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_fs::{FileSystem, Name, Node, Stat, StreamName};

use super::held::Held;
use super::lookup::{PlainView, View};
use super::namespace::{LinkId, StreamId};
use super::scan::Scan;
use super::share::Ticket;
use super::transaction::TransactionView;
use crate::handles::Object;
use crate::system::Machine;
use crate::volumes::Volume;

/// A file of a machine, whatever name it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileKey {
    pub(crate) volume: usize,
    /// The transaction that sees it, 0 for none: names and streams that are
    /// open there are not those that are open outside.
    pub(crate) transaction: u64,
    pub(crate) device: u64,
    pub(crate) record: u64,
    pub(crate) sequence: u16,
}

impl FileKey {
    pub(crate) fn new(volume: &Volume, stat: &Stat) -> Self {
        let (transaction, device) = match volume.transactions {
            Some(_) => (stat.device, 0),
            None => (0, stat.device),
        };
        Self {
            volume: volume.number,
            transaction,
            device,
            record: stat.record,
            sequence: stat.sequence,
        }
    }

    /// The file for the share table, which everybody shares.
    pub(crate) fn shared(self) -> Self {
        Self {
            transaction: 0,
            ..self
        }
    }
}

/// What of an object is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// Data: the unnamed stream or a named one.
    Data,
    /// A directory.
    Directory,
}

/// Whether the name or stream goes when this handle is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnClose {
    Keep,
    Delete,
}

/// An open file (MS-FSA 2.1.1.6, Open).
pub(crate) struct FileObject {
    /// The volume.
    pub(crate) volume: Arc<Volume>,
    /// The volume's file system as this open sees it.
    pub(crate) fs: Arc<dyn FileSystem>,
    /// The object.
    pub(crate) node: Node,
    /// The object, for tables.
    pub(crate) key: FileKey,
    /// What of it.
    pub(crate) kind: StreamKind,
    /// The named stream.
    pub(crate) stream: Option<StreamName>,
    /// The transaction it was opened in.
    pub(crate) transacted: Option<TransactionView>,
    /// Granted access.
    pub(crate) granted: u32,
    /// FILE_ options it was opened with.
    pub(crate) options: u32,
    /// The name it was opened by; `None` for a root and for an open by id.
    pub(crate) link: Option<LinkId>,
    /// The path it was asked for by, links followed.
    pub(crate) asked: Vec<Name>,
    /// The state of the named stream.
    pub(crate) stream_id: Option<StreamId>,
    /// Its entry in the share table.
    pub(crate) ticket: Ticket,
    /// FILE_FLAG_DELETE_ON_CLOSE; DispositionEx can change it.
    pub(crate) on_close: Mutex<OnClose>,
    /// Whether the pending name goes with this handle
    /// (FILE_DISPOSITION_POSIX_SEMANTICS).
    pub(crate) posix: AtomicBool,
    /// Where ReadFile and WriteFile go on.
    pub(crate) position: Mutex<u64>,
    /// Times that writing through this handle leaves alone.
    pub(crate) held: Mutex<Held>,
    /// Where a listing of the directory goes on.
    pub(crate) scan: Mutex<Option<Scan>>,
}

impl FileObject {
    pub(crate) fn position(&self) -> MutexGuard<'_, u64> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn on_close(&self) -> MutexGuard<'_, OnClose> {
        self.on_close.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Both are called under the lock of the namespace.
    pub(crate) fn is_posix(&self) -> bool {
        self.posix.load(Ordering::Relaxed)
    }

    pub(crate) fn set_posix(&self, posix: bool) {
        self.posix.store(posix, Ordering::Relaxed);
    }

    /// How this open sees the volumes.
    pub(crate) fn view(&self) -> &dyn View {
        match &self.transacted {
            Some(view) => view,
            None => &PlainView,
        }
    }

    /// Whether all of these rights were granted.
    pub(crate) fn may(&self, access: u32) -> bool {
        self.granted & access == access
    }
}

impl Object for FileObject {
    fn close(&self, machine: &Machine) {
        machine.close_file(self);
    }
}

/// The null device.
pub(crate) struct NullDevice;

impl Object for NullDevice {}

/// A volume, opened as `\\.\C:`.
pub(crate) struct VolumeObject {
    #[expect(dead_code, reason = "volume controls look at it")]
    pub(crate) volume: Arc<Volume>,
}

impl Object for VolumeObject {}
