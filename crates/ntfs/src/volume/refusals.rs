//! Volumes that are not written to, as that would destroy what others left.

use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::hibernation::HibernationState;
use linkwright_ntfs_format::log::LogState;
use linkwright_ntfs_format::volume_information::VolumeFlags;

use crate::engine::{Engine, Session};
use crate::error::{InvalidInput, Result, Unsupported};
use crate::index::directory::NameCase;
use crate::options::{DirtyPolicy, ShadowPolicy};

/// Where Windows keeps the stores of shadow copies.
const SHADOW_FOLDER: &str = "System Volume Information";
/// The GUID in their names (libvshadow, "Volume Shadow Snapshot (VSS) format").
const SHADOW_STORE: &str = "{3808876b-c176-4e48-b7ae-04046e6cc752}";

impl Engine {
    /// Refuses to write to a volume that is not at rest.
    pub(super) fn check_may_write(&self) -> Result<()> {
        if self.store.is_read_only() {
            return Err(InvalidInput::ReadOnly.into());
        }
        let (_, information) = self.volume_information()?;
        if (information.major, information.minor) != (3, 1) {
            let (major, minor) = (information.major, information.minor);
            return Err(Unsupported::Version { major, minor }.into());
        }
        if !self.store.has_region() {
            return Err(Unsupported::Geometry("its log is too small").into());
        }
        if self.session != Session::Untouched {
            // A session of ours goes on: what it left is in place.
            self.check_hibernation()?;
            return self.check_shadow_copies();
        }
        match self.log_state()? {
            LogState::Empty | LogState::Clean(_) => {}
            LogState::NotClean(_) | LogState::Unknown => {
                return Err(Unsupported::LogHoldsWork.into());
            }
        }
        self.check_hibernation()?;
        let dirty = information.flags.contains(VolumeFlags::DIRTY);
        if dirty && self.options.dirty == DirtyPolicy::Refuse {
            return Err(Unsupported::Dirty.into());
        }
        self.check_shadow_copies()
    }

    /// Windows copies what is overwritten to the stores of its shadow copies;
    /// we do not, so that they would show a mixture of then and now.
    fn check_shadow_copies(&self) -> Result<()> {
        if self.options.shadow_copies == ShadowPolicy::Refuse && self.has_shadow_copies()? {
            return Err(Unsupported::ShadowCopies.into());
        }
        Ok(())
    }

    /// Whether `\System Volume Information` holds a store of a shadow copy: a
    /// file of the store's GUID and that of all stores. The catalog, which has
    /// the latter alone, stays behind when the last store goes.
    fn has_shadow_copies(&self) -> Result<bool> {
        let name: Vec<u16> = SHADOW_FOLDER.encode_utf16().collect();
        let entry = self.lookup_entry(RecordNumber::ROOT, &name, NameCase::Insensitive)?;
        let Some(folder) = entry.map(|entry| entry.reference()) else {
            return Ok(false);
        };
        let mut list = self.list_from_start(self.directory(folder)?);
        while let Some(entry) = list.next_entry(self)? {
            let name = entry.name.to_string_lossy().to_ascii_lowercase();
            if name.len() > SHADOW_STORE.len() && name.ends_with(SHADOW_STORE) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn check_hibernation(&self) -> Result<()> {
        if self.hibernation()?.allows_writing() {
            Ok(())
        } else {
            Err(Unsupported::Hibernated.into())
        }
    }

    /// Whether a Windows sleeps on the volume: what its `hiberfil.sys` says.
    fn hibernation(&self) -> Result<HibernationState> {
        let name: Vec<u16> = "hiberfil.sys".encode_utf16().collect();
        let entry = self.lookup_entry(RecordNumber::ROOT, &name, NameCase::Insensitive)?;
        let Some(file) = entry.map(|entry| entry.reference()) else {
            return Ok(HibernationState::Empty);
        };
        let mut start = vec![0; HibernationState::PROBE_LEN];
        let len = self.read_stream(file, &[], 0, &mut start)?;
        Ok(HibernationState::of(start.get(..len).unwrap_or_default()))
    }
}
