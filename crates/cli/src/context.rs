//! What every verb works with: settings, the location grammar, open volumes,
//! the output.

use std::ffi::OsStr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use linkwright_fs::FileSystem;
use linkwright_fs::posix::{LinkLimit, PosixFs};
use linkwright_fs::resolve::Resolver;
use linkwright_ntfs::ShadowPolicy;

use crate::args::{Color, Global};
use crate::failure::{Failure, Result};
use crate::interrupt::Interrupt;
use crate::location::{DeviceSpec, DriveMap, Grammar, Location, NameRules, Reading, probe_host};
use crate::output::{Format, Output};
use crate::place::Spot;
use crate::volumes::{Access, Volumes};

/// The settings and everything that is open.
pub(crate) struct Context {
    pub(crate) out: Rc<Output>,
    pub(crate) interrupt: Interrupt,
    pub(crate) drives: Arc<DriveMap>,
    pub(crate) volumes: Volumes,
    pub(crate) lock_wait: Duration,
    /// The host's file system: one, so that places on it are seen to be on one.
    pub(crate) host: Arc<dyn FileSystem>,
    reading: Reading,
    names: NameRules,
}

impl Context {
    /// From the options that every verb has.
    pub(crate) fn new(global: &Global, interrupt: Interrupt, out: Rc<Output>) -> Result<Self> {
        let drives = DriveMap::parse(&global.drive, &probe_host)
            .map_err(|error| Failure::usage(error.to_string()))?;
        let lock_wait = Duration::try_from_secs_f64(global.lock_wait)
            .map_err(|_| Failure::usage("--lock-wait takes a number of seconds"))?;
        let drives = Arc::new(drives);
        Ok(Self {
            out,
            interrupt,
            volumes: Volumes::new(
                Arc::clone(&drives),
                lock_wait,
                match global.force_vss {
                    true => ShadowPolicy::Ignore,
                    false => ShadowPolicy::Refuse,
                },
            ),
            drives,
            lock_wait,
            host: Arc::new(PosixFs::with_limit(match global.strict_windows {
                true => LinkLimit::Windows,
                false => LinkLimit::Host,
            })),
            reading: match (global.image, global.host) {
                (true, _) => Reading::Image,
                (_, true) => Reading::Host,
                _ => Reading::Auto,
            },
            names: match global.posix_names {
                true => NameRules::Posix,
                false => NameRules::Win32,
            },
        })
    }

    /// The same with one drive, which takes the place of all others.
    pub(crate) fn with_drive(&self, letter: char, device: DeviceSpec) -> Self {
        let drives = Arc::new(DriveMap::one(letter, device));
        Self {
            out: Rc::clone(&self.out),
            interrupt: self.interrupt.clone(),
            volumes: Volumes::new(
                Arc::clone(&drives),
                self.lock_wait,
                self.volumes.shadow_copies(),
            ),
            drives,
            lock_wait: self.lock_wait,
            host: Arc::clone(&self.host),
            reading: self.reading,
            names: self.names,
        }
    }

    /// Where output goes, before there is anything else.
    pub(crate) fn output(global: &Global) -> Rc<Output> {
        let format = match global.json {
            true => Format::Json,
            false => Format::Text,
        };
        let color = match global.color {
            Color::Auto => None,
            Color::Always => Some(true),
            Color::Never => Some(false),
        };
        Rc::new(Output::new(format, color))
    }

    /// The location grammar with this command line's options.
    pub(crate) fn grammar(&self) -> Grammar<'_> {
        Grammar {
            drives: &self.drives,
            reading: self.reading,
            names: self.names,
            probe: &probe_host,
        }
    }

    /// Reads a location.
    pub(crate) fn location(&self, text: &OsStr) -> Result<Location> {
        self.grammar()
            .parse(text)
            .map_err(|error| Failure::location(text, &error))
    }

    /// Reads a location that is known to be in an image, or on the host.
    pub(crate) fn location_as(&self, text: &OsStr, reading: Reading) -> Result<Location> {
        let grammar = Grammar {
            reading,
            ..self.grammar()
        };
        grammar
            .parse(text)
            .map_err(|error| Failure::location(text, &error))
    }

    /// Reads a location that names a volume only.
    pub(crate) fn device(&self, text: &OsStr) -> Result<DeviceSpec> {
        self.grammar()
            .parse_device(text)
            .map_err(|error| Failure::location(text, &error))
    }

    /// Reads a location and opens its volume.
    pub(crate) fn spot(&self, text: &OsStr, access: Access) -> Result<Spot> {
        Spot::open(self, text, self.location(text)?, access)
    }

    /// Follows links, to the drives of this command line too.
    pub(crate) fn resolver(&self) -> Resolver<'_> {
        Resolver {
            drives: &self.volumes,
        }
    }
}
