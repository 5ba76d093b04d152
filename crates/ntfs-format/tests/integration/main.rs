//! The structures against bytes that Windows wrote, where the corpus is there.

mod hostile;
mod inheritance;
mod logs;
mod sample;
mod volumes;
