//! From a path to an object (MS-FSA 2.1.5.1, phase 6), by the one resolver.

use std::sync::{Arc, Mutex, PoisonError};

use linkwright_codes::NtStatus;
use linkwright_fs::resolve::{Drives, LastLink, Manner, Outcome, Resolver, Rules, Visit, Walk};
use linkwright_fs::{FileSystem, Node, Result as FsResult, Stat};
use linkwright_names::path::VolumeGuid;

use super::access::{self, Intent};
use super::namespace::{LinkKey, Namespace};
use super::objects::FileKey;
use super::status;
use super::transaction::TransactionView;
use crate::constants::FILE_TRAVERSE;
use crate::path::Location;
use crate::settings::{Privileges, SymlinkEvaluation, Token};
use crate::system::Machine;
use crate::volumes::Volume;

/// How an open sees the volumes: as they are, or as a transaction has them.
pub(crate) trait View: Send + Sync {
    /// The file system of a volume.
    fn fs(&self, volume: &Arc<Volume>) -> Arc<dyn FileSystem>;

    /// The volume of a file system that [`View::fs`] gave.
    fn volume(&self, machine: &Machine, fs: &Arc<dyn FileSystem>) -> Option<Arc<Volume>>;

    /// Refuses a volume that this view cannot be of.
    fn admit(&self, _volume: &Volume) -> Result<(), NtStatus> {
        Ok(())
    }

    /// Refuses to change a volume that this view cannot change.
    fn begin_changes(&self, _volume: &Volume) -> Result<(), NtStatus> {
        Ok(())
    }

    /// The transaction that sees it so.
    fn transacted(&self) -> Option<TransactionView> {
        None
    }
}

/// The volumes as they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainView;

impl View for PlainView {
    fn fs(&self, volume: &Arc<Volume>) -> Arc<dyn FileSystem> {
        Arc::clone(&volume.fs)
    }

    fn volume(&self, machine: &Machine, fs: &Arc<dyn FileSystem>) -> Option<Arc<Volume>> {
        machine.volumes.of(fs)
    }
}

/// What a lookup needs to know.
pub(crate) struct Lookup<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) token: &'a Token,
    pub(crate) view: &'a dyn View,
    pub(crate) namespace: &'a Namespace,
    /// Why a share was not found.
    network: Mutex<Option<NtStatus>>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(
        machine: &'a Machine,
        token: &'a Token,
        view: &'a dyn View,
        namespace: &'a Namespace,
    ) -> Self {
        Self {
            machine,
            token,
            view,
            namespace,
            network: Mutex::new(None),
        }
    }

    /// Follows a location to its end; everything but Found and Missing is a
    /// status.
    pub(crate) fn walk(&self, location: &Location, last: LastLink) -> Result<Walk, NtStatus> {
        self.view.admit(&location.volume)?;
        let resolver = Resolver { drives: self };
        let fs = self.view.fs(&location.volume);
        let walk = resolver
            .walk_by(&fs, &location.names, last, self)
            .map_err(status::of)?;
        match walk.outcome {
            Outcome::Found(_) | Outcome::Missing => Ok(walk),
            Outcome::Elsewhere => Err(self
                .network
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .unwrap_or(NtStatus::OBJECT_PATH_NOT_FOUND)),
            Outcome::MissingDirectory | Outcome::Loop | Outcome::Opaque | Outcome::Refused(_) => {
                Err(walk.status().unwrap_or(NtStatus::OBJECT_PATH_NOT_FOUND))
            }
        }
    }

    /// The volume that a file system of this lookup's view is.
    pub(crate) fn volume_of(&self, fs: &Arc<dyn FileSystem>) -> Result<Arc<Volume>, NtStatus> {
        self.view
            .volume(self.machine, fs)
            .ok_or(NtStatus::OBJECT_PATH_NOT_FOUND)
    }

    /// Refuses a component whose name waits to be deleted.
    fn check_pending(&self, visit: &Visit<'_>) -> Result<(), NtStatus> {
        if !self.namespace.has_pending() {
            return Ok(());
        }
        let volume = self.volume_of(visit.fs)?;
        let parent = visit.fs.facts(visit.dir).map_err(status::of)?;
        let entry = visit.fs.entry(visit.dir, visit.name).map_err(status::of)?;
        let key = LinkKey {
            parent: FileKey::new(&volume, &parent),
            name: entry.name,
        };
        match self.namespace.is_pending(&key) {
            true => Err(NtStatus::DELETE_PENDING),
            false => Ok(()),
        }
    }
}

impl Drives for Lookup<'_> {
    fn drive(&self, letter: char) -> FsResult<Option<Arc<dyn FileSystem>>> {
        let volume = self.machine.volumes.drive(letter);
        Ok(volume.map(|volume| self.view.fs(&volume)))
    }

    fn share(&self, server: &[u16], share: &[u16]) -> FsResult<Option<Arc<dyn FileSystem>>> {
        match self.machine.volumes.share(server, share) {
            Ok(volume) => Ok(Some(self.view.fs(&volume))),
            Err(status) => {
                *self.network.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
                Ok(None)
            }
        }
    }

    fn volume(&self, guid: VolumeGuid) -> FsResult<Option<Arc<dyn FileSystem>>> {
        let volume = self.machine.volumes.by_guid(guid);
        Ok(volume.map(|volume| self.view.fs(&volume)))
    }
}

impl Rules for Lookup<'_> {
    fn manner(&self) -> Manner {
        Manner::Windows
    }

    /// How many names there are is asked for where it counts.
    fn facts(&self, fs: &dyn FileSystem, node: &Node) -> FsResult<Stat> {
        fs.facts(node)
    }

    fn visit(&self, visit: &Visit<'_>) -> Result<(), NtStatus> {
        let bypasses = self.token.privileges.contains(Privileges::CHANGE_NOTIFY);
        if !visit.is_last && !bypasses {
            access::check(
                self.token,
                &**visit.fs,
                visit.node,
                None,
                FILE_TRAVERSE,
                Intent::Plain,
            )?;
        }
        self.check_pending(visit)
    }

    fn crosses(
        &self,
        from: &Arc<dyn FileSystem>,
        to: &Arc<dyn FileSystem>,
    ) -> Result<(), NtStatus> {
        let from = self.volume_of(from)?.is_remote();
        let to = self.volume_of(to)?;
        self.view.admit(&to)?;
        let to = to.is_remote();
        let class = match (from, to) {
            (false, false) => SymlinkEvaluation::LOCAL_TO_LOCAL,
            (false, true) => SymlinkEvaluation::LOCAL_TO_REMOTE,
            (true, false) => SymlinkEvaluation::REMOTE_TO_LOCAL,
            (true, true) => SymlinkEvaluation::REMOTE_TO_REMOTE,
        };
        match self.machine.evaluation.contains(class) {
            true => Ok(()),
            false => Err(NtStatus::SYMLINK_CLASS_DISABLED),
        }
    }
}
