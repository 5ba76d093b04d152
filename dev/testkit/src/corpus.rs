//! Volumes that other systems made.
