//! Copying trees between file systems.
