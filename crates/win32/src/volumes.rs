//! The volumes of a machine and the names they are reached by.

use std::sync::{Arc, PoisonError, RwLock};

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_fs::transacted::ResourceManager;
use linkwright_fs::{Capabilities, FileSystem};
use linkwright_names::UpcaseTable;
use linkwright_names::path::VolumeGuid;

use crate::settings::ShareKind;

/// One volume, however many drives and shares lead to it.
#[derive(Clone)]
pub(crate) struct Volume {
    /// Its place in [`Volumes`].
    pub(crate) number: usize,
    /// What is on it, as it is outside of transactions.
    pub(crate) fs: Arc<dyn FileSystem>,
    /// The same as it was mapped, to tell it under a second letter.
    pub(crate) given: Arc<dyn FileSystem>,
    /// Its transactions, where it has any.
    pub(crate) transactions: Option<Arc<ResourceManager>>,
    /// Drive letters, upper case, in the order they were mapped.
    pub(crate) drives: Vec<char>,
    /// Server, share and kind, when it is reached over a network.
    pub(crate) share: Option<Share>,
    /// What `Volume{...}` calls it.
    pub(crate) guid: VolumeGuid,
}

/// A UNC root.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    pub(crate) server: Vec<u16>,
    pub(crate) share: Vec<u16>,
    pub(crate) kind: ShareKind,
}

impl Volume {
    /// Whether it lies on another machine.
    pub(crate) fn is_remote(&self) -> bool {
        self.share.is_some() || self.has(Capabilities::REMOTE)
    }

    /// Whether it can do something. Shares that fail over or scale out keep less
    /// than the volume behind them (SEMANTICS 1.1, 1.2).
    pub(crate) fn has(&self, capability: Capabilities) -> bool {
        let missing = match self.share.as_ref().map(|share| share.kind) {
            None | Some(ShareKind::Smb) => Capabilities::empty(),
            Some(ShareKind::TransparentFailover) => Capabilities::HARD_LINKS,
            Some(ShareKind::ScaleOut) => {
                Capabilities::HARD_LINKS
                    | Capabilities::SYMBOLIC_LINKS
                    | Capabilities::REPARSE_POINTS
            }
        };
        self.fs
            .capabilities()
            .difference(missing)
            .contains(capability)
    }

    /// `\Device\HarddiskVolume3`, or `\Device\Mup\server\share`.
    pub(crate) fn device_name(&self) -> Vec<u16> {
        match &self.share {
            Some(share) => {
                let mut name: Vec<u16> = r"\Device\Mup\".encode_utf16().collect();
                name.extend(&share.server);
                name.push(u16::from(b'\\'));
                name.extend(&share.share);
                name
            }
            None => format!(r"\Device\HarddiskVolume{}", self.number + 1)
                .encode_utf16()
                .collect(),
        }
    }
}

/// All volumes. Who looks something up has the list as it is at that moment.
#[derive(Default)]
pub(crate) struct Volumes {
    list: RwLock<Arc<Vec<Arc<Volume>>>>,
}

impl Volumes {
    pub(crate) fn new(list: Vec<Volume>) -> Self {
        Self {
            list: RwLock::new(Arc::new(list.into_iter().map(Arc::new).collect())),
        }
    }

    pub(crate) fn list(&self) -> Arc<Vec<Arc<Volume>>> {
        // The list is replaced whole: a panic leaves none half done.
        Arc::clone(&self.list.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, is: impl Fn(&Volume) -> bool) -> Option<Arc<Volume>> {
        self.list().iter().find(|volume| is(volume)).cloned()
    }

    pub(crate) fn drive(&self, letter: char) -> Option<Arc<Volume>> {
        let letter = letter.to_ascii_uppercase();
        self.find(|volume| volume.drives.contains(&letter))
    }

    pub(crate) fn by_guid(&self, guid: VolumeGuid) -> Option<Arc<Volume>> {
        self.find(|volume| volume.guid == guid)
    }

    /// The volume of a share: an unknown server is not found on the network, an
    /// unknown share not on its server.
    pub(crate) fn share(&self, server: &[u16], share: &[u16]) -> Result<Arc<Volume>, NtStatus> {
        let upcase = UpcaseTable::windows();
        let mut status = NtStatus::BAD_NETWORK_PATH;
        for volume in self.list().iter() {
            let Some(known) = &volume.share else { continue };
            if upcase.eq_ignore_case(&known.server, server) {
                if upcase.eq_ignore_case(&known.share, share) {
                    return Ok(Arc::clone(volume));
                }
                status = NtStatus::BAD_NETWORK_NAME;
            }
        }
        Err(status)
    }

    /// The volume that a file system is.
    pub(crate) fn of(&self, fs: &Arc<dyn FileSystem>) -> Option<Arc<Volume>> {
        self.find(|volume| Arc::ptr_eq(&volume.fs, fs))
    }

    /// Changes the list by what `change` makes of it.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Arc<Volume>>) -> Result<T, Win32Error>,
    ) -> Result<T, Win32Error> {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = list.as_ref().clone();
        let done = change(&mut changed)?;
        *list = Arc::new(changed);
        Ok(done)
    }
}
