//! Reparse buffers against bytes that Windows wrote, and against arbitrary bytes.

mod round_trip;
mod windows_samples;
