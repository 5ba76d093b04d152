//! Transactions: `CreateTransaction`, `CommitTransaction`, `RollbackTransaction`
//! (KtmW32) and the `...Transacted` functions.

use std::sync::Arc;
use std::time::Duration;

use linkwright_codes::Win32Error;
use linkwright_fs::Timestamp;

use crate::constants::{
    FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE, INFINITE, MOVEFILE_COPY_ALLOWED,
    SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE, SYMBOLIC_LINK_FLAG_DIRECTORY,
    TRANSACTION_DO_NOT_PROMOTE, TXFS_MINIVERSION_DEFAULT_VIEW, TXFS_MINIVERSION_DIRTY_VIEW,
};
use crate::create_file::FileArguments;
use crate::nt::transaction::{Transaction, TransactionView};
use crate::settings::WindowsVersion;
use crate::{Handle, System, Win32Result};

impl System {
    /// `CreateTransaction`: a handle of a new transaction. `security` and
    /// `description` are kept by nobody; `timeout` is in milliseconds, 0 and
    /// INFINITE mean none, and counts by the system's clock.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER: `unit_of_work`, `isolation_level` or
    /// `isolation_flags` not zero, unknown `options`.
    #[expect(clippy::too_many_arguments, reason = "the SDK's function has seven")]
    pub fn create_transaction(
        &self,
        security: Option<&[u8]>,
        unit_of_work: Option<[u8; 16]>,
        options: u32,
        isolation_level: u32,
        isolation_flags: u32,
        timeout: u32,
        description: Option<&[u16]>,
    ) -> Win32Result<Handle> {
        let _ = (security, description);
        let reserved = isolation_level != 0 || isolation_flags != 0 || unit_of_work.is_some();
        if reserved || options & !TRANSACTION_DO_NOT_PROMOTE != 0 {
            return self.remember(Err(Win32Error::INVALID_PARAMETER));
        }
        let until = match timeout {
            0 | INFINITE => None,
            milliseconds => Some(later(self.machine.clock.now(), milliseconds)),
        };
        let transaction = Arc::new(Transaction::new(until));
        self.machine.transactions.add(&transaction);
        Ok(self.process.handles.insert(transaction))
    }

    /// `CommitTransaction`: everything that was done in the transaction happens,
    /// and is durable when this returns; or nothing of it, and the transaction is
    /// rolled back. Handles that were opened in it are good for nothing but
    /// closing afterwards.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE; ERROR_TRANSACTION_ALREADY_COMMITTED,
    /// ERROR_TRANSACTION_ALREADY_ABORTED; ERROR_DISK_FULL,
    /// ERROR_TRANSACTIONAL_CONFLICT and errors of the storage.
    pub fn commit_transaction(&self, transaction: Handle) -> Win32Result<()> {
        let committed = self
            .object::<Transaction>(transaction)
            .and_then(|transaction| Ok(self.machine.commit(&transaction)?));
        self.remember(committed)
    }

    /// `RollbackTransaction`: forgets what was done in the transaction, as closing
    /// its last handle does.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE; ERROR_TRANSACTION_ALREADY_COMMITTED,
    /// ERROR_TRANSACTION_ALREADY_ABORTED.
    pub fn rollback_transaction(&self, transaction: Handle) -> Win32Result<()> {
        self.machine.expire_transactions();
        let ended = self
            .object::<Transaction>(transaction)
            .and_then(|transaction| Ok(self.machine.rollback(&transaction)?));
        self.remember(ended)
    }

    /// The view of a transaction that a function is given.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE: nothing is open under the handle;
    /// ERROR_INVALID_TRANSACTION: something else is; the two codes of a
    /// transaction that is over.
    pub(crate) fn transacted(&self, transaction: Handle) -> Win32Result<TransactionView> {
        self.machine.expire_transactions();
        if !self.process.handles.is_open(transaction) {
            return Err(Win32Error::INVALID_HANDLE);
        }
        let transaction = self
            .object::<Transaction>(transaction)
            .map_err(|_| Win32Error::INVALID_TRANSACTION)?;
        transaction.check_open()?;
        Ok(TransactionView(transaction))
    }

    /// `CreateFileTransactedW`. `mini_version` can be the default or the view with
    /// all changes; older versions are not kept (docs/limits.md).
    ///
    /// # Errors
    /// Those of [`System::create_file_w`]; ERROR_INVALID_HANDLE,
    /// ERROR_INVALID_TRANSACTION, ERROR_TRANSACTION_ALREADY_COMMITTED,
    /// ERROR_TRANSACTION_ALREADY_ABORTED; ERROR_TRANSACTIONS_UNSUPPORTED_REMOTE,
    /// ERROR_RM_NOT_ACTIVE: a volume without transactions;
    /// ERROR_TRANSACTIONAL_CONFLICT; ERROR_EFS_NOT_ALLOWED_IN_TRANSACTION;
    /// ERROR_CANT_CROSS_RM_BOUNDARY: it changes another volume already.
    #[expect(clippy::too_many_arguments, reason = "the SDK's function has ten")]
    pub fn create_file_transacted_w(
        &self,
        name: Option<&[u16]>,
        access: u32,
        share: u32,
        security: Option<&[u8]>,
        disposition: u32,
        flags: u32,
        template: Option<Handle>,
        transaction: Handle,
        mini_version: Option<u16>,
    ) -> Win32Result<Handle> {
        let arguments = FileArguments {
            access,
            share,
            security,
            disposition,
            flags,
        };
        let opened = self.transacted(transaction).and_then(|view| {
            match mini_version {
                None | Some(TXFS_MINIVERSION_DEFAULT_VIEW | TXFS_MINIVERSION_DIRTY_VIEW) => {}
                Some(_) => return Err(Win32Error::INVALID_PARAMETER),
            }
            self.create_file(name, arguments, template, &view)
        });
        self.remember(opened)
    }

