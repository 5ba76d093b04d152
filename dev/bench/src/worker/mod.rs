//! A run of its own process, so that one does not find what another left in
//! memory: `bench worker HOW ARGUMENTS` prints one JSON object.
//!
//! | call | does |
//! |---|---|
//! | `engine IMAGE LOAD` | a load by the engine's interface, an operation a call |
//! | `bulk IMAGE LOAD` | the same as one transaction |
//! | `win32 IMAGE LOAD` | the same by the Win32 functions and full paths |
//! | `mount IMAGE LOAD` | the same through a mount of ntfs-3g |
//! | `spawn PROGRAM ARGUMENT...` | runs another program, its output thrown away |

mod engine;
mod mount;
mod spawn;
mod win32;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::load::Load;

/// What a run tells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Wall time of the work, up to the end of close or unmount.
    pub seconds: f64,
    /// The most memory it had.
    #[serde(default)]
    pub peak_kib: u64,
}

/// Does what the words say and prints what it tells.
///
/// # Errors
/// The words are not understood, or the work failed.
pub fn run(words: &[String]) -> Outcome<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = match words.as_slice() {
        ["spawn", program, arguments @ ..] => spawn::run(program, arguments)?,
        [how, image, load] => {
            let (image, load) = (Path::new(image), Load::read(Path::new(load))?);
            let seconds = match *how {
                "engine" => engine::calls(image, &load)?,
                "bulk" => engine::transaction(image, &load)?,
                "win32" => win32::calls(image, &load)?,
                "mount" => mount::calls(image, &load)?,
                _ => return Err(format!("no worker: {how}").into()),
            };
            let peak_kib = peak_kib().unwrap_or(0);
            Told { seconds, peak_kib }
        }
        _ => return Err("worker HOW IMAGE LOAD, or worker spawn PROGRAM".into()),
    };
    println!("{}", serde_json::to_string(&told)?);
    Ok(())
}

/// The most memory this process has had; `None` where that is not told.
#[must_use]
pub fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
