//! `GetFileSecurity`, `SetFileSecurity`: self-relative descriptors by name.
//! Links are not followed: a link has a descriptor of its own.

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_fs::{Capabilities, Sid};

use crate::constants::FILE_OPEN_REPARSE_POINT;
use crate::descriptor::{self, SecurityInformation};
use crate::nt::lookup::PlainView;
use crate::nt::objects::FileObject;
use crate::nt::status;
use crate::opening::Wanted;
use crate::settings::Privileges;
use crate::{System, Win32Result};

impl System {
    /// `GetFileSecurityW`: the parts `requested` (`*_SECURITY_INFORMATION`) of a
    /// file's descriptor. `needed` becomes its length (in bytes).
    ///
    /// # Errors
    /// ERROR_INSUFFICIENT_BUFFER when `buffer` is smaller than `needed`;
    /// ERROR_ACCESS_DENIED without READ_CONTROL; ERROR_PRIVILEGE_NOT_HELD for the
    /// SACL without SeSecurityPrivilege; those of opening the file.
    pub fn get_file_security_w(
        &self,
        name: Option<&[u16]>,
        requested: u32,
        buffer: &mut [u8],
        needed: &mut u32,
    ) -> Win32Result<()> {
        self.remember(self.file_security(name, requested, buffer, needed))
    }

    fn file_security(
        &self,
        name: Option<&[u16]>,
        requested: u32,
        buffer: &mut [u8],
        needed: &mut u32,
    ) -> Win32Result<()> {
        let name = name.ok_or(Win32Error::PATH_NOT_FOUND)?;
        let parts = SecurityInformation::from_bits_retain(requested);
        let wanted = Wanted {
            access: nonzero(parts.access_to_query()),
            options: FILE_OPEN_REPARSE_POINT,
        };
        let open = self.open_short(name, wanted, &PlainView)?;
        let bytes = descriptor::select(&stored(&open)?, parts)?;
        *needed = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let Some(room) = buffer.get_mut(..bytes.len()) else {
            return Err(Win32Error::INSUFFICIENT_BUFFER);
        };
        room.copy_from_slice(&bytes);
        Ok(())
    }

    /// `SetFileSecurityW`: puts the parts `given` (`*_SECURITY_INFORMATION`) of a
    /// self-relative descriptor in place of the file's own. All names of the file
    /// have this one descriptor.
    ///
    /// # Errors
    /// ERROR_ACCESS_DENIED without WRITE_DAC or WRITE_OWNER;
    /// ERROR_PRIVILEGE_NOT_HELD for the SACL; ERROR_INVALID_OWNER for an owner
    /// whom the caller may not name; ERROR_INVALID_SECURITY_DESCR,
    /// ERROR_INVALID_ACL; those of opening the file.
    pub fn set_file_security_w(
        &self,
        name: Option<&[u16]>,
        given: u32,
        descriptor: &[u8],
    ) -> Win32Result<()> {
        self.remember(self.set_security(name, given, descriptor))
    }

    fn set_security(&self, name: Option<&[u16]>, given: u32, descriptor: &[u8]) -> Win32Result<()> {
        let name = name.ok_or(Win32Error::PATH_NOT_FOUND)?;
        let parts = SecurityInformation::from_bits_retain(given);
        let wanted = Wanted {
            access: nonzero(parts.access_to_set()),
            options: FILE_OPEN_REPARSE_POINT,
        };
        let open = self.open_short(name, wanted, &PlainView)?;
        if parts.intersects(SecurityInformation::OWNER) {
            let owner = descriptor::owner(descriptor)?.ok_or(NtStatus::INVALID_OWNER)?;
            self.check_owner(&owner)?;
        }
        let new = descriptor::replace(&stored(&open)?, descriptor, parts)?;
        open.fs.set_security(&open.node, &new).map_err(status::of)?;
        self.machine.refresh_open_name(&open);
        Ok(())
    }

    /// Who can be named as owner: the user, Administrators where the token has
    /// it, and anybody with SeRestorePrivilege.
    fn check_owner(&self, owner: &Sid) -> Result<(), NtStatus> {
        let token = &self.token();
        let administrators = *owner == Sid::ADMINISTRATORS && token.groups.contains(owner);
        let allowed = token.user == *owner
            || administrators
            || token.privileges.contains(Privileges::RESTORE);
        match allowed {
            true => Ok(()),
            false => Err(NtStatus::INVALID_OWNER),
        }
    }
}

/// An open must ask for something; who asks for no part only opens the file.
fn nonzero(access: u32) -> u32 {
    access | crate::constants::SYNCHRONIZE
}

/// The whole descriptor. FAT refuses access to what it does not have, other file
/// systems do not know the request (MS-FSA notes 176 and 193).
fn stored(open: &FileObject) -> Result<Vec<u8>, NtStatus> {
    if !open.fs.capabilities().contains(Capabilities::SECURITY) {
        let kind = open.fs.volume_info().map_err(status::of)?.kind;
        return Err(match kind.to_ascii_uppercase().starts_with("FAT") {
            true => NtStatus::ACCESS_DENIED,
            false => NtStatus::INVALID_DEVICE_REQUEST,
        });
    }
    open.fs.security(&open.node).map_err(status::of)
}
