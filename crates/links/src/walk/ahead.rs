//! Directories listed by several threads ahead of the one that tells them, in
//! the order in which they are told.
//!
//! The teller keeps the directories that are still to come on a stack. Those are
//! also in a queue, from whose end - what comes next - helpers take them. What
//! no helper has begun when its turn comes, the teller lists itself, so that a
//! walk never waits for anything that nobody does.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use linkwright_fs::{Node, Result};

/// Entries of a directory that are listed ahead; the others are listed when they
/// are told.
const FIRST: usize = 1024;
/// Directories of one depth, and of all, that may be listed and not told yet: each
/// has a descriptor open, and [`FIRST`] entries at most. The teller goes down
/// before it goes on, so that deeper ones must not wait for room.
const AHEAD_OF_A_DEPTH: usize = 8;
const AHEAD_OF_ALL: usize = 128;
/// More threads than this only wait for the file system.
const MAX_HELPERS: usize = 3;

/// The entries of a directory, one after the other.
pub(super) type Entries<'a, T> = Box<dyn Iterator<Item = T> + Send + 'a>;

/// How a directory is listed.
pub(super) type Lister<'a, T> = &'a (dyn Fn(&Node) -> Result<Entries<'a, T>> + Sync);

/// What is known of a directory.
enum State<'a, T> {
    /// Nobody has begun.
    Waiting(Node),
    /// A helper lists it.
    Underway,
    /// Its first entries, and the rest.
    Listed(Result<(Vec<T>, Entries<'a, T>)>),
    /// The teller has it.
    Taken,
}

/// A directory that is to come.
pub(super) struct Slot<'a, T> {
    depth: usize,
    state: Mutex<State<'a, T>>,
    listed: Condvar,
}

impl<T> Slot<'_, T> {
    /// Takes the directory to list it, when nobody has.
    fn begin(&self) -> Option<Node> {
        let mut state = lock(&self.state);
        match std::mem::replace(&mut *state, State::Underway) {
            State::Waiting(node) => Some(node),
            other => {
                *state = other;
                None
            }
        }
    }
}

struct Queue<'a, T> {
    slots: Vec<Arc<Slot<'a, T>>>,
    /// How many directories of each depth helpers listed or list that were not
    /// told yet.
    ahead: Vec<usize>,
    all_ahead: usize,
    over: bool,
}

impl<T> Queue<'_, T> {
    fn has_room(&self, depth: usize) -> bool {
        let here = self.ahead.get(depth).copied().unwrap_or(0);
        here < AHEAD_OF_A_DEPTH && self.all_ahead < AHEAD_OF_ALL
    }

    fn begin(&mut self, depth: usize) {
        if self.ahead.len() <= depth {
            self.ahead.resize(depth + 1, 0);
        }
        self.ahead[depth] += 1;
        self.all_ahead += 1;
    }

    fn end(&mut self, depth: usize) {
        self.ahead[depth] -= 1;
        self.all_ahead -= 1;
    }
}

/// What teller and helpers share.
pub(super) struct Ahead<'a, T> {
    lister: Lister<'a, T>,
    queue: Mutex<Queue<'a, T>>,
    changed: Condvar,
    helpers: usize,
}

/// A panic of another thread is passed on by the scope that it runs in.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the helpers when the teller is done, however it ends.
struct Over<'q, 'a, T>(&'q Ahead<'a, T>);

impl<T> Drop for Over<'_, '_, T> {
    fn drop(&mut self) {
        lock(&self.0.queue).over = true;
        self.0.changed.notify_all();
    }
}

/// Wakes the teller when a helper is done with a directory, however that ended.
struct GivenUp<'s, 'a, T>(&'s Slot<'a, T>);

impl<T> Drop for GivenUp<'_, '_, T> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if matches!(*state, State::Underway) {
            // It panicked, which is passed on at the end.
            *state = State::Taken;
        }
        drop(state);
        self.0.listed.notify_all();
    }
}

impl<'a, T: Send> Ahead<'a, T> {
    /// Lists by `lister`.
    pub(super) fn new(lister: Lister<'a, T>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        Self {
            lister,
            queue: Mutex::new(Queue {
                slots: Vec::new(),
                ahead: Vec::new(),
                all_ahead: 0,
                over: false,
            }),
            changed: Condvar::new(),
            helpers: (threads - 1).min(MAX_HELPERS),
        }
    }

    /// Runs `tell` with helpers beside it.
    pub(super) fn run<R>(&self, tell: impl FnOnce() -> R) -> R {
        if self.helpers == 0 {
            return tell();
        }
        std::thread::scope(|scope| {
            let _over = Over(self);
            for _ in 0..self.helpers {
                let helper = std::thread::Builder::new().name("walk".to_owned());
                // With fewer of them, or none, the teller lists more itself.
                if helper.spawn_scoped(scope, || self.help()).is_err() {
                    break;
                }
            }
            tell()
        })
    }

    /// Makes directories known that come before all that are known; the last one
    /// of them is told first.
    pub(super) fn add(
        &self,
        depth: usize,
        nodes: impl Iterator<Item = Node>,
    ) -> Vec<Arc<Slot<'a, T>>> {
        let slot = |node| {
            Arc::new(Slot {
                depth,
                state: Mutex::new(State::Waiting(node)),
                listed: Condvar::new(),
            })
        };
        let slots: Vec<_> = nodes.map(slot).collect();
        if self.helpers > 0 && !slots.is_empty() {
            lock(&self.queue).slots.extend(slots.iter().cloned());
            self.changed.notify_all();
        }
        slots
    }

    /// The entries of a directory, listed by now or here.
    pub(super) fn take(&self, slot: &Slot<'a, T>) -> Result<(Vec<T>, Entries<'a, T>)> {
        let mut state = lock(&slot.state);
        loop {
            match std::mem::replace(&mut *state, State::Taken) {
                State::Waiting(node) => {
                    drop(state);
                    return Ok((Vec::new(), (self.lister)(&node)?));
                }
                State::Underway => {
                    *state = State::Underway;
                    state = slot
                        .listed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                State::Listed(listed) => {
                    drop(state);
                    lock(&self.queue).end(slot.depth);
                    self.changed.notify_all();
                    return listed;
                }
                // Each slot is told once.
                State::Taken => return Ok((Vec::new(), Box::new(std::iter::empty()))),
            }
        }
    }

    /// A helper: lists what comes next until the walk is over.
    fn help(&self) {
        while let Some(slot) = self.next() {
            let Some(node) = slot.begin() else {
                // The teller was faster.
                lock(&self.queue).end(slot.depth);
                continue;
            };
            let given_up = GivenUp(&slot);
            let listed = (self.lister)(&node).map(|mut entries| {
                let first = entries.by_ref().take(FIRST).collect();
                (first, entries)
            });
            *lock(&slot.state) = State::Listed(listed);
            drop(given_up);
        }
    }

    /// The directory that is told next of those that nobody has begun, once there
    /// is room for it; `None` when the walk is over.
    fn next(&self) -> Option<Arc<Slot<'a, T>>> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.over {
                return None;
            }
            let next = queue.slots.last().map(|slot| slot.depth);
            if next.is_some_and(|depth| queue.has_room(depth))
                && let Some(slot) = queue.slots.pop()
            {
                queue.begin(slot.depth);
                return Some(slot);
            }
            queue = self
                .changed
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
