//! The work as a whole: directories that are still to be done, and who does them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use linkwright_fs::{Capabilities, Error, ErrorKind, FileSystem, Name, Node, Result, Stat};
use linkwright_names::UpcaseTable;

use super::target::Same;
use super::{Counts, Event, Files, Follow, Into, Options, Watch};
use crate::copy::{Mode, Problem};
use crate::walk::Place;

/// Directories of a host are done by so many at a time: linking waits for the
/// kernel, and two keep two cores busy.
const THREADS: usize = 2;

/// What tells an object from all others that are met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    file_system: usize,
    device: u64,
    record: u64,
    sequence: u16,
}

impl Key {
    pub(super) fn of(fs: &Arc<dyn FileSystem>, stat: &Stat) -> Self {
        Self {
            file_system: Arc::as_ptr(fs).cast::<()>() as usize,
            device: stat.device,
            record: stat.record,
            sequence: stat.sequence,
        }
    }
}

/// A tree whose inner links keep their relation: the source, or what a link that
/// was unrolled led to.
pub(super) struct Scope {
    pub(super) fs: Arc<dyn FileSystem>,
    /// Its path on its volume.
    pub(super) source: Vec<Name>,
    /// The path of its counterpart.
    pub(super) destination: Vec<Name>,
    /// The directories it was reached through by links.
    pub(super) above: Vec<Key>,
}

/// A directory to be done.
pub(super) struct Task {
    pub(super) scope: Arc<Scope>,
    pub(super) from: Node,
    /// None in a dry run that would have made it.
    pub(super) to: Option<Node>,
    /// The same directory of the earlier tree.
    pub(super) last: Option<Node>,
    /// Path below the source, and so below what is made.
    pub(super) path: Vec<Name>,
    /// Path below the scope.
    pub(super) below: Vec<Name>,
}

/// What all that work have in common.
pub(super) struct Work<'a> {
    pub(super) options: &'a Options,
    pub(super) fs: Arc<dyn FileSystem>,
    pub(super) capabilities: Capabilities,
    /// What is made.
    pub(super) top: Mutex<Option<Node>>,
    /// What tells it from other directories: it is no part of the source.
    pub(super) top_key: Mutex<Option<Key>>,
    pub(super) same: Same,
    /// Files with several names that were made, and one name of each.
    pub(super) made: Mutex<HashMap<Key, Vec<Name>>>,
    /// Files of the earlier or mirrored tree that are one of the source, and of
    /// which.
    pub(super) used: Mutex<HashMap<Key, Key>>,
    queue: Mutex<Queue>,
    more: Condvar,
    watch: Mutex<&'a mut dyn Watch>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Queue {
    tasks: Vec<Task>,
    /// Directories that are being done.
    busy: usize,
    failed: Option<Error>,
}

/// Makes a tree. `follow` is asked with [`Outer::Unroll`](super::Outer::Unroll)
/// only.
///
/// # Errors
/// The source cannot be listed; `CrossDevice` when files are to be links and the
/// volumes differ; `IntoItself`; `Interrupted`; and errors after which nothing
/// more can be made. What was made until then is whole, and stays.
pub fn grow(
    source: &Place,
    into: &Into,
    options: &Options,
    follow: Option<&Follow<'_>>,
    watch: &mut dyn Watch,
) -> Result<Counts> {
    let is_one = Arc::ptr_eq(&source.fs, &into.fs);
    if !is_one && matches!(options.files, Files::Hard | Files::Symbolic) {
        return Err(ErrorKind::CrossDevice.into());
    }
    let capabilities = into.fs.capabilities();
    let windows = source.fs.capabilities() & capabilities & Capabilities::WINDOWS_NAMES;
    let same = match windows.is_empty() {
        true => Same::Exact,
        false => Same::Folded(UpcaseTable::windows()),
    };
    if is_one
        && (same.is_below(&into.path, &source.path) || same.is_below(&source.path, &into.path))
    {
        return Err(ErrorKind::IntoItself.into());
    }
    let work = Work {
        options,
        fs: Arc::clone(&into.fs),
        capabilities,
        top: Mutex::new(None),
        top_key: Mutex::new(None),
        same,
        made: Mutex::default(),
        used: Mutex::default(),
        queue: Mutex::default(),
        more: Condvar::new(),
        watch: Mutex::new(watch),
        counts: Mutex::default(),
    };
    work.begin(source, into)?;
    let host = Capabilities::FOLLOWS_LINKS;
    let is_parallel = matches!(options.files, Files::Hard)
        && options.mode == Mode::Write
        && follow.is_none()
        && capabilities.contains(host);
    if is_parallel {
        std::thread::scope(|threads| {
            for _ in 1..THREADS {
                threads.spawn(|| work.run(None));
            }
            work.run(None);
        });
    } else {
        work.run(follow);
    }
    let counts = *lock(&work.counts);
    match lock(&work.queue).failed.take() {
        Some(error) => Err(error),
        None => Ok(counts),
    }
}

pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work<'_> {
    fn begin(&self, source: &Place, into: &Into) -> Result<()> {
        let stat = source.fs.stat(&source.node)?;
        let scope = Scope {
            fs: Arc::clone(&source.fs),
            source: source.path.clone(),
            destination: into.path.clone(),
            above: vec![Key::of(&source.fs, &stat)],
        };
        let mut counts = Counts::default();
        let dir = Some(&into.dir);
        let to = self.make_directory(&scope.fs, &stat, dir, &into.name, &mut counts)?;
        if let Some(top) = &to {
            let key = Key::of(&self.fs, &self.fs.stat(top)?);
            *lock(&self.top_key) = Some(key);
        }
        lock(&self.top).clone_from(&to);
        self.count(&counts);
        let last = match &self.options.files {
            Files::Copy { last } => last.clone(),
            Files::Hard | Files::Symbolic | Files::Mirror => None,
        };
        self.push(Task {
            scope: Arc::new(scope),
            from: source.node.clone(),
            to,
            last,
            path: Vec::new(),
            below: Vec::new(),
        });
        Ok(())
    }

    pub(super) fn push(&self, task: Task) {
        lock(&self.queue).tasks.push(task);
        self.more.notify_one();
    }

    /// Does directories until there are none.
    fn run(&self, follow: Option<&Follow<'_>>) {
        while let Some(task) = self.next() {
            let mut counts = Counts::default();
            let done = self.directory(&task, follow, &mut counts);
            self.count(&counts);
            let is_top = task.path.is_empty();
            let mut queue = lock(&self.queue);
            queue.busy -= 1;
            let failed = match done {
                Ok(()) => None,
                Err(error) if is_top || is_fatal(&error) => Some(error),
                Err(error) => {
                    drop(queue);
                    self.problem(&task.path, Problem::Failed(error));
                    queue = lock(&self.queue);
                    None
                }
            };
            if let Some(error) = failed {
                queue.failed.get_or_insert(error);
                queue.tasks.clear();
            }
            self.more.notify_all();
        }
    }

    fn next(&self) -> Option<Task> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.failed.is_some() {
                return None;
            }
            if let Some(task) = queue.tasks.pop() {
                queue.busy += 1;
                return Some(task);
            }
            if queue.busy == 0 {
                return None;
            }
            queue = self
                .more
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        match lock(&self.watch).is_interrupted() {
            true => Err(ErrorKind::Interrupted.into()),
            false => Ok(()),
        }
    }

    pub(super) fn event(&self, event: Event<'_>) {
        lock(&self.watch).event(event);
    }

    pub(super) fn problem(&self, path: &[Name], problem: Problem) {
        lock(&self.counts).problems += 1;
        self.event(Event::Problem(path, problem));
    }

    /// What failed for one thing; an error when nothing more can be made.
    pub(super) fn failed(&self, path: &[Name], error: Error) -> Result<()> {
        match is_fatal(&error) {
            true => Err(error),
            false => {
                self.problem(path, Problem::Failed(error));
                Ok(())
            }
        }
    }

    fn count(&self, more: &Counts) {
        let mut all = lock(&self.counts);
        all.directories += more.directories;
        all.files += more.files;
        all.hard_links += more.hard_links;
        all.links += more.links;
        all.retargeted += more.retargeted;
        all.same += more.same;
        all.new_copies += more.new_copies;
        all.cropped += more.cropped;
        all.unrolled += more.unrolled;
        all.removed += more.removed;
        let now = *all;
        drop(all);
        lock(&self.watch).progress(&now);
    }

    /// The object at a path below what is made; links are not followed.
    pub(super) fn find(&self, path: &[Name]) -> Result<Node> {
        let top = lock(&self.top).clone().ok_or(ErrorKind::NotFound)?;
        path.iter()
            .try_fold(top, |dir, name| self.fs.child(&dir, name))
    }
}

fn is_fatal(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted
            | ErrorKind::DiskFull
            | ErrorKind::WriteProtected
            | ErrorKind::Refused(_)
            | ErrorKind::OutOfResources
    )
}

/// Names of a directory that stay when it is mirrored, as they compare there.
pub(super) struct Kept<'a> {
    same: &'a Same,
    names: HashSet<Vec<u16>>,
}

impl<'a> Kept<'a> {
    pub(super) fn new(same: &'a Same) -> Self {
        Self {
            same,
            names: HashSet::new(),
        }
    }

    fn key(&self, name: &Name) -> Vec<u16> {
        match self.same {
            Same::Exact => name.units().to_vec(),
            Same::Folded(table) => table.fold_name(name.units()).to_vec(),
        }
    }

    pub(super) fn add(&mut self, name: &Name) {
        let key = self.key(name);
        self.names.insert(key);
    }

    pub(super) fn has(&self, name: &Name) -> bool {
        self.names.contains(&self.key(name))
    }
}
