//! The token of a process, and of a thread that impersonates: `ImpersonateSelf`,
//! `RevertToSelf`, `OpenProcessToken`, `OpenThreadToken`, `AdjustTokenPrivileges`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_codes::Win32Error;

use crate::handles::Object;
use crate::settings::{Privileges, Token};
use crate::{Handle, System, Win32Result};

thread_local! {
    /// What a thread impersonates, by process.
    static IMPERSONATED: RefCell<HashMap<u64, Arc<TokenState>>> = RefCell::default();
}

/// A token that can be adjusted.
pub(crate) struct TokenState {
    /// All privileges that can be enabled.
    held: Privileges,
    token: Mutex<Arc<Token>>,
}

impl TokenState {
    /// A token that holds `held` besides what it has enabled.
    pub(crate) fn new(token: Token, held: Privileges) -> Arc<Self> {
        Arc::new(Self {
            held: held | token.privileges,
            token: Mutex::new(Arc::new(token)),
        })
    }

    fn locked(&self) -> MutexGuard<'_, Arc<Token>> {
        // It is replaced whole.
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Arc<Token> {
        Arc::clone(&self.locked())
    }
}

/// A handle of a token, with the rights it was opened for.
struct TokenHandle {
    state: Arc<TokenState>,
    access: u32,
}

impl Object for TokenHandle {}

/// What is to become of a privilege, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrivilegeState {
    /// Its LUID; [`Privileges::luid`].
    pub luid: u64,
    /// SE_PRIVILEGE_ENABLED (2) or 0; SE_PRIVILEGE_REMOVED (4) is not known here.
    pub attributes: u32,
}

impl PrivilegeState {
    /// Most states that there can be.
    pub const COUNT: usize = PRIVILEGES.len();
}

const SE_PRIVILEGE_ENABLED: u32 = 2;
const TOKEN_QUERY: u32 = 0x8;
const TOKEN_ADJUST_PRIVILEGES: u32 = 0x20;

/// Names and LUIDs (winnt.h; the numbers are those of every Windows).
const PRIVILEGES: [(Privileges, u64, &str); 7] = [
    (Privileges::SECURITY, 8, "SeSecurityPrivilege"),
    (Privileges::TAKE_OWNERSHIP, 9, "SeTakeOwnershipPrivilege"),
    (Privileges::BACKUP, 17, "SeBackupPrivilege"),
    (Privileges::RESTORE, 18, "SeRestorePrivilege"),
    (Privileges::CHANGE_NOTIFY, 23, "SeChangeNotifyPrivilege"),
    (Privileges::MANAGE_VOLUME, 28, "SeManageVolumePrivilege"),
    (
        Privileges::CREATE_SYMBOLIC_LINK,
        35,
        "SeCreateSymbolicLinkPrivilege",
    ),
];

impl Privileges {
    /// The privilege of a name, `SeCreateSymbolicLinkPrivilege`; case does not
    /// count.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let known = PRIVILEGES
            .iter()
            .find(|(_, _, known)| known.eq_ignore_ascii_case(name));
        known.map(|(privilege, _, _)| *privilege)
    }

    /// The LUID of one privilege; `None` for none and for several.
    #[must_use]
    pub fn luid(self) -> Option<u64> {
        let known = PRIVILEGES.iter().find(|(known, _, _)| *known == self);
        known.map(|(_, luid, _)| *luid)
    }

    fn by_luid(luid: u64) -> Option<Self> {
        let known = PRIVILEGES.iter().find(|(_, known, _)| *known == luid);
        known.map(|(privilege, _, _)| *privilege)
    }
}

impl System {
    /// Who the calling thread acts as.
    pub(crate) fn token(&self) -> Arc<Token> {
        self.thread_token()
            .unwrap_or_else(|| Arc::clone(&self.process.token))
            .current()
    }

    fn thread_token(&self) -> Option<Arc<TokenState>> {
        IMPERSONATED
            .try_with(|tokens| tokens.borrow().get(&self.process.id).cloned())
            .ok()
            .flatten()
    }

    /// `ImpersonateSelf`: the thread gets a token of its own, a copy of that of the
    /// process. `level` is SecurityAnonymous (0) to SecurityDelegation (3); what it
    /// limits, nothing here asks for.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER for another level.
    pub fn impersonate_self(&self, level: u32) -> Win32Result<()> {
        if level > 3 {
            return self.remember(Err(Win32Error::INVALID_PARAMETER));
        }
        let process = &self.process.token;
        let own = TokenState::new(Token::clone(&process.current()), process.held);
        let set = IMPERSONATED.try_with(|tokens| {
            tokens.borrow_mut().insert(self.process.id, own);
        });
        self.remember(set.map_err(|_| Win32Error::INVALID_FUNCTION))
    }

