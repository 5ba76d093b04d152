//! Transactions: what they hold of each volume, and who is locked out by them
//! (SEMANTICS 5).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use linkwright_codes::NtStatus;
use linkwright_fs::transacted::Transacted;
use linkwright_fs::{Attributes, FileSystem, Timestamp};

use super::create::Found;
use super::lookup::View;
use super::objects::{FileKey, FileObject, StreamKind};
use super::share::{User, Way};
use super::status;
use crate::constants::{
    DELETE, FILE_APPEND_DATA, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, FILE_WRITE_EA, WRITE_DAC,
    WRITE_OWNER,
};
use crate::handles::Object;
use crate::system::Machine;
use crate::volumes::Volume;

/// Rights that make an open a writer to the locks of transactions: what generic
/// write has and generic read has not ("Basic TxF Concepts"), and what changes
/// the name or the descriptor.
const WRITES: u32 = FILE_WRITE_DATA
    | FILE_APPEND_DATA
    | FILE_WRITE_EA
    | FILE_WRITE_ATTRIBUTES
    | DELETE
    | WRITE_DAC
    | WRITE_OWNER;

/// How a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Open,
    Committed,
    RolledBack,
}

/// A volume as a transaction sees it.
struct Enlisted {
    volume: Arc<Volume>,
    overlay: Arc<Transacted>,
    /// The same.
    fs: Arc<dyn FileSystem>,
}

struct Inner {
    outcome: Outcome,
    enlisted: Vec<Enlisted>,
    /// The one volume that it changes.
    changes: Option<usize>,
}

/// A transaction of KTM, as a handle stands for it.
pub(crate) struct Transaction {
    until: Option<Timestamp>,
    inner: Mutex<Inner>,
}

impl Transaction {
    /// A transaction that is rolled back when it is not committed until then.
    pub(crate) fn new(until: Option<Timestamp>) -> Self {
        Self {
            until,
            inner: Mutex::new(Inner {
                outcome: Outcome::Open,
                enlisted: Vec::new(),
                changes: None,
            }),
        }
    }

    /// Taken after the lock of the namespace.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // The volumes keep themselves whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses one that is over.
    pub(crate) fn check_open(&self) -> Result<(), NtStatus> {
        match self.inner().outcome {
            Outcome::Open => Ok(()),
            Outcome::Committed => Err(NtStatus::TRANSACTION_ALREADY_COMMITTED),
            Outcome::RolledBack => Err(NtStatus::TRANSACTION_ALREADY_ABORTED),
        }
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}

impl Object for Transaction {
    /// The last handle of one that was not committed is gone.
    fn close(&self, machine: &Machine) {
        // One that is over has nothing to roll back.
        machine.rollback(self).ok();
    }
}

/// The volumes as a transaction sees them.
#[derive(Clone)]
pub(crate) struct TransactionView(pub(crate) Arc<Transaction>);

impl TransactionView {
    /// The number of the transaction on a volume that it sees.
    fn number(&self, volume: &Volume) -> Option<u64> {
        let inner = self.0.inner();
        let enlisted = inner
            .enlisted
            .iter()
            .find(|enlisted| enlisted.volume.number == volume.number)?;
        Some(enlisted.overlay.id())
    }

    /// The transaction on a volume that it sees.
    fn overlay(&self, volume: &Volume) -> Option<Arc<Transacted>> {
        let inner = self.0.inner();
        let enlisted = inner
            .enlisted
            .iter()
            .find(|enlisted| enlisted.volume.number == volume.number)?;
        Some(Arc::clone(&enlisted.overlay))
    }
}

impl View for TransactionView {
    /// A volume that [`View::admit`] refuses is seen as it is.
    fn fs(&self, volume: &Arc<Volume>) -> Arc<dyn FileSystem> {
        let mut inner = self.0.inner();
        let known = inner
            .enlisted
            .iter()
            .find(|enlisted| enlisted.volume.number == volume.number);
        if let Some(enlisted) = known {
            return Arc::clone(&enlisted.fs);
        }
        let begun = volume
            .transactions
            .as_ref()
            .map(|manager| manager.begin(self.0.until));
        let Some(Ok(overlay)) = begun else {
            return Arc::clone(&volume.fs);
        };
        let overlay = Arc::new(overlay);
        let fs: Arc<dyn FileSystem> = Arc::clone(&overlay) as Arc<dyn FileSystem>;
        inner.enlisted.push(Enlisted {
            volume: Arc::clone(volume),
            overlay,
            fs: Arc::clone(&fs),
        });
        fs
    }

