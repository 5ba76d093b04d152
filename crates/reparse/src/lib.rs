//! Reparse buffers: symbolic links, mount points, WSL links, and every other tag kept whole.
#![forbid(unsafe_code)]
