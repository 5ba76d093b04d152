//! The checker on a damaged volume.

use linkwright_device::BlockDevice;
use linkwright_ntfs_check::{CheckOptions, Severity, check as run};

use crate::volumes::damaged;

pub(super) fn check(bytes: &[u8]) {
    let (damaged, []) = damaged(bytes);
    let mut said = 0;
    let result = run(&*damaged.device, &CheckOptions::default(), &mut |problem| {
        said += problem.to_string().len();
    });
    if let Err(error) = result {
        said += error.to_string().len();
    }
    assert!(said < 64 << 20, "{said} bytes of words");
}

/// Fails when the checker finds damage or an inconsistency.
#[track_caller]
pub(super) fn assert_sound(device: &dyn BlockDevice, when: &str) {
    let mut faults = Vec::new();
    let summary = run(device, &CheckOptions::default(), &mut |problem| {
        if problem.severity > Severity::Note {
            faults.push(problem.to_string());
        }
    });
    let summary = summary.unwrap_or_else(|error| panic!("{when}: {error}"));
    assert!(summary.is_clean(), "{when}: {faults:#?}");
}