    fn volume(&self, machine: &Machine, fs: &Arc<dyn FileSystem>) -> Option<Arc<Volume>> {
        let inner = self.0.inner();
        let known = inner
            .enlisted
            .iter()
            .find(|enlisted| Arc::ptr_eq(&enlisted.fs, fs));
        match known {
            Some(enlisted) => Some(Arc::clone(&enlisted.volume)),
            None => machine.volumes.of(fs),
        }
    }

    fn admit(&self, volume: &Volume) -> Result<(), NtStatus> {
        if volume.is_remote() {
            return Err(NtStatus::TRANSACTIONS_UNSUPPORTED_REMOTE);
        }
        match volume.transactions {
            Some(_) => Ok(()),
            None => Err(NtStatus::RM_NOT_ACTIVE),
        }
    }

    /// A transaction changes one volume: two could not be committed as one.
    fn begin_changes(&self, volume: &Volume) -> Result<(), NtStatus> {
        let mut inner = self.0.inner();
        match inner.changes {
            Some(number) if number != volume.number => Err(NtStatus::CANT_CROSS_RM_BOUNDARY),
            _ => {
                inner.changes = Some(volume.number);
                Ok(())
            }
        }
    }

    fn transacted(&self) -> Option<TransactionView> {
        Some(self.clone())
    }
}

/// Who opens, to the locks of transactions.
pub(super) fn user(view: &dyn View, volume: &Volume, is_directory: bool, granted: u32) -> User {
    if is_directory || volume.transactions.is_none() {
        return User::Unlocked;
    }
    let way = match granted & WRITES {
        0 => Way::Reads,
        _ => Way::Writes,
    };
    match view.transacted().and_then(|view| view.number(volume)) {
        Some(number) => User::Transacted(number, way),
        None => User::Plain(way),
    }
}

/// What transactions have to say to the opening of a file that is there: a file
/// that one of them changed is not written to by others, and one that is opened
/// to be changed in a transaction is its own until it ends.
pub(super) fn check_open(view: &dyn View, found: &Found<'_>, user: User) -> Result<(), NtStatus> {
    let Some(manager) = &found.volume.transactions else {
        return Ok(());
    };
    let (by, way) = match user {
        User::Unlocked => return Ok(()),
        User::Plain(way) => (None, way),
        User::Transacted(number, way) => (Some(number), way),
    };
    if by.is_some() && found.stat.attributes.contains(Attributes::ENCRYPTED) {
        return Err(NtStatus::EFS_NOT_ALLOWED_IN_TRANSACTION);
    }
    match way {
        Way::Writes if manager.is_changed(&found.node, by) => Err(NtStatus::SHARING_VIOLATION),
        Way::Writes => view.begin_changes(&found.volume),
        Way::Reads => Ok(()),
    }
}

/// A directory above what a transaction changed stays where it is until that
/// ends: `otherwise`.
pub(super) fn check_unpinned(open: &FileObject, otherwise: NtStatus) -> Result<(), NtStatus> {
    let Some(manager) = &open.volume.transactions else {
        return Ok(());
    };
    let own = Some(open.key.transaction).filter(|number| *number != 0);
    match open.kind == StreamKind::Directory && manager.is_pinned(&open.node, own) {
        true => Err(otherwise),
        false => Ok(()),
    }
}

/// Locks a file that was opened to be changed in a transaction; everything else
/// about the open was allowed.
pub(super) fn lock(view: &dyn View, found: &Found<'_>, user: User) -> Result<(), NtStatus> {
    let (User::Transacted(_, Way::Writes), Some(view)) = (user, view.transacted()) else {
        return Ok(());
    };
    match view.overlay(&found.volume) {
        Some(overlay) => overlay.lock_file(&found.node).map_err(status::of),
        None => Ok(()),
    }
}

/// The transactions with a time limit.
#[derive(Default)]
pub(crate) struct Transactions {
    limited: Mutex<Vec<Weak<Transaction>>>,
}

impl Transactions {
    fn limited(&self) -> MutexGuard<'_, Vec<Weak<Transaction>>> {
        self.limited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks after a new transaction.
    pub(crate) fn add(&self, transaction: &Arc<Transaction>) {
        if transaction.until.is_some() {
            self.limited().push(Arc::downgrade(transaction));
        }
    }

