//! Large commits beside the caller: the group takes off, a thread of its own
//! writes it, and operations go on meanwhile.
//!
//! Invariants
//! - One group at a time is in the air. The store is away with it, and a stand-in
//!   in its place: whatever needs the journal lands the group first.
//! - Groups take off and land at points that what the caller does decides, not the
//!   clock: the same operations make the same bytes.
//! - What a group freed is used again when it has landed.
//! - What cannot be read from the device meanwhile is found in the flight
//!   ([`crate::cache::Cache::get`]); what is read past the cache, records in a
//!   scan, lands the group first.
//! - A group that fails to land latches the store. Its blocks stay readable.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use super::large::commit_large;
use crate::cache::{Cache, Flight};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::txn::Store;

/// Where a large commit is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Here; the caller waits.
    Waiting,
    /// On a thread of its own.
    Beside,
}

/// A group in the air.
struct Airborne {
    thread: JoinHandle<Option<Done>>,
    /// How many of the engine's pending frees are its own or older.
    pending: usize,
}

/// The store comes back.
type Done = (Store, Result<()>);

/// See the module's text.
#[derive(Default)]
pub(crate) struct Beside {
    airborne: Option<Airborne>,
    /// What failed and was told to nobody yet.
    failed: Option<Error>,
}

/// All that a commit needs.
struct Job {
    store: Store,
    flight: Arc<Flight>,
    lent: Vec<(u64, u64)>,
}

impl Job {
    fn run(mut self) -> Done {
        let result = commit_large(&mut self.store, &self.flight, &self.lent);
        (self.store, result)
    }
}

impl Engine {
    /// Commits everything that is dirty as one large group. The room was found
    /// before ([`Self::lend_for`]), nothing is in the air, and none of it lies in
    /// the spill area.
    pub(super) fn take_off(&mut self, pace: Pace) -> Result<()> {
        self.store.check_latch()?;
        // What waits in the log would be read past the stand-in.
        self.store.bring_in()?;
        let pending = self.pending.len();
        let flight = self.cache.take_off();
        let stand_in = self.store.stand_in(Arc::clone(&flight) as _);
        let job = Job {
            store: core::mem::replace(&mut self.store, stand_in),
            flight,
            lent: self.spill.lent.clone(),
        };
        match pace {
            Pace::Waiting => self.touch_down(job.run(), pending),
            Pace::Beside => match send(Box::new(job)) {
                Ok(thread) => {
                    self.beside.airborne = Some(Airborne { thread, pending });
                    Ok(())
                }
                Err(job) => self.touch_down(job.run(), pending),
            },
        }
    }

    /// Waits for the group in the air, if there is one, and tells what went wrong.
    pub(crate) fn land(&mut self) -> Result<()> {
        self.land_untold();
        match self.beside.failed.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// As [`Self::land`]; who asks next is told what went wrong.
    pub(crate) fn land_untold(&mut self) {
        let Some(airborne) = self.beside.airborne.take() else {
            return;
        };
        let landed = match airborne.thread.join() {
            Ok(Some(done)) => self.touch_down(done, airborne.pending),
            Ok(None) | Err(_) => {
                self.store.latch();
                Err(Error::Latched)
            }
        };
        self.beside.failed = landed.err();
    }

    /// Whether a group is in the air.
    pub(crate) fn is_airborne(&self) -> bool {
        self.beside.airborne.is_some()
    }

    /// The store is back: what the group freed may be used.
    fn touch_down(&mut self, done: Done, pending: usize) -> Result<()> {
        let (store, result) = done;
        self.store = store;
        if let Err(error) = result {
            self.store.latch();
            return Err(error);
        }
        self.cache.land();
        self.pending.release_first(pending);
        // All of these were freed before the open frames began.
        let states = core::iter::once(&mut self.state).chain(&mut self.frames);
        for state in states {
            state.pending_len = state.pending_len.saturating_sub(pending);
        }
        Ok(())
    }
}

/// Bytes of blocks from which a thread gives them back: each is memory of its own.
const MANY: usize = 16 << 20;

impl Engine {
    /// Gives back the memory of a volume that was closed, beside the caller where
    /// it is much.
    pub(super) fn forget_all(&mut self) {
        let much = self.cache.load().held > MANY;
        let cache = core::mem::replace(&mut self.cache, Cache::new(0));
        let memo = core::mem::take(&mut self.memo);
        if much {
            // Without a thread it is given back here.
            let thread = Builder::new().spawn(move || drop((cache, memo)));
            drop(thread);
        }
    }
}

/// Has a thread do it; the job comes back when there can be none.
fn send(job: Box<Job>) -> core::result::Result<JoinHandle<Option<Done>>, Box<Job>> {
    let (hand_over, take) = mpsc::channel::<Box<Job>>();
    let run = move || take.recv().ok().map(|job| job.run());
    let name = "commit".to_owned();
    let Ok(thread) = Builder::new().name(name).spawn(run) else {
        return Err(job);
    };
    match hand_over.send(job) {
        Ok(()) => Ok(thread),
        Err(mpsc::SendError(job)) => Err(job),
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Nothing is written to the device behind the volume's back.
        if let Some(airborne) = self.airborne.take() {
            drop(airborne.thread.join());
        }
    }
}
