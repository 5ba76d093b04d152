//! Tests of manifests as a whole.
