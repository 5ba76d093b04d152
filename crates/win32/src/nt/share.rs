//! The share-mode table: per file, whatever name it was opened by
//! (MS-FSA 2.1.5.1.2.2).

use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use linkwright_codes::NtStatus;
use linkwright_fs::StreamName;

use crate::constants::{
    DELETE, FILE_APPEND_DATA, FILE_EXECUTE, FILE_READ_DATA, FILE_SHARE_DELETE, FILE_SHARE_READ,
    FILE_SHARE_WRITE, FILE_WRITE_DATA,
};

const READS: u32 = FILE_READ_DATA | FILE_EXECUTE;
const WRITES: u32 = FILE_WRITE_DATA | FILE_APPEND_DATA;

/// Somebody else has the file open in a way that forbids this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// STATUS_SHARING_VIOLATION
    Sharing,
    /// STATUS_TRANSACTIONAL_CONFLICT
    Transaction,
}

impl Refused {
    /// For `map_err`.
    pub(crate) fn status(self) -> NtStatus {
        match self {
            Self::Sharing => NtStatus::SHARING_VIOLATION,
            Self::Transaction => NtStatus::TRANSACTIONAL_CONFLICT,
        }
    }
}

/// Who opens, for the locks between transactions and others (SEMANTICS 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// Nobody is locked out: a directory, or a volume without transactions.
    Unlocked,
    /// Reads, or writes, outside of a transaction.
    Plain(Way),
    /// The same in the transaction of this number.
    Transacted(u64, Way),
}

/// Reading, or writing too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Reads,
    Writes,
}

impl User {
    /// Whether `self` may open while `other` has it open (the table of "Basic TxF
    /// Concepts").
    fn beside(self, other: Self) -> Result<(), Refused> {
        use Way::{Reads, Writes};
        match (other, self) {
            (Self::Transacted(one, Writes), Self::Transacted(two, Writes)) if one != two => {
                Err(Refused::Sharing)
            }
            (Self::Transacted(..), Self::Plain(Writes)) => Err(Refused::Sharing),
            (Self::Plain(Writes), Self::Transacted(_, Reads | Writes)) => Err(Refused::Transaction),
            _ => Ok(()),
        }
    }
}

/// One open, by which it is closed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(u64);

/// What an open does and lets others do.
#[derive(Debug, Clone)]
pub(crate) struct Mode {
    /// The stream; `None` is the unnamed one or the directory.
    pub(crate) stream: Option<StreamName>,
    /// Who.
    pub(crate) user: User,
    /// Granted access.
    pub(crate) access: u32,
    /// FILE_SHARE_READ, _WRITE, _DELETE.
    pub(crate) share: u32,
}

impl Mode {
    /// Whether anything in it is subject to sharing: who only reads or writes
    /// attributes is not.
    fn counts(&self) -> bool {
        self.access & (READS | WRITES | DELETE) != 0
    }

    /// Whether `self` may do what it does while `other` is open.
    fn allowed_by(&self, other: &Self) -> bool {
        let same_stream = self.stream == other.stream;
        [
            (READS, FILE_SHARE_READ),
            (WRITES, FILE_SHARE_WRITE),
            (DELETE, FILE_SHARE_DELETE),
        ]
        .into_iter()
        // Streams are read and written apart, and go together with their file.
        .filter(|(access, _)| same_stream || *access == DELETE)
        .all(|(access, share)| self.access & access == 0 || other.share & share != 0)
    }

    fn conflicts(&self, other: &Self) -> bool {
        self.counts() && other.counts() && !(self.allowed_by(other) && other.allowed_by(self))
    }
}

/// A lock around a value, so that the table runs under the model checker's lock
/// as well as under the real one.
pub(crate) trait Lock<T> {
    /// Around this value.
    fn new(value: T) -> Self;
    /// Does `work` alone.
    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R;
}

