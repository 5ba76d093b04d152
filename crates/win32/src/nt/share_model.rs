//! Every interleaving of a few threads on the share table, by a model checker.

use linkwright_fs::StreamName;
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use super::share::{Lock, Mode, Opens, Refused, ShareTable, User, Way};
use crate::constants::{
    DELETE, FILE_READ_DATA, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_DATA,
};

impl<T> Lock<T> for Mutex<T> {
    fn new(value: T) -> Self {
        Self::new(value)
    }

    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.lock().unwrap())
    }
}

type Table = ShareTable<u32, Mutex<Opens<u32>>>;

const ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

fn mode(access: u32, share: u32) -> Mode {
    Mode {
        stream: None,
        user: User::Unlocked,
        access,
        share,
    }
}

/// Whether two opens may be there at once, said again in another way than the
/// table says it.
fn may_be_together(a: &Mode, b: &Mode) -> bool {
    let pairs = [
        (FILE_READ_DATA, FILE_SHARE_READ),
        (FILE_WRITE_DATA, FILE_SHARE_WRITE),
        (DELETE, FILE_SHARE_DELETE),
    ];
    pairs.iter().all(|(access, share)| {
        let denied =
            |one: &Mode, other: &Mode| one.access & access != 0 && other.share & share == 0;
        !denied(a, b) && !denied(b, a)
    })
}

/// Threads that each open, hold for a moment and close.
fn hold_at_once(modes: &[Mode]) {
    let table = Arc::new(Table::default());
    let holders = Arc::new(Mutex::new(Vec::<Mode>::new()));
    let threads: Vec<_> = modes
        .iter()
        .cloned()
        .map(|mode| {
            let (table, holders) = (Arc::clone(&table), Arc::clone(&holders));
            thread::spawn(move || {
                let Ok(ticket) = table.open(7, mode.clone()) else {
                    return;
                };
                let mut list = holders.lock().unwrap();
                assert!(list.iter().all(|other| may_be_together(&mode, other)));
                list.push(mode.clone());
                drop(list);
                let mut list = holders.lock().unwrap();
                list.retain(|other| other.access != mode.access);
                drop(list);
                table.close(&7, ticket);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(table.count(&7), 0);
}

fn three() -> [Mode; 3] {
    [
        mode(FILE_READ_DATA, FILE_SHARE_READ),
        mode(FILE_WRITE_DATA, ALL),
        mode(FILE_READ_DATA | DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE),
    ]
}

#[test]
fn two_opens_that_exclude_each_other_are_never_there_at_once() {
    let [a, b, c] = three();
    for pair in [[a.clone(), b.clone()], [b, c.clone()], [a, c]] {
        shuttle::check_dfs(move || hold_at_once(&pair), None);
    }
}

#[test]
fn nor_are_three_of_them() {
    // All interleavings of three would be millions.
    shuttle::check_pct(|| hold_at_once(&three()), 500, 4);
}

fn want_it_alone(threads: usize) {
    let table = Arc::new(Table::default());
    let threads: Vec<_> = (0..threads)
        .map(|_| {
            let table = Arc::clone(&table);
            thread::spawn(move || table.open(7, mode(FILE_WRITE_DATA, 0)))
        })
        .collect();
    let got = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .filter(Result::is_ok);
    assert_eq!(got.count(), 1);
    assert_eq!(table.open(7, mode(DELETE, ALL)), Err(Refused::Sharing));
}

#[test]
fn of_all_that_want_a_file_alone_exactly_one_gets_it() {
    shuttle::check_dfs(|| want_it_alone(2), None);
    shuttle::check_pct(|| want_it_alone(4), 500, 4);
}

/// Writers of two transactions and one outside, while the first transaction ends.
fn write_in_transactions() {
    let table = Arc::new(Table::default());
    let writing = Arc::new(Mutex::new(Vec::<User>::new()));
    let users = [
        User::Transacted(1, Way::Writes),
        User::Transacted(2, Way::Writes),
        User::Plain(Way::Writes),
    ];
    let threads: Vec<_> = users
        .into_iter()
        .map(|user| {
            let (table, writing) = (Arc::clone(&table), Arc::clone(&writing));
            thread::spawn(move || {
                let wanted = Mode {
                    user,
                    ..mode(FILE_WRITE_DATA, ALL)
                };
                let Ok(ticket) = table.open(7, wanted) else {
                    return;
                };
                let mut list = writing.lock().unwrap();
                assert!(list.is_empty(), "{user:?} beside {list:?}");
                list.push(user);
                drop(list);
                writing.lock().unwrap().clear();
                if matches!(user, User::Transacted(1, _)) {
                    // As a commit does; the handle is closed after it.
                    table.forget_transaction(|_| true, 1);
                }
                table.close(&7, ticket);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(table.count(&7), 0);
}

#[test]
fn writers_of_transactions_and_others_are_never_there_at_once() {
    shuttle::check_pct(write_in_transactions, 1000, 4);
}

fn close_at_once(threads: u16) {
    let table = Arc::new(Table::default());
    let tickets: Vec<_> = (0..threads)
        .map(|number| {
            let open = Mode {
                stream: Some(StreamName::from_units(vec![number])),
                ..mode(FILE_READ_DATA, ALL)
            };
            table.open(7, open).unwrap()
        })
        .collect();
    let threads: Vec<_> = tickets
        .into_iter()
        .map(|ticket| {
            let table = Arc::clone(&table);
            thread::spawn(move || table.close(&7, ticket))
        })
        .collect();
    let left = threads.into_iter().map(|thread| thread.join().unwrap());
    assert_eq!(left.filter(|left| *left == 0).count(), 1);
}

#[test]
fn the_last_close_is_seen_by_exactly_one() {
    shuttle::check_dfs(|| close_at_once(2), None);
    shuttle::check_pct(|| close_at_once(4), 500, 4);
}