    /// `DeleteFileTransactedW`.
    ///
    /// # Errors
    /// Those of [`System::delete_file_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]).
    pub fn delete_file_transacted_w(
        &self,
        name: Option<&[u16]>,
        transaction: Handle,
    ) -> Win32Result<()> {
        self.remember(
            self.transacted(transaction)
                .and_then(|view| self.delete(name, FILE_NON_DIRECTORY_FILE, &view)),
        )
    }

    /// `RemoveDirectoryTransactedW`.
    ///
    /// # Errors
    /// Those of [`System::remove_directory_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]).
    pub fn remove_directory_transacted_w(
        &self,
        name: Option<&[u16]>,
        transaction: Handle,
    ) -> Win32Result<()> {
        self.remember(
            self.transacted(transaction)
                .and_then(|view| self.delete(name, FILE_DIRECTORY_FILE, &view)),
        )
    }

    /// `CreateDirectoryTransactedW`. A template directory is opened, and lends
    /// nothing: its attributes beside those of a directory have no meaning here.
    ///
    /// # Errors
    /// Those of [`System::create_directory_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]); ERROR_NOT_SUPPORTED with a
    /// template.
    pub fn create_directory_transacted_w(
        &self,
        template: Option<&[u16]>,
        name: Option<&[u16]>,
        security: Option<&[u8]>,
        transaction: Handle,
    ) -> Win32Result<()> {
        let made = self
            .transacted(transaction)
            .and_then(|view| match template {
                Some(_) => Err(Win32Error::NOT_SUPPORTED),
                None => self.make_directory(name, security, &view),
            });
        self.remember(made)
    }

    /// `MoveFileTransactedW`, without a progress function.
    ///
    /// # Errors
    /// Those of [`System::move_file_ex_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]).
    pub fn move_file_transacted_w(
        &self,
        existing: Option<&[u16]>,
        new: Option<&[u16]>,
        flags: u32,
        transaction: Handle,
    ) -> Win32Result<()> {
        // A copy to another volume could not be part of it.
        self.remember(
            self.transacted(transaction).and_then(|view| {
                self.move_file(existing, new, flags & !MOVEFILE_COPY_ALLOWED, &view)
            }),
        )
    }

    /// `CreateHardLinkTransactedW`. A symbolic link named as `existing` is itself
    /// linked, as without a transaction (SEMANTICS 9.9).
    ///
    /// # Errors
    /// Those of [`System::create_hard_link_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]).
    pub fn create_hard_link_transacted_w(
        &self,
        new: Option<&[u16]>,
        existing: Option<&[u16]>,
        security: Option<&[u8]>,
        transaction: Handle,
    ) -> Win32Result<()> {
        let _ = security;
        self.remember(
            self.transacted(transaction)
                .and_then(|view| self.hard_link(new, existing, &view)),
        )
    }

    /// `CreateSymbolicLinkTransactedW`.
    ///
    /// # Errors
    /// Those of [`System::create_symbolic_link_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]).
    pub fn create_symbolic_link_transacted_w(
        &self,
        link: Option<&[u16]>,
        target: Option<&[u16]>,
        flags: u32,
        transaction: Handle,
    ) -> Win32Result<()> {
        self.remember(self.transacted(transaction).and_then(|view| {
            match flags & !self.link_flags() {
                0 => self.symbolic_link(link, target, flags, &view),
                _ => Err(Win32Error::INVALID_PARAMETER),
            }
        }))
    }

    /// The flags of CreateSymbolicLink that this Windows knows.
    pub(crate) fn link_flags(&self) -> u32 {
        match self.machine.version >= WindowsVersion::UNPRIVILEGED_LINKS {
            true => SYMBOLIC_LINK_FLAG_DIRECTORY | SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE,
            false => SYMBOLIC_LINK_FLAG_DIRECTORY,
        }
    }
}

/// A time so many milliseconds after another.
fn later(now: Timestamp, milliseconds: u32) -> Timestamp {
    let wait = Duration::from_millis(u64::from(milliseconds));
    let nanos = now.nanos + wait.subsec_nanos();
    let whole = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
    Timestamp {
        seconds: now
            .seconds
            .saturating_add(whole)
            .saturating_add(i64::from(nanos / 1_000_000_000)),
        nanos: nanos % 1_000_000_000,
    }
}
