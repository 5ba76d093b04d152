//! The one system of the process: set up at first use, flushed every 5 s and closed
//! at exit.

use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Component;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use linkwright_fs::Name;
use linkwright_fs::posix::PosixFs;
use linkwright_win32::{System, Win32Error, Win32Result};

use crate::configuration::Configuration;
use crate::drives::Drives;
use crate::fork;

/// How long what was done may wait to be durable.
const FLUSH_EVERY: Duration = Duration::from_secs(5);

/// The system and what is mapped in it.
pub(crate) struct Process {
    pub(crate) system: System,
    pub(crate) drives: Drives,
}

static PROCESS: OnceLock<Win32Result<Process>> = OnceLock::new();
static ENDED: AtomicBool = AtomicBool::new(false);

/// Whether the process is set up, so that configuration comes too late.
pub(crate) fn has_begun() -> bool {
    PROCESS.get().is_some()
}

/// The process.
///
/// # Errors
/// ERROR_INVALID_HANDLE in a forked child and after exit; ERROR_BAD_ENVIRONMENT when
/// the configuration is wrong.
pub(crate) fn process() -> Win32Result<&'static Process> {
    if !fork::is_owner() || ENDED.load(Ordering::Acquire) {
        return Err(Win32Error::INVALID_HANDLE);
    }
    PROCESS.get_or_init(begin).as_ref().map_err(|code| *code)
}

/// Its system.
///
/// # Errors
/// As [`process`].
pub(crate) fn system() -> Win32Result<&'static System> {
    process().map(|process| &process.system)
}

fn begin() -> Win32Result<Process> {
    try_begin().map_err(|why| {
        // A caller gets a number only; the reason must be somewhere.
        eprintln!("linkwright: {why}");
        Win32Error::BAD_ENVIRONMENT
    })
}

fn try_begin() -> Result<Process, String> {
    let configuration = Configuration::read()?;
    let system = System::builder()
        .token(configuration.token)
        .held_privileges(configuration.held)
        .developer_mode(configuration.developer_mode)
        .ansi_code_page(configuration.code_page)
        .current_directory(r"Z:\")
        .build()
        .map_err(|error| error.to_string())?;
    let drives = Drives::default();
    for spec in &configuration.drives {
        let mapped = drives.map(&system, spec);
        mapped.map_err(|(_, why)| format!("LINKWRIGHT_DRIVES: {why}"))?;
    }
    if !configuration.drives.iter().any(|drive| drive.letter == 'Z') {
        let host: std::sync::Arc<dyn linkwright_fs::FileSystem> =
            std::sync::Arc::new(PosixFs::new());
        system
            .map_drive('Z', &host)
            .map_err(|code| code.to_string())?;
    }
    enter_directory(&system, configuration.current_directory)?;
    // SAFETY: the function has the type that is asked for.
    unsafe { libc::atexit(at_exit) };
    flush_in_background();
    Ok(Process { system, drives })
}

/// Goes where the configuration says, or where the host's current directory is.
fn enter_directory(system: &System, configured: Option<String>) -> Result<(), String> {
    let units: Vec<u16> = match &configured {
        Some(path) => path.encode_utf16().collect(),
        None => hosts_directory(),
    };
    match (system.set_current_directory_w(Some(&units)), configured) {
        (Err(code), Some(path)) => Err(format!("LINKWRIGHT_CURRENT_DIRECTORY: {path}: {code}")),
        // One that is too long or not to be entered: the root of Z: it is then.
        (_, None) | (Ok(()), _) => Ok(()),
    }
}

fn hosts_directory() -> Vec<u16> {
    let mut units: Vec<u16> = "Z:".encode_utf16().collect();
    let path = std::env::current_dir().unwrap_or_default();
    for part in path.components() {
        if let Component::Normal(name) = part {
            units.push(u16::from(b'\\'));
            units.extend(Name::from_host_bytes(name.as_bytes()).units());
        }
    }
    if units.len() == 2 {
        units.push(u16::from(b'\\'));
    }
    units
}

fn flush_in_background() {
    let flush = || {
        loop {
            std::thread::sleep(FLUSH_EVERY);
            if let Some(Ok(process)) = PROCESS.get() {
                // Who asks for it is told; here nobody is there to be.
                let _told_nobody = process.drives.sync();
            }
        }
    };
    let thread = std::thread::Builder::new().name("linkwright-flush".into());
    // Without the thread everything is flushed at exit still.
    drop(thread.spawn(flush));
}

extern "C" fn at_exit() {
    if !fork::is_owner() || ENDED.swap(true, Ordering::AcqRel) {
        return;
    }
    if let Some(Ok(process)) = PROCESS.get() {
        // Nothing may unwind out of here, and nobody is left to be told.
        let _ended = catch_unwind(AssertUnwindSafe(|| {
            process.system.exit_process();
            process.drives.close(&process.system);
        }));
    }
}
