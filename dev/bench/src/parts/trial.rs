//! A load, and those who can do it here.

use std::cell::RefCell;
use std::path::PathBuf;

use crate::Outcome;
use crate::images::{Image, Kind};
use crate::lab::{Lab, Sync, Who, names, sync_seconds};
use crate::load::Load;
use crate::report::Cell;
use crate::rounds::{Contestant, Rounds};
use crate::volumes::Base;
use crate::worker::Told;

/// A load that several do.
pub(super) struct Trial<'a> {
    lab: &'a Lab,
    load: &'a Load,
    file: PathBuf,
    before: u64,
    judged: RefCell<Vec<Who>>,
    /// Whether libntfs-3g is here.
    pub(super) library: bool,
    /// Whether ntfs-3g can mount here.
    pub(super) mount: bool,
}

impl<'a> Trial<'a> {
    pub(super) fn new(lab: &'a Lab, base: &Base, load: &'a Load) -> Outcome<Self> {
        let file = lab.path("load.txt");
        load.write(&file)?;
        if let Err(why) = &lab.peers.ntfs3g {
            lab.note(format!("left out: {why}"));
        }
        let mount = linkwright_testkit::oracle::ntfs3g::available();
        if let Err(skip) = &mount {
            lab.note(format!("left out: {skip}"));
        }
        Ok(Self {
            lab,
            load,
            file,
            before: names(&base.device)?,
            judged: RefCell::default(),
            library: lab.peers.ntfs3g.is_ok(),
            mount: mount.is_ok(),
        })
    }

    /// The engine without and with fsync, and another where it is here.
    pub(super) fn engine_and<'t>(&'t self, image: &'t Image<'t>, peer: Who) -> Vec<Contestant<'t>> {
        self.us_and(Who::Engine, image, peer)
    }

    /// The same, ours by another way.
    pub(super) fn us_and<'t>(
        &'t self,
        ours: Who,
        image: &'t Image<'t>,
        peer: Who,
    ) -> Vec<Contestant<'t>> {
        let mut contestants = vec![
            Contestant::new(move || self.without(image, ours)),
            Contestant::new(move || self.with(image, ours)),
        ];
        if self.has(peer) {
            contestants.push(Contestant::new(move || self.both(image, peer)));
        }
        contestants
    }

    fn has(&self, peer: Who) -> bool {
        match peer {
            Who::Library => self.library,
            Who::Mount => self.mount,
            Who::Engine | Who::Bulk | Who::Win32 | Who::Open => true,
        }
    }

    /// The cells of rounds of [`Self::us_and`].
    pub(super) fn cells(&self, rounds: &Rounds, kind: Kind, peer: Who) -> Vec<Cell> {
        // (what it is called, ours, the peer's): as they come from the runs.
        let ways = [
            ("no fsync", (0, 0), 0),
            ("fsync", (1, 0), 1),
            ("processor time", (0, 1), 2),
        ];
        // The driver of a mount is another process.
        let told = if peer == Who::Mount { 2 } else { 3 };
        let cell = |&(way, ours, theirs): &(&str, (usize, usize), usize)| {
            let setting = format!("{}, {way}", kind.name());
            if self.has(peer) {
                Cell::against(&setting, rounds, ours, (2, theirs))
            } else {
                Cell::alone(&setting, rounds.spread(ours.0, ours.1))
            }
        };
        ways[..told].iter().map(cell).collect()
    }

    fn told(&self, image: &Image<'_>, who: Who, sync: Sync) -> Outcome<Told> {
        image.reset()?;
        self.lab.run(who, image.path(), &self.file, sync)
    }

    /// The first run of each is looked at.
    fn judge(&self, image: &Image<'_>, who: Who) -> Outcome<()> {
        if self.judged.borrow().contains(&who) {
            return Ok(());
        }
        self.judged.borrow_mut().push(who);
        self.lab.judge(image.path(), self.before, self.load, who)
    }

    fn rate(&self, seconds: f64) -> f64 {
        self.load.operations.len() as f64 / seconds
    }

    /// Without fsync: by the clock, and by processor time.
    pub(super) fn without(&self, image: &Image<'_>, who: Who) -> Outcome<Vec<f64>> {
        let told = self.told(image, who, Sync::Without)?;
        self.judge(image, who)?;
        Ok(vec![self.rate(told.seconds), self.rate(told.busy)])
    }

    /// With its own flushes.
    pub(super) fn with(&self, image: &Image<'_>, who: Who) -> Outcome<Vec<f64>> {
        let told = self.told(image, who, Sync::With)?;
        Ok(vec![self.rate(told.seconds)])
    }

    /// All three from one run: the peers sync once, at the end, which is done
    /// here. Without fsync, with it, and by processor time.
    pub(super) fn both(&self, image: &Image<'_>, who: Who) -> Outcome<Vec<f64>> {
        let told = self.told(image, who, Sync::Without)?;
        let sync = sync_seconds(image.path())?;
        self.judge(image, who)?;
        let seconds = told.seconds;
        Ok([seconds, seconds + sync, told.busy]
            .map(|time| self.rate(time))
            .into())
    }
}
