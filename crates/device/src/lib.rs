//! Block devices: files, memory, partition windows, overlays and devices that fail on purpose.
#![forbid(unsafe_code)]
