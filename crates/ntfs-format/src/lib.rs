//! NTFS on-disk structures: declared once, decoded, validated and encoded.
#![forbid(unsafe_code)]
