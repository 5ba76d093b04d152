//! Doing a plan, and taking it back.
//!
//! Nothing is done before every step was compared with the world. On a volume
//! with transactions all of it is one: the undo file is whole and durable before
//! the commit, so that whoever is killed leaves all of it or nothing, and what the
//! undo file says can be told from the volume. Elsewhere the lines of the undo
//! file are durable before the steps they take back are begun.

use std::io;

use linkwright_fs::{Capabilities, Error, ErrorKind, FileSystem};

use super::format::Step;
use super::perform::{clear_temporary, perform};
use super::read::{PlanError, Purpose};
use super::world::{Here, Ids, Mismatch, Places, compare};
use crate::walk::Place;

/// Steps whose undo lines are made durable together, where there are no
/// transactions.
const BATCH: usize = 64;

/// Steps as often as they are wanted.
pub trait Plan {
    /// Whether it is a plan or takes one back.
    fn purpose(&self) -> Purpose;

    /// The steps, from the first.
    ///
    /// # Errors
    /// The plan cannot be read.
    fn steps(&self) -> Result<Box<dyn Iterator<Item = Result<Step, PlanError>> + '_>, PlanError>;
}

/// Where the lines go that take everything back.
pub trait UndoLog {
    /// Forgets all steps: they were taken back, and come again.
    ///
    /// # Errors
    /// Writing failed.
    fn restart(&mut self) -> io::Result<()>;

    /// Takes a step, already reversed.
    ///
    /// # Errors
    /// Writing failed.
    fn step(&mut self, step: &Step) -> io::Result<()>;

    /// Makes what was taken durable.
    ///
    /// # Errors
    /// Writing failed.
    fn durable(&mut self) -> io::Result<()>;

    /// Says that all is there, and makes it durable.
    ///
    /// # Errors
    /// Writing failed.
    fn end(&mut self) -> io::Result<()>;
}

/// Nothing is written: what takes a plan back is not taken back itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoUndo;

impl UndoLog for NoUndo {
    fn restart(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn step(&mut self, _step: &Step) -> io::Result<()> {
        Ok(())
    }
    fn durable(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What happens to the steps.
#[derive(Debug)]
pub enum Event<'a> {
    /// One was compared with the world.
    Checked,
    /// One does not fit.
    Mismatch(&'a Step, Mismatch),
    /// One was done, or would be.
    Done(&'a Step),
    /// There was nothing to do.
    Already(&'a Step),
}

/// Who is told.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: Event<'_>);

    /// Whether to stop, where that leaves a whole state.
    fn is_interrupted(&self) -> bool;
}

/// What is done with steps that do not fit the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Misfits {
    /// One of them, and nothing at all is done.
    #[default]
    Refuse,
    /// They are left out.
    Skip,
}

/// Whether anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// The steps are compared with the world only.
    Rehearsal,
    /// They are done.
    Real,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Steps that were done.
    pub done: u64,
    /// Steps that had nothing to do.
    pub already: u64,
    /// Steps that did not fit.
    pub misfits: u64,
}

/// Why it ended early.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The plan is none.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The world is not as the plan says; nothing was done.
    #[error("{0} steps do not fit what is there now; nothing was done")]
    Refused(u64),
    /// The undo file could not be written; what was not in it was not done.
    #[error("the undo file cannot be written: {0}")]
    Undo(io::Error),
    /// A step failed.
    #[error("{path}: {error}")]
    Step {
        /// Which.
        path: String,
        /// Why.
        error: Error,
    },
    /// The volume failed.
    #[error("{0}")]
    Volume(Error),
    /// The user stopped it; what was done is whole.
    #[error("interrupted")]
    Interrupted,
}

/// Does a plan below `top`.
///
/// # Errors
/// [`ApplyError`]. On a volume with transactions nothing was done then; elsewhere
/// what the undo file says, which `counts` counts.
pub fn apply(
    plan: &dyn Plan,
    top: &Place,
    run: Run,
    misfits: Misfits,
    undo: &mut dyn UndoLog,
    observer: &mut dyn Observer,
    counts: &mut Counts,
) -> Result<(), ApplyError> {
    let mut work = Work {
        plan,
        misfits,
        undo,
        observer,
        counts: Counts::default(),
    };
    let done = work.run(top, run);
    *counts = work.counts;
    done
}

/// What is to be done about a step.
enum Verdict {
    Do(Box<Here>),
    Already,
    Misfit(Mismatch),
}

struct Work<'a> {
    plan: &'a dyn Plan,
    misfits: Misfits,
    undo: &'a mut dyn UndoLog,
    observer: &'a mut dyn Observer,
    counts: Counts,
}

