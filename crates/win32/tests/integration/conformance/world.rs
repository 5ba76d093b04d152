//! What a row is run in: volumes in memory, a machine, a process, and the names
//! that steps gave to results.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use linkwright_device::MemoryDevice;
use linkwright_fs::declared::{Declaration, Declared};
use linkwright_fs::ntfs::{NtfsFs, ReadOnlyFiles};
use linkwright_fs::{FileSystem, Timestamp};
use linkwright_ntfs::OpenOptions;
use linkwright_ntfs_format::NtTime;
use linkwright_win32::{
    CodePage, DeveloperMode, Handle, LongPaths, Privileges, ShareKind, SymlinkEvaluation, System,
    Token, WindowsVersion,
};

use super::steps::{Step, Word};

/// A result that has a name.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Handle(Handle),
    /// A search, and the first thing it found.
    Search(Handle, String),
    Text(String),
}

/// One volume of the machine.
pub(crate) struct Disk {
    /// `C:` or `\\srv\share`, in lower case.
    pub(crate) prefix: String,
    device: Arc<MemoryDevice>,
    /// What it is declared to be.
    declared: Option<Declaration>,
    /// The NTFS volume itself.
    pub(crate) fs: Arc<NtfsFs>,
    /// Another letter of a volume shares what the machine sees.
    face: Arc<dyn FileSystem>,
}

/// A clock that goes when it is told to.
pub(crate) struct StepClock(AtomicU64);

impl StepClock {
    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds * 10_000_000, Ordering::Relaxed);
    }
}

impl linkwright_win32::Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nt_ticks(self.0.load(Ordering::Relaxed))
    }
}

impl linkwright_ntfs::Clock for StepClock {
    fn now(&self) -> NtTime {
        NtTime(self.0.load(Ordering::Relaxed))
    }
}

/// See the module's text.
pub(crate) struct World {
    pub(crate) clock: Arc<StepClock>,
    disks: Vec<Disk>,
    settings: Settings,
    system: Option<System>,
    names: HashMap<String, Value>,
}

/// What the set-up says of machine and process.
struct Settings {
    token: Token,
    version: WindowsVersion,
    developer_mode: DeveloperMode,
    long_paths: LongPaths,
    evaluation: SymlinkEvaluation,
    code_page: CodePage,
    current: Option<String>,
    journal: Journal,
}

/// Whether volumes have a change journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Journal {
    None,
    Active,
}

/// Steps that say how machine and process are to be; they come first, wherever
/// they stand.
pub(crate) const SETTINGS: &[&str] = &[
    "token",
    "version",
    "devmode",
    "longpaths",
    "policy",
    "codepage",
    "cwd",
    "drive",
    "unc",
    "usn",
];

impl World {
    /// A machine whose C: is this back end, set up as the steps say.
    pub(crate) fn new(back_end: &str, steps: &[Step]) -> Result<Self, String> {
        // 2024-01-01.
        let clock = Arc::new(StepClock(AtomicU64::new(133_485_408_000_000_000)));
        let mut world = Self {
            clock,
            disks: Vec::new(),
            settings: Settings {
                token: Token::elevated(),
                version: WindowsVersion::WINDOWS_11,
                developer_mode: DeveloperMode::Off,
                long_paths: LongPaths::OFF,
                evaluation: SymlinkEvaluation::default(),
                code_page: CodePage::UTF_8,
                current: None,
                journal: match steps.iter().any(|step| step.verb == "usn") {
                    true => Journal::Active,
                    false => Journal::None,
                },
            },
            system: None,
            names: HashMap::new(),
        };
        world.add_disk("c:", back_end)?;
        for step in steps {
            if SETTINGS.contains(&step.verb.as_str()) {
                world
                    .setting(&step.verb, &step.arguments)
                    .map_err(|error| format!("{} {:?}: {error}", step.verb, step.arguments))?;
            }
        }
        Ok(world)
    }

