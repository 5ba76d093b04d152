//! Targets that fail, so that it is seen whether a driver notices.

use std::hint::black_box;

/// Whether these bytes are to fail: a quarter of all do.
fn fails(bytes: &[u8]) -> bool {
    bytes.last().is_some_and(|byte| byte & 3 == 3)
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    vec![vec![0; 8]]
}

pub(super) fn panics(bytes: &[u8]) {
    assert!(!fails(bytes), "the canary sings");
}

pub(super) fn hangs(bytes: &[u8]) {
    while fails(black_box(bytes)) {
        std::thread::yield_now();
    }
}

pub(super) fn eats(bytes: &[u8]) {
    let mut eaten = Vec::new();
    while fails(black_box(bytes)) && eaten.len() < 40 {
        eaten.push(vec![1_u8; 64 << 20]);
    }
    black_box(&eaten);
}
