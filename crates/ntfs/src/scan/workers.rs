//! Reading ahead: chunks are read and looked at by several threads, and told by
//! one of them, the caller's, in their order.
//!
//! Chunks are taken in order by whoever is free. The caller tells the next one when
//! it is ready, and until then reads further ones like the others: no thread waits
//! for another while there is something to read, and most of what the caller tells
//! is still in its processor's cache.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::chunk::{Chunk, per_chunk};
use crate::error::{Error, Result};
use crate::volume::Volume;

/// Chunks a thread that are begun and not told at most; one more is used again.
const AHEAD: u64 = 2;
/// More threads than this only wait for memory.
const MAX_THREADS: usize = 4;
/// Fewer chunks than this are not worth a thread.
const FEW: u64 = 4;

/// Records, and how they are cut into chunks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    records: u64,
    per_chunk: u64,
}

impl Plan {
    pub(super) fn new(records: u64, record_size: usize) -> Self {
        Self {
            records,
            per_chunk: per_chunk(record_size),
        }
    }

    fn chunks(self) -> u64 {
        self.records.div_ceil(self.per_chunk)
    }

    /// The first record of a chunk and how many it has.
    pub(super) fn part(self, chunk: u64) -> (u64, u64) {
        let first = chunk * self.per_chunk;
        (first, self.per_chunk.min(self.records - first))
    }

    /// The chunk that a record is in.
    pub(super) fn chunk_of(self, record: u64) -> u64 {
        record / self.per_chunk
    }
}

/// Gives every chunk to `take`, in order, until it breaks.
///
/// # Errors
/// The volume is latched.
pub(super) fn each_chunk(
    volume: &Volume,
    plan: Plan,
    take: &mut dyn FnMut(&mut Chunk) -> ControlFlow<()>,
) -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(MAX_THREADS));
    let helpers = match plan.chunks() < FEW {
        true => 0,
        false => threads - 1,
    };
    let ahead = AHEAD * u64::try_from(helpers + 1).unwrap_or(1);
    let line = Line {
        volume,
        plan,
        ahead,
        state: Mutex::new(State::default()),
        changed: Condvar::new(),
    };
    std::thread::scope(|scope| {
        let _over = Over(&line);
        for _ in 0..helpers {
            let helper = std::thread::Builder::new().name("scan".to_owned());
            // With fewer of them, or none, the caller reads more itself.
            if helper.spawn_scoped(scope, || line.help()).is_err() {
                break;
            }
        }
        line.tell(take)
    })
}

/// A chunk that was looked at, or why there is none.
type Looked = Result<Chunk>;

/// What the threads share.
struct Line<'v> {
    volume: &'v Volume,
    plan: Plan,
    /// Chunks that are begun and not told at most.
    ahead: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The first chunk that nobody has begun.
    next: u64,
    /// Chunks that were told.
    told: u64,
    ready: BTreeMap<u64, Looked>,
    /// Chunks that were told, to be used again.
    empty: Vec<Chunk>,
    /// Nothing more is wanted, or a thread is gone with its chunk.
    over: bool,
}

/// Ends the helpers when the caller is done, and the caller's waiting when a helper
/// is, however that ended.
struct Over<'l, 'v>(&'l Line<'v>);

impl Drop for Over<'_, '_> {
    fn drop(&mut self) {
        self.0.state().over = true;
        self.0.changed.notify_all();
    }
}

impl Line<'_> {
    /// A panic of another thread is passed on by the scope that it runs in.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'g>(&self, state: MutexGuard<'g, State>) -> MutexGuard<'g, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the next chunk, if there is one and it may be: its number and a buffer
    /// for it.
    fn begin(&self, state: &mut State) -> Option<(u64, Chunk)> {
        if state.next >= self.plan.chunks() || state.next - state.told >= self.ahead {
            return None;
        }
        let number = state.next;
        state.next += 1;
        Some((number, state.empty.pop().unwrap_or_default()))
    }

    fn read(&self, number: u64, mut chunk: Chunk) -> Looked {
        let (first, count) = self.plan.part(number);
        chunk.read(self.volume, first, count).map(|()| chunk)
    }

    /// A helper: reads until all is read or nothing more is wanted.
    fn help(&self) {
        let mut state = self.state();
        while !state.over && state.next < self.plan.chunks() {
            let Some((number, chunk)) = self.begin(&mut state) else {
                state = self.wait(state);
                continue;
            };
            drop(state);
            let gone = Over(self);
            let looked = self.read(number, chunk);
            std::mem::forget(gone);
            state = self.state();
            state.ready.insert(number, looked);
            self.changed.notify_all();
        }
    }

    /// The caller: tells one chunk after the other, and reads what is ahead while the
    /// one that comes next is with a helper.
    fn tell(&self, take: &mut dyn FnMut(&mut Chunk) -> ControlFlow<()>) -> Result<()> {
        let mut state = self.state();
        while state.told < self.plan.chunks() {
            let told = state.told;
            let mut chunk = if let Some(looked) = state.ready.remove(&told) {
                drop(state);
                looked?
            } else if let Some((number, chunk)) = self.begin(&mut state) {
                drop(state);
                let looked = self.read(number, chunk);
                if number != told {
                    state = self.state();
                    state.ready.insert(number, looked);
                    continue;
                }
                looked?
            } else if state.over {
                // A helper panicked, which is passed on when it is joined.
                return Err(Error::Latched);
            } else {
                state = self.wait(state);
                continue;
            };
            if take(&mut chunk).is_break() {
                break;
            }
            state = self.state();
            state.told += 1;
            state.empty.push(chunk);
            self.changed.notify_all();
        }
        Ok(())
    }
}