    fn setting(&mut self, verb: &str, words: &[Word]) -> Result<(), String> {
        let raw: Vec<&str> = words.iter().map(|word| word.raw.as_str()).collect();
        let settings = &mut self.settings;
        match (verb, raw.as_slice()) {
            ("token", ["elevated"]) => settings.token = Token::elevated(),
            ("token", ["filtered"]) => settings.token = Token::filtered(),
            ("token", ["standard"]) => settings.token = Token::standard_user(),
            ("token", ["symlink"]) => {
                settings.token = Token::standard_user().with(Privileges::CREATE_SYMBOLIC_LINK);
            }
            ("version", [name]) => settings.version = version(name)?,
            // Looked at before the volumes were made.
            ("usn", []) => {}
            ("devmode", []) => settings.developer_mode = DeveloperMode::On,
            ("longpaths", []) => settings.long_paths = LongPaths::ON,
            ("policy", [change]) => policy(&mut settings.evaluation, change)?,
            ("codepage", [number]) => {
                settings.code_page = CodePage(number.parse().map_err(|_| "no number")?);
            }
            ("cwd", [_]) => settings.current = words.first().map(Word::text),
            ("drive", [letter, of]) if of.starts_with('=') => self.same_disk(letter, of)?,
            ("drive" | "unc", [prefix, back_end]) => self.add_disk(prefix, back_end)?,
            _ => return Err("not understood".into()),
        }
        Ok(())
    }

    fn add_disk(&mut self, prefix: &str, back_end: &str) -> Result<(), String> {
        let declared = match back_end {
            "ntfs" => None,
            name => Some(Declaration::preset(name).ok_or_else(|| format!("no back end {name}"))?),
        };
        let device = Arc::new(template(self.disks.len() as u64 + 1, self.settings.journal));
        let fs = mount(&device, &self.clock)?;
        self.disks.push(Disk {
            prefix: prefix.to_lowercase(),
            face: face(&fs, declared),
            device,
            declared,
            fs,
        });
        Ok(())
    }

    /// A second letter for a volume.
    fn same_disk(&mut self, letter: &str, of: &str) -> Result<(), String> {
        let of = of.trim_start_matches('=').to_lowercase();
        let disk = self.disks.iter().find(|disk| disk.prefix == of);
        let disk = disk.ok_or("no such drive")?;
        let again = Disk {
            prefix: letter.to_lowercase(),
            device: Arc::clone(&disk.device),
            declared: disk.declared,
            fs: Arc::clone(&disk.fs),
            face: Arc::clone(&disk.face),
        };
        self.disks.push(again);
        Ok(())
    }

    /// The process under test; the machine starts when it is first needed.
    pub(crate) fn system(&mut self) -> Result<System, String> {
        if let Some(system) = &self.system {
            return Ok(system.clone());
        }
        let settings = &self.settings;
        let mut builder = System::builder()
            .token(settings.token.clone())
            .windows_version(settings.version)
            .developer_mode(settings.developer_mode)
            .long_paths(settings.long_paths)
            .symlink_evaluation(settings.evaluation)
            .ansi_code_page(settings.code_page)
            .clock(self.clock.clone());
        if let Some(current) = &settings.current {
            builder = builder.current_directory(current);
        }
        for disk in &self.disks {
            let face = Arc::clone(&disk.face);
            builder = match disk.prefix.strip_prefix(r"\\") {
                None => builder.drive(disk.prefix.chars().next().unwrap_or('?'), face),
                Some(name) => {
                    let (server, share) = name.split_once('\\').ok_or("a share has two names")?;
                    builder.unc(server, share, face, ShareKind::Smb)
                }
            };
        }
        let system = builder.build().map_err(|error| error.to_string())?;
        self.system = Some(system.clone());
        Ok(system)
    }

    /// The volume of a path, and the components on it.
    pub(crate) fn place(&self, path: &Word) -> Result<(&Disk, Vec<Vec<u16>>), String> {
        let text = path.units.as_slice();
        let verbatim: Vec<u16> = r"\\?\".encode_utf16().collect();
        let text = text.strip_prefix(verbatim.as_slice()).unwrap_or(text);
        for disk in &self.disks {
            let length = disk.prefix.encode_utf16().count();
            let Some((head, rest)) = text.split_at_checked(length) else {
                continue;
            };
            if String::from_utf16_lossy(head).to_lowercase() == disk.prefix {
                let parts = rest.split(|&unit| unit == u16::from(b'\\'));
                let parts = parts.filter(|part| !part.is_empty());
                return Ok((disk, parts.map(<[u16]>::to_vec).collect()));
            }
        }
        Err(format!("{} is on no volume here", path.raw))
    }

    /// Changes the bytes of the volumes while nobody has them open.
    pub(crate) fn patch(
        &mut self,
        change: &mut dyn FnMut(&MemoryDevice) -> Result<bool, String>,
    ) -> Result<(), String> {
        if self.system.is_some() {
            return Err("the machine runs already: too late to change its disks".into());
        }
        let mut found = false;
        for disk in std::mem::take(&mut self.disks) {
            let Disk {
                prefix,
                device,
                declared,
                fs,
                face: seen,
            } = disk;
            drop(seen);
            let fs = Arc::try_unwrap(fs).map_err(|_| "the volume is in use")?;
            fs.close().map_err(|error| error.to_string())?;
            found |= change(&device)?;
            let fs = mount(&device, &self.clock)?;
            self.disks.push(Disk {
                prefix,
                face: face(&fs, declared),
                device,
                declared,
                fs,
            });
        }
        found.then_some(()).ok_or_else(|| "it is nowhere".into())
    }