    /// Takes those out whose time is over.
    fn take_expired(&self, now: Timestamp) -> Vec<Arc<Transaction>> {
        let mut limited = self.limited();
        let mut expired = Vec::new();
        limited.retain(|known| match known.upgrade() {
            Some(transaction) if transaction.is_expired(now) => {
                expired.push(transaction);
                false
            }
            Some(_) => true,
            None => false,
        });
        expired
    }
}

impl Machine {
    /// Rolls back what was not committed in time.
    pub(crate) fn expire_transactions(&self) {
        if self.transactions.limited().is_empty() {
            return;
        }
        for transaction in self.transactions.take_expired(self.clock.now()) {
            // It may have been ended by its owner meanwhile.
            self.rollback(&transaction).ok();
        }
    }

    /// Commits: everything it did happens, and is durable, or nothing.
    pub(crate) fn commit(&self, transaction: &Transaction) -> Result<(), NtStatus> {
        self.expire_transactions();
        let mut namespace = self.nt.namespace();
        transaction.check_open()?;
        let mut inner = transaction.inner();
        let enlisted = core::mem::take(&mut inner.enlisted);
        for part in &enlisted {
            self.end_handles(part);
        }
        // One volume has changes; the others only have to be told that it is over.
        let (changed, read): (Vec<_>, Vec<_>) = enlisted
            .into_iter()
            .partition(|part| part.overlay.has_changes());
        let mut result = Ok(());
        for part in changed.iter().chain(&read) {
            if result.is_err() {
                part.overlay.rollback().ok();
                continue;
            }
            let key = |record, sequence| FileKey {
                volume: part.volume.number,
                transaction: 0,
                device: 0,
                record,
                sequence,
            };
            let is_open = |record, sequence| self.nt.shares.count(&key(record, sequence)) > 0;
            result = match part.overlay.commit_keeping(&is_open) {
                Ok(done) => {
                    for (record, sequence) in done.aside {
                        namespace.add_orphan(key(record, sequence));
                    }
                    Ok(())
                }
                Err(error) => Err(status::status(&error)),
            };
        }
        inner.outcome = match result {
            Ok(()) => Outcome::Committed,
            Err(_) => Outcome::RolledBack,
        };
        drop(inner);
        drop(namespace);
        result?;
        changed
            .iter()
            .try_for_each(|part| part.volume.fs.sync().map_err(status::of))
    }

    /// Rolls back.
    pub(crate) fn rollback(&self, transaction: &Transaction) -> Result<(), NtStatus> {
        let _namespace = self.nt.namespace();
        transaction.check_open()?;
        let mut inner = transaction.inner();
        for part in core::mem::take(&mut inner.enlisted) {
            self.end_handles(&part);
            // Its time may have been over.
            part.overlay.rollback().ok();
        }
        inner.outcome = Outcome::RolledBack;
        Ok(())
    }

    /// The handles of a transaction that ends lock nobody out any more.
    fn end_handles(&self, part: &Enlisted) {
        let volume = part.volume.number;
        self.nt
            .shares
            .forget_transaction(|key| key.volume == volume, part.overlay.id());
    }
}