impl<T> Lock<T> for Mutex<T> {
    fn new(value: T) -> Self {
        Self::new(value)
    }

    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // `work` is one of the short functions below, which do not panic.
        work(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The opens of every file.
pub(crate) struct Opens<K> {
    next: u64,
    files: HashMap<K, Vec<(Ticket, Mode)>>,
}

impl<K> Default for Opens<K> {
    fn default() -> Self {
        Self {
            next: 0,
            files: HashMap::new(),
        }
    }
}

/// See the module's text.
pub(crate) struct ShareTable<K, L = Mutex<Opens<K>>> {
    opens: L,
    key: PhantomData<fn(K)>,
}

impl<K, L: Lock<Opens<K>>> Default for ShareTable<K, L> {
    fn default() -> Self {
        Self {
            opens: L::new(Opens::default()),
            key: PhantomData,
        }
    }
}

impl<K: Eq + Hash, L: Lock<Opens<K>>> ShareTable<K, L> {
    /// Opens a file, unless an open of it forbids that: check and entry are one
    /// step.
    pub(crate) fn open(&self, file: K, mode: Mode) -> Result<Ticket, Refused> {
        self.opens.with(|opens| {
            let others = opens.files.get(&file).map_or(&[][..], Vec::as_slice);
            for (_, other) in others {
                mode.user.beside(other.user)?;
            }
            if others.iter().any(|(_, other)| mode.conflicts(other)) {
                return Err(Refused::Sharing);
            }
            opens.next += 1;
            let ticket = Ticket(opens.next);
            opens.files.entry(file).or_default().push((ticket, mode));
            Ok(ticket)
        })
    }

    /// Takes an open away; how many are left of the file.
    pub(crate) fn close(&self, file: &K, ticket: Ticket) -> usize {
        self.opens.with(|opens| {
            let Some(list) = opens.files.get_mut(file) else {
                return 0;
            };
            list.retain(|(other, _)| *other != ticket);
            let left = list.len();
            if left == 0 {
                opens.files.remove(file);
            }
            left
        })
    }

    /// Takes the opens of a transaction away that is over: its handles are good
    /// for nothing any more.
    pub(crate) fn forget_transaction(&self, is_its: impl Fn(&K) -> bool, transaction: u64) {
        let is_over =
            |mode: &Mode| matches!(mode.user, User::Transacted(id, _) if id == transaction);
        self.opens.with(|opens| {
            opens.files.retain(|file, list| {
                if is_its(file) {
                    list.retain(|(_, mode)| !is_over(mode));
                }
                !list.is_empty()
            });
        });
    }

    /// How many opens a file has.
    pub(crate) fn count(&self, file: &K) -> usize {
        self.opens
            .with(|opens| opens.files.get(file).map_or(0, Vec::len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

    fn mode(access: u32, share: u32) -> Mode {
        Mode {
            stream: None,
            user: User::Unlocked,
            access,
            share,
        }
    }

    fn table() -> ShareTable<u32> {
        ShareTable::default()
    }

    #[test]
    fn each_right_needs_the_other_side_to_share_it() {
        for (access, share) in [
            (FILE_READ_DATA, FILE_SHARE_READ),
            (FILE_EXECUTE, FILE_SHARE_READ),
            (FILE_WRITE_DATA, FILE_SHARE_WRITE),
            (FILE_APPEND_DATA, FILE_SHARE_WRITE),
            (DELETE, FILE_SHARE_DELETE),
        ] {
            let table = table();
            let first = table.open(1, mode(FILE_READ_DATA, ALL & !share)).unwrap();
            assert_eq!(table.open(1, mode(access, ALL)), Err(Refused::Sharing));
            assert!(table.open(2, mode(access, ALL)).is_ok());
            assert_eq!(table.close(&1, first), 0);
            assert!(table.open(1, mode(access, ALL)).is_ok());
            // And the other way round.
            assert_eq!(
                table.open(1, mode(FILE_READ_DATA, ALL & !share)),
                Err(Refused::Sharing)
            );
        }
    }

    #[test]
    fn who_asks_for_attributes_only_is_exempt_on_both_sides() {
        let table = table();
        let attributes = crate::constants::FILE_WRITE_ATTRIBUTES;
        assert!(table.open(1, mode(attributes, 0)).is_ok());
        assert!(table.open(1, mode(FILE_READ_DATA | DELETE, 0)).is_ok());
        assert!(table.open(1, mode(attributes, 0)).is_ok());
        assert_eq!(table.count(&1), 3);
    }

    #[test]
    fn streams_are_apart_except_for_deleting() {
        let table = table();
        let stream = |access, share| Mode {
            stream: Some(StreamName::from_units(vec![0x73])),
            ..mode(access, share)
        };
        assert!(table.open(1, mode(FILE_WRITE_DATA, 0)).is_ok());
        assert!(table.open(1, stream(FILE_WRITE_DATA, 0)).is_ok());
        assert_eq!(table.open(1, mode(DELETE, ALL)), Err(Refused::Sharing));
    }

    #[test]
    fn transactions_and_others_lock_each_other_out_by_the_table() {
        let one = |way| User::Transacted(1, way);
        let two = |way| User::Transacted(2, way);
        let plain = User::Plain;
        let sharing = Err(Refused::Sharing);
        let conflict = Err(Refused::Transaction);
        use Way::{Reads, Writes};
        for (open, [t_reads, t_writes, reads, writes]) in [
            (one(Reads), [Ok(()), Ok(()), Ok(()), sharing]),
            (one(Writes), [Ok(()), sharing, Ok(()), sharing]),
            (plain(Reads), [Ok(()), Ok(()), Ok(()), Ok(())]),
            (plain(Writes), [conflict, conflict, Ok(()), Ok(())]),
        ] {
            assert_eq!(two(Reads).beside(open), t_reads, "{open:?}");
            assert_eq!(two(Writes).beside(open), t_writes, "{open:?}");
            assert_eq!(plain(Reads).beside(open), reads, "{open:?}");
            assert_eq!(plain(Writes).beside(open), writes, "{open:?}");
            assert_eq!(User::Unlocked.beside(open), Ok(()));
        }
        // A transaction does not lock itself out.
        assert_eq!(one(Writes).beside(one(Writes)), Ok(()));
    }

    #[test]
    fn the_opens_of_a_transaction_end_with_it() {
        let table = table();
        let in_transaction = Mode {
            user: User::Transacted(1, Way::Writes),
            ..mode(FILE_WRITE_DATA, ALL)
        };
        let plain = Mode {
            user: User::Plain(Way::Writes),
            ..mode(FILE_WRITE_DATA, ALL)
        };
        let ticket = table.open(1, in_transaction).unwrap();
        assert_eq!(table.open(1, plain.clone()), Err(Refused::Sharing));
        table.forget_transaction(|_| true, 1);
        assert!(table.open(1, plain).is_ok());
        assert_eq!(table.close(&1, ticket), 1);
    }
}
