//! Names on a terminal: what could move the cursor, change colours or hide
//! itself is shown as an escape. Files and pipes get names as they are.

pub(crate) use linkwright_links::for_display as for_terminal;
