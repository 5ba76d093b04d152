//! NTSTATUS and Win32 error codes: numbers, names, texts and the map between them.
#![forbid(unsafe_code)]
