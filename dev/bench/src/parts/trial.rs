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
        let cell = |(ours, sync): (usize, &str)| {
            let setting = format!("{}, {sync}", kind.name());
            if self.has(peer) {
                Cell::against(&setting, rounds, (ours, 0), (2, ours))
            } else {
                Cell::alone(&setting, rounds.spread(ours, 0))
            }
        };
        let ways = ["no fsync", "fsync"];
        ways.into_iter().enumerate().map(cell).collect()
    }

    fn seconds(&self, image: &Image<'_>, who: Who, sync: Sync) -> Outcome<f64> {
        image.reset()?;
        let told = self.lab.run(who, image.path(), &self.file, sync)?;
        Ok(told.seconds)
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

    /// Without fsync.
    pub(super) fn without(&self, image: &Image<'_>, who: Who) -> Outcome<Vec<f64>> {
        let seconds = self.seconds(image, who, Sync::Without)?;
        self.judge(image, who)?;
        Ok(vec![self.rate(seconds)])
    }

    /// With its own flushes.
    pub(super) fn with(&self, image: &Image<'_>, who: Who) -> Outcome<Vec<f64>> {
        let seconds = self.seconds(image, who, Sync::With)?;
        Ok(vec![self.rate(seconds)])
    }

    /// Both from one run: the peers sync once, at the end, which is done here.
    pub(super) fn both(&self, image: &Image<'_>, who: Who) -> Outcome<Vec<f64>> {
        let seconds = self.seconds(image, who, Sync::Without)?;
        let sync = sync_seconds(image.path())?;
        self.judge(image, who)?;
        Ok(vec![self.rate(seconds), self.rate(seconds + sync)])
    }
}