    /// `RevertToSelf`: the thread acts as the process again.
    ///
    /// # Errors
    /// None.
    pub fn revert_to_self(&self) -> Win32Result<()> {
        let id = self.process.id;
        drop(IMPERSONATED.try_with(|tokens| tokens.borrow_mut().remove(&id)));
        Ok(())
    }

    /// `OpenProcessToken` of this process.
    ///
    /// # Errors
    /// None.
    pub fn open_process_token(&self, access: u32) -> Win32Result<Handle> {
        let state = Arc::clone(&self.process.token);
        Ok(self
            .process
            .handles
            .insert(Arc::new(TokenHandle { state, access })))
    }

    /// `OpenThreadToken` of the calling thread.
    ///
    /// # Errors
    /// ERROR_NO_TOKEN: it does not impersonate.
    pub fn open_thread_token(&self, access: u32) -> Win32Result<Handle> {
        let state = self.remember(self.thread_token().ok_or(Win32Error::NO_TOKEN))?;
        Ok(self
            .process
            .handles
            .insert(Arc::new(TokenHandle { state, access })))
    }

    /// `LookupPrivilegeValueW` on this machine: the LUID of a privilege.
    ///
    /// # Errors
    /// ERROR_NO_SUCH_PRIVILEGE.
    pub fn lookup_privilege_value_w(&self, name: &[u16]) -> Win32Result<u64> {
        let name = String::from_utf16_lossy(name);
        let luid = Privileges::by_name(&name).and_then(Privileges::luid);
        self.remember(luid.ok_or(Win32Error::NO_SUCH_PRIVILEGE))
    }

    /// `LookupPrivilegeValueA`.
    ///
    /// # Errors
    /// As [`System::lookup_privilege_value_w`].
    pub fn lookup_privilege_value_a(&self, name: &[u8]) -> Win32Result<u64> {
        self.lookup_privilege_value_w(&self.process.code_page.decode(name))
    }

    /// `AdjustTokenPrivileges`: the privileges of a token as they are to be; `None`
    /// disables all. What changed is returned as it was before. The last error is
    /// ERROR_SUCCESS, or ERROR_NOT_ALL_ASSIGNED when the token does not hold one of
    /// them - and the call succeeds all the same.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE; ERROR_ACCESS_DENIED without TOKEN_ADJUST_PRIVILEGES.
    pub fn adjust_token_privileges(
        &self,
        token: Handle,
        new: Option<&[PrivilegeState]>,
    ) -> Win32Result<Vec<PrivilegeState>> {
        let opened = self.object::<TokenHandle>(token).and_then(|opened| {
            match opened.access & TOKEN_ADJUST_PRIVILEGES {
                0 => Err(Win32Error::ACCESS_DENIED),
                _ => Ok(opened),
            }
        });
        let state = Arc::clone(&self.remember(opened)?.state);
        let mut current = state.locked();
        let before = current.privileges;
        let (after, missing) = adjusted(before, state.held, new);
        *current = Arc::new(Token {
            privileges: after,
            ..Token::clone(&current)
        });
        drop(current);
        self.set_last_error(match missing {
            true => Win32Error::NOT_ALL_ASSIGNED,
            false => Win32Error::SUCCESS,
        });
        Ok(states(before, before.symmetric_difference(after)))
    }

    /// Whether a handle of a token may be asked for its state (TOKEN_QUERY), which
    /// `AdjustTokenPrivileges` with `PreviousState` needs.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE, ERROR_ACCESS_DENIED.
    pub fn check_token_query(&self, token: Handle) -> Win32Result<()> {
        let opened = self.object::<TokenHandle>(token);
        self.remember(opened.and_then(|opened| match opened.access & TOKEN_QUERY {
            0 => Err(Win32Error::ACCESS_DENIED),
            _ => Ok(()),
        }))
    }
}

/// What is enabled afterwards, and whether something is not held.
fn adjusted(
    before: Privileges,
    held: Privileges,
    new: Option<&[PrivilegeState]>,
) -> (Privileges, bool) {
    let Some(new) = new else {
        return (Privileges::empty(), false);
    };
    let mut after = before;
    let mut missing = false;
    for state in new {
        match Privileges::by_luid(state.luid).filter(|one| held.contains(*one)) {
            Some(one) => after.set(one, state.attributes & SE_PRIVILEGE_ENABLED != 0),
            None => missing = true,
        }
    }
    (after, missing)
}

/// The state of some privileges.
fn states(enabled: Privileges, which: Privileges) -> Vec<PrivilegeState> {
    let known = PRIVILEGES.iter().filter(|(one, _, _)| which.contains(*one));
    known
        .map(|(one, luid, _)| PrivilegeState {
            luid: *luid,
            attributes: match enabled.contains(*one) {
                true => SE_PRIVILEGE_ENABLED,
                false => 0,
            },
        })
        .collect()
}