impl Work<'_> {
    fn run(&mut self, top: &Place, run: Run) -> Result<(), ApplyError> {
        self.check(top, run)?;
        if run == Run::Rehearsal {
            return Ok(());
        }
        self.counts = Counts::default();
        match top.fs.capabilities().contains(Capabilities::TRANSACTIONS) {
            true => self.in_one(top),
            false => self.one_by_one(top),
        }
    }

    fn verdict(&self, fs: &dyn FileSystem, places: &mut Places<'_>, step: &Step) -> Verdict {
        let here = match places.find(step) {
            Ok(here) => here,
            Err(mismatch) => return Verdict::Misfit(mismatch),
        };
        let was = || compare(fs, &here, &step.was, Ids::Same);
        let shall = || compare(fs, &here, &step.shall, Ids::Any);
        let verdict = match self.plan.purpose() {
            Purpose::Plan => match (was(), shall()) {
                (Ok(()), _) => None,
                (Err(_), Ok(())) => Some(Verdict::Already),
                (Err(mismatch), Err(_)) => Some(Verdict::Misfit(mismatch)),
            },
            Purpose::Undo => match (shall(), was()) {
                (Ok(()), _) => Some(Verdict::Already),
                (Err(_), Ok(())) => None,
                (Err(_), Err(mismatch)) => Some(Verdict::Misfit(mismatch)),
            },
        };
        verdict.unwrap_or(Verdict::Do(Box::new(here)))
    }

    /// Compares every step with the world.
    fn check(&mut self, top: &Place, run: Run) -> Result<(), ApplyError> {
        let mut places = Places::new(&*top.fs, top.node.clone());
        for step in self.plan.steps()? {
            if self.observer.is_interrupted() {
                return Err(ApplyError::Interrupted);
            }
            let step = step?;
            match self.verdict(&*top.fs, &mut places, &step) {
                Verdict::Misfit(mismatch) => {
                    self.counts.misfits += 1;
                    self.observer.event(Event::Mismatch(&step, mismatch));
                }
                Verdict::Do(_) if run == Run::Rehearsal => {
                    self.counts.done += 1;
                    self.observer.event(Event::Done(&step));
                }
                Verdict::Already if run == Run::Rehearsal => {
                    self.counts.already += 1;
                    self.observer.event(Event::Already(&step));
                }
                Verdict::Do(_) | Verdict::Already => self.observer.event(Event::Checked),
            }
        }
        match (self.counts.misfits, self.misfits) {
            (0, _) | (_, Misfits::Skip) => Ok(()),
            (misfits, Misfits::Refuse) => Err(ApplyError::Refused(misfits)),
        }
    }

    /// All steps as one transaction.
    fn in_one(&mut self, top: &Place) -> Result<(), ApplyError> {
        let mut failed = None;
        let done = top.fs.atomically(&mut |fs| {
            self.counts = Counts::default();
            let done = self.inside(fs, top);
            done.map_err(|error| {
                // The volume takes everything back; what for is told below.
                failed = Some(error);
                ErrorKind::Interrupted.into()
            })
        });
        match (done, failed) {
            (Ok(()), _) => top.fs.sync().map_err(ApplyError::Volume),
            (Err(_), Some(error)) => {
                self.counts.done = 0;
                Err(error)
            }
            (Err(error), None) => {
                self.counts.done = 0;
                Err(ApplyError::Volume(error))
            }
        }
    }

    fn inside(&mut self, fs: &dyn FileSystem, top: &Place) -> Result<(), ApplyError> {
        self.undo.restart().map_err(ApplyError::Undo)?;
        let mut places = Places::new(fs, top.node.clone());
        for step in self.plan.steps()? {
            if self.observer.is_interrupted() {
                return Err(ApplyError::Interrupted);
            }
            let step = step?;
            if let Some(here) = self.wanted(fs, &mut places, &step)? {
                self.undo.step(&step.reversed()).map_err(ApplyError::Undo)?;
                perform(fs, &here, &step).map_err(|error| failed_at(&step, error))?;
                self.counts.done += 1;
                self.observer.event(Event::Done(&step));
            }
        }
        self.undo.end().map_err(ApplyError::Undo)
    }

    /// Where a step is to be done; `None` when it is not.
    fn wanted(
        &mut self,
        fs: &dyn FileSystem,
        places: &mut Places<'_>,
        step: &Step,
    ) -> Result<Option<Box<Here>>, ApplyError> {
        match self.verdict(fs, places, step) {
            Verdict::Do(here) => Ok(Some(here)),
            Verdict::Already => {
                self.counts.already += 1;
                self.observer.event(Event::Already(step));
                Ok(None)
            }
            Verdict::Misfit(_) if self.misfits == Misfits::Skip => {
                // It was told when it was checked.
                self.counts.misfits += 1;
                Ok(None)
            }
            Verdict::Misfit(mismatch) => {
                // It changed between the check and now.
                self.counts.misfits += 1;
                self.observer.event(Event::Mismatch(step, mismatch));
                Err(ApplyError::Refused(self.counts.misfits))
            }
        }
    }

    /// Each step by itself, its undo line before it.
    fn one_by_one(&mut self, top: &Place) -> Result<(), ApplyError> {
        let fs = &*top.fs;
        let mut places = Places::new(fs, top.node.clone());
        self.undo.restart().map_err(ApplyError::Undo)?;
        let mut steps = self.plan.steps()?;
        loop {
            let batch: Vec<Step> = steps.by_ref().take(BATCH).collect::<Result<_, _>>()?;
            if batch.is_empty() {
                return self.undo.end().map_err(ApplyError::Undo);
            }
            // Only what will be done is to be taken back.
            let mut due = Vec::new();
            for step in batch {
                if self.is_due(fs, &mut places, &step)? {
                    self.undo.step(&step.reversed()).map_err(ApplyError::Undo)?;
                    due.push(step);
                }
            }
            self.undo.durable().map_err(ApplyError::Undo)?;
            for step in &due {
                if self.observer.is_interrupted() {
                    self.undo.end().map_err(ApplyError::Undo)?;
                    return Err(ApplyError::Interrupted);
                }
                self.one(fs, &mut places, step)?;
            }
        }
    }

    /// Whether a step is to be done; what a killed program left beside the name
    /// goes.
    fn is_due(
        &mut self,
        fs: &dyn FileSystem,
        places: &mut Places<'_>,
        step: &Step,
    ) -> Result<bool, ApplyError> {
        if self.plan.purpose() == Purpose::Undo
            && let Ok(here) = places.find(step)
        {
            clear_temporary(fs, &here).map_err(|error| failed_at(step, error))?;
        }
        Ok(self.wanted(fs, places, step)?.is_some())
    }

    fn one(
        &mut self,
        fs: &dyn FileSystem,
        places: &mut Places<'_>,
        step: &Step,
    ) -> Result<(), ApplyError> {
        if let Some(here) = self.wanted(fs, places, step)? {
            perform(fs, &here, step).map_err(|error| failed_at(step, error))?;
            self.counts.done += 1;
            self.observer.event(Event::Done(step));
        }
        Ok(())
    }
}

fn failed_at(step: &Step, error: Error) -> ApplyError {
    ApplyError::Step {
        path: step.path.path.clone(),
        error,
    }
}
