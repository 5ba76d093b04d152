//! Numbers and names of status codes.

use crate::bytes::answers;
use linkwright_codes::{NtStatus, Win32Error};

pub(super) fn codes(bytes: &[u8]) {
    for word in bytes.as_chunks::<4>().0 {
        let status = NtStatus(u32::from_le_bytes(*word));
        let error = status.to_win32();
        answers((status.to_string(), error.to_string()));
    }
    let text = String::from_utf8_lossy(bytes);
    answers((NtStatus::from_name(&text), Win32Error::from_name(&text)));
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let numbers = NtStatus::known().flat_map(|status| status.0.to_le_bytes());
    vec![
        numbers.collect(),
        b"STATUS_REPARSE_POINT_NOT_RESOLVED".to_vec(),
        b"ERROR_TOO_MANY_LINKS".to_vec(),
    ]
}
