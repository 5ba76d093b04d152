//! Transactions (KtmW32).

use crate::boundary::{flag, from_c, get, handle};
use crate::text::wide;
use crate::types::*;

/// `CreateTransaction`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CreateTransaction(
    lpTransactionAttributes: *mut SECURITY_ATTRIBUTES,
    UOW: *mut GUID,
    CreateOptions: DWORD,
    IsolationLevel: DWORD,
    IsolationFlags: DWORD,
    Timeout: DWORD,
    Description: LPWSTR,
) -> HANDLE {
    let _not_kept = lpTransactionAttributes;
    handle(|system| {
        // SAFETY: NULL or a GUID, and a text.
        let (unit, description) = unsafe { (get(UOW.cast::<[u8; 16]>()), wide(Description)?) };
        system.create_transaction(
            None,
            unit,
            CreateOptions,
            IsolationLevel,
            IsolationFlags,
            Timeout,
            description.as_deref(),
        )
    })
}

/// `CommitTransaction`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn CommitTransaction(TransactionHandle: HANDLE) -> BOOL {
    flag(|system| system.commit_transaction(from_c(TransactionHandle)))
}

/// `RollbackTransaction`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn RollbackTransaction(TransactionHandle: HANDLE) -> BOOL {
    flag(|system| system.rollback_transaction(from_c(TransactionHandle)))
}
