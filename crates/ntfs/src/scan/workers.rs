//! Reading ahead: threads that read and look at chunks while the caller is told
//! of earlier ones.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use super::chunk::{Chunk, per_chunk};
use crate::error::{Error, Result};
use crate::volume::Volume;

/// Chunks that a thread is ahead of the caller at most.
const AHEAD: usize = 2;
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
    if threads == 1 || plan.chunks() < FEW {
        return alone(volume, plan, take);
    }
    std::thread::scope(|scope| {
        let mut lines = Vec::with_capacity(threads);
        for number in 0..threads {
            let (full, ready) = sync_channel(AHEAD);
            let (empty, again) = channel();
            let mine = (u64::try_from(number).unwrap_or(0)..plan.chunks()).step_by(threads);
            let started = std::thread::Builder::new()
                .name("scan".to_owned())
                .spawn_scoped(scope, move || work(volume, plan, mine, &full, &again));
            if started.is_err() {
                // Its chunks would be missing; the others end as nobody listens.
                drop(lines);
                return alone(volume, plan, take);
            }
            lines.push((ready, empty));
        }
        in_order(plan, &lines, take)
        // Threads that still have something to give find nobody and end.
    })
}

/// A chunk that was looked at, or why there is none.
type Looked = Result<Chunk>;

/// One thread: each of its chunks into a buffer that came back, or a new one.
fn work(
    volume: &Volume,
    plan: Plan,
    mine: impl Iterator<Item = u64>,
    full: &SyncSender<Looked>,
    again: &Receiver<Chunk>,
) {
    for number in mine {
        let mut chunk = again.try_recv().unwrap_or_default();
        let (first, count) = plan.part(number);
        let looked = chunk.read(volume, first, count).map(|()| chunk);
        let failed = looked.is_err();
        if full.send(looked).is_err() || failed {
            return;
        }
    }
}

/// Takes the chunks of all threads in turn.
fn in_order(
    plan: Plan,
    lines: &[(Receiver<Looked>, Sender<Chunk>)],
    take: &mut dyn FnMut(&mut Chunk) -> ControlFlow<()>,
) -> Result<()> {
    let turns = lines.iter().cycle();
    for (_, (ready, empty)) in (0..plan.chunks()).zip(turns) {
        // A thread ends early only when it panicked: the lock is poisoned then.
        let mut chunk = ready.recv().map_err(|_| Error::Latched)??;
        if take(&mut chunk).is_break() {
            break;
        }
        empty.send(chunk).ok();
    }
    Ok(())
}

fn alone(
    volume: &Volume,
    plan: Plan,
    take: &mut dyn FnMut(&mut Chunk) -> ControlFlow<()>,
) -> Result<()> {
    let mut chunk = Chunk::default();
    for number in 0..plan.chunks() {
        let (first, count) = plan.part(number);
        chunk.read(volume, first, count)?;
        if take(&mut chunk).is_break() {
            break;
        }
    }
    Ok(())
}