    pub(crate) fn bind(&mut self, name: &str, value: Value) {
        self.names.insert(name.to_owned(), value);
    }

    pub(crate) fn value(&self, name: &str) -> Result<&Value, String> {
        self.names
            .get(name)
            .ok_or_else(|| format!("{name} is not set"))
    }

    /// The handle that a word names: `$name`, or a number.
    pub(crate) fn handle(&self, word: &Word) -> Result<Handle, String> {
        if word.raw.starts_with('$') {
            return match self.value(&word.raw)? {
                Value::Handle(handle) | Value::Search(handle, _) => Ok(*handle),
                Value::Text(text) => Err(format!("{} is {text:?}, no handle", word.raw)),
            };
        }
        number(&word.raw).map(|value| Handle::from_value(u64::from(value)))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(system) = &self.system {
            system.exit_process();
        }
    }
}

/// The face that the machine sees of a volume.
fn face(fs: &Arc<NtfsFs>, declared: Option<Declaration>) -> Arc<dyn FileSystem> {
    let fs = Arc::clone(fs);
    match declared {
        None => fs,
        Some(declaration) => Arc::new(Declared::new(fs, declaration)),
    }
}

fn mount(device: &Arc<MemoryDevice>, clock: &Arc<StepClock>) -> Result<Arc<NtfsFs>, String> {
    let options = OpenOptions {
        cache_bytes: 4 << 20,
        clock: clock.clone(),
        dirty: linkwright_ntfs::DirtyPolicy::Ignore,
        ..OpenOptions::read_write()
    };
    let fs = NtfsFs::open(device.clone(), options).map_err(|error| error.to_string())?;
    Ok(Arc::new(
        fs.with_read_only_files(ReadOnlyFiles::LeftToCaller),
    ))
}

/// An empty volume with 8.3 names; each kind is formatted once.
fn template(serial: u64, journal: Journal) -> MemoryDevice {
    static MADE: Mutex<Vec<((u64, Journal), MemoryDevice)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let kind = (serial, journal);
    if let Some((_, device)) = made.iter().find(|(known, _)| *known == kind) {
        return device.snapshot();
    }
    let device = MemoryDevice::new(12 << 20);
    let options = linkwright_ntfs_mkfs::FormatOptions {
        serial: 0x1122_3344_5566_0000 + serial,
        short_names: linkwright_ntfs_mkfs::ShortNames::On,
        change_journal: match journal {
            Journal::None => None,
            Journal::Active => Some(linkwright_ntfs_mkfs::ChangeJournal {
                maximum_size: 64 << 10,
                allocation_delta: 16 << 10,
            }),
        },
        ..Default::default()
    };
    linkwright_ntfs_mkfs::format(&device, &options)
        .unwrap_or_else(|error| panic!("an empty volume: {error}"));
    made.push((kind, device.snapshot()));
    device
}

fn version(name: &str) -> Result<WindowsVersion, String> {
    Ok(WindowsVersion(match name {
        "7" => 7601,
        "8.1" => 9600,
        "2016" => 14_393,
        "10" => 19_045,
        "11" => 22_000,
        "2025" => 26_100,
        _ => return Err("no such Windows".into()),
    }))
}

fn policy(evaluation: &mut SymlinkEvaluation, change: &str) -> Result<(), String> {
    let (class, on) = change.split_once('=').ok_or("CLASS=0 or CLASS=1")?;
    let class = match class {
        "L2L" => SymlinkEvaluation::LOCAL_TO_LOCAL,
        "L2R" => SymlinkEvaluation::LOCAL_TO_REMOTE,
        "R2L" => SymlinkEvaluation::REMOTE_TO_LOCAL,
        "R2R" => SymlinkEvaluation::REMOTE_TO_REMOTE,
        _ => return Err("no such class".into()),
    };
    match on {
        "1" => evaluation.insert(class),
        "0" => evaluation.remove(class),
        _ => return Err("0 or 1".into()),
    }
    Ok(())
}

/// A number, decimal or with 0x.
pub(crate) fn number(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("{text:?} is no number"))
}
