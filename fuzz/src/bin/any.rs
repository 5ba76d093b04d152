//! The target named by `LINKWRIGHT_FUZZ_TARGET`, for `cargo fuzz run any`.
//! `cargo xtask fuzz` sets it.
#![no_main]

use std::sync::LazyLock;

use linkwright_fuzz::{Target, target};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("LINKWRIGHT_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("LINKWRIGHT_FUZZ_TARGET={name:?} is no target"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    (TARGET.run)(bytes);
});
