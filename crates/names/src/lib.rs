//! UTF-16 names, Win32 and NT path grammar, $UpCase, collation and 8.3 names.
#![forbid(unsafe_code)]
