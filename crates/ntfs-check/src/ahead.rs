//! The `$MFT` read ahead by a thread of its own, while the records read before
//! are checked: on a disk the two overlap, and from memory copying is half of the
//! work.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use linkwright_ntfs_format::runs::RunList;

use crate::volume::DeviceClusters;

/// Bytes of the `$MFT` that are read at once.
const PIECE: usize = 1 << 20;
/// Pieces that are read and not checked yet.
const AHEAD: usize = 2;
/// Fewer pieces than this are not worth a thread.
const FEW: u64 = 4;

/// Where the `$MFT` lies and how it is cut.
pub(crate) struct Records<'a> {
    pub(crate) clusters: DeviceClusters<'a>,
    pub(crate) runs: &'a RunList,
    pub(crate) count: u64,
    /// Bytes of a record.
    pub(crate) size: usize,
}

/// Some records that lie one after the other.
pub(crate) struct Piece {
    /// The number of the first.
    pub(crate) first: u64,
    pub(crate) bytes: Vec<u8>,
    /// Whether all of them could be read.
    pub(crate) whole: bool,
}

impl Records<'_> {
    fn in_a_piece(&self) -> u64 {
        ((PIECE / self.size.max(1)).max(1)) as u64
    }

    fn read(&self, first: u64, bytes: Vec<u8>) -> Piece {
        let mut bytes = bytes;
        let wanted = (self.count - first).min(self.in_a_piece());
        bytes.resize(usize::try_from(wanted).unwrap_or(0) * self.size, 0);
        let offset = first * self.size as u64;
        let read = self.clusters.read_runs(self.runs, offset, &mut bytes);
        Piece {
            first,
            bytes,
            whole: read.is_ok(),
        }
    }

    fn firsts(&self) -> impl Iterator<Item = u64> + use<> {
        let step = usize::try_from(self.in_a_piece()).unwrap_or(usize::MAX);
        (0..self.count).step_by(step)
    }

    /// Gives all records to `take`, in order, until it fails.
    pub(crate) fn each<E>(
        &self,
        take: &mut dyn FnMut(&mut Piece) -> Result<(), E>,
    ) -> Result<(), E> {
        let alone = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) == 1;
        if alone || self.count < self.in_a_piece() * FEW {
            return self.each_alone(take);
        }
        std::thread::scope(|scope| {
            let (full, ready) = sync_channel(AHEAD);
            let (empty, again) = channel();
            let reader = std::thread::Builder::new().name("read".to_owned());
            let started = reader.spawn_scoped(scope, move || self.read_ahead(&full, &again));
            if started.is_err() {
                return self.each_alone(take);
            }
            // A reader that has something to give and nobody to take it ends.
            take_all(&ready, &empty, take)
        })
    }

    fn each_alone<E>(&self, take: &mut dyn FnMut(&mut Piece) -> Result<(), E>) -> Result<(), E> {
        let mut bytes = Vec::new();
        for first in self.firsts() {
            let mut piece = self.read(first, bytes);
            take(&mut piece)?;
            bytes = piece.bytes;
        }
        Ok(())
    }

    fn read_ahead(&self, full: &SyncSender<Piece>, again: &Receiver<Vec<u8>>) {
        for first in self.firsts() {
            let bytes = again.try_recv().unwrap_or_default();
            if full.send(self.read(first, bytes)).is_err() {
                return;
            }
        }
    }
}

/// Takes pieces until the reader has no more.
fn take_all<E>(
    ready: &Receiver<Piece>,
    empty: &Sender<Vec<u8>>,
    take: &mut dyn FnMut(&mut Piece) -> Result<(), E>,
) -> Result<(), E> {
    for mut piece in ready {
        take(&mut piece)?;
        // It may have ended already.
        empty.send(piece.bytes).ok();
    }
    Ok(())
}
