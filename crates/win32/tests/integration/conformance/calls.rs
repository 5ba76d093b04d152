//! The functions under test, with their arguments from the notation.

use linkwright_win32::constants as c;
use linkwright_win32::{Bool, Boolean, Handle, NtStatus, Win32Error, Win32Result};

use super::buffers::to_hex;
use super::makers::{bits, rights};
use super::steps::Word;
use super::world::{Value, World, number};

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The function failed with this code.
    Code(u32),
    /// The function gave this status.
    Status(NtStatus),
    /// The row is at fault: it cannot be executed.
    Row(String),
}

impl From<Win32Error> for Trouble {
    fn from(error: Win32Error) -> Self {
        Self::Code(error.0)
    }
}

impl From<String> for Trouble {
    fn from(text: String) -> Self {
        Self::Row(text)
    }
}

impl From<&str> for Trouble {
    fn from(text: &str) -> Self {
        Self::Row(text.to_owned())
    }
}

/// What a call gave.
pub(crate) type Answer = Result<Value, Trouble>;

/// What a function returns when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `FALSE`.
    Bool,
    /// `INVALID_HANDLE_VALUE`.
    Handle,
    /// `0`.
    Zero,
    /// `INVALID_FILE_ATTRIBUTES`.
    Attributes,
    /// An NTSTATUS; the last error is its translation.
    Status,
    /// The bytes of a BOOLEAN: `00`.
    OneByte,
    /// The bytes of a BOOL: `00000000`.
    FourBytes,
}

impl Form {
    /// The result of a failure, as the table writes it.
    pub(crate) fn failure(self) -> &'static str {
        match self {
            Self::Bool => "FALSE",
            Self::Handle => "INVALID_HANDLE_VALUE",
            Self::Zero => "0",
            Self::Attributes => "INVALID_FILE_ATTRIBUTES",
            Self::Status => "STATUS",
            Self::OneByte => "00",
            Self::FourBytes => "00000000",
        }
    }
}

/// Every function that rows may call.
pub(crate) const CALLS: &[(&str, Form)] = &[
    ("CreateHardLinkW", Form::Bool),
    ("CreateSymbolicLinkW", Form::Bool),
    ("CreateFileW", Form::Handle),
    ("hold", Form::Handle),
    ("ReadFile", Form::Bool),
    ("WriteFile", Form::Bool),
    ("CloseHandle", Form::Bool),
    ("FindClose", Form::Bool),
    ("DeleteFileW", Form::Bool),
    ("RemoveDirectoryW", Form::Bool),
    ("CreateDirectoryW", Form::Bool),
    ("CreateHardLinkA", Form::Bool),
    ("CreateSymbolicLinkA", Form::Bool),
    ("DeleteFileA", Form::Bool),
    ("GetVolumeInformationW", Form::Bool),
    ("GetVolumePathNameW", Form::Bool),
    ("GetFullPathNameW", Form::Zero),
    ("GetCurrentDirectoryW", Form::Zero),
    ("SetCurrentDirectoryW", Form::Bool),
    ("FormatMessageW", Form::Zero),
    ("NtSetInformationFile", Form::Status),
    ("MoveFileExW", Form::Bool),
    ("CopyFileExW", Form::Bool),
    ("CreateImageSection", Form::Zero),
    ("CreateTransaction", Form::Handle),
    ("CommitTransaction", Form::Bool),
    ("RollbackTransaction", Form::Bool),
    ("CreateFileTransactedW", Form::Handle),
    ("DeleteFileTransactedW", Form::Bool),
    ("RemoveDirectoryTransactedW", Form::Bool),
    ("CreateDirectoryTransactedW", Form::Bool),
    ("MoveFileTransactedW", Form::Bool),
    ("CreateHardLinkTransactedW", Form::Bool),
    ("CreateHardLinkTransactedA", Form::Bool),
    ("CreateSymbolicLinkTransactedW", Form::Bool),
    ("CreateSymbolicLinkTransactedA", Form::Bool),
    ("FindFirstFileNameTransactedW", Form::Handle),
    ("namestransacted", Form::Bool),
    ("NtQueryInformationFile", Form::Status),
    ("SetFileInformationByHandle", Form::Bool),
    ("GetFileInformationByHandle", Form::Bool),
    ("GetFileAttributesW", Form::Attributes),
    ("SetFileAttributesW", Form::Bool),
    ("FindFirstFileW", Form::Handle),
    ("FindFirstFileNameW", Form::Handle),
    ("FindNextFileNameW", Form::Bool),
    ("GetFinalPathNameByHandleW", Form::Zero),
    ("GetShortPathNameW", Form::Zero),
    ("GetLongPathNameW", Form::Zero),
    ("SetFileSecurityW", Form::Bool),
    ("DeviceIoControl", Form::Bool),
    ("BOOLEAN:CreateSymbolicLinkW", Form::OneByte),
    ("BOOL:CreateHardLinkW", Form::FourBytes),
];

/// What a failing call of this name returns, `None` for a name that is no call.
pub(crate) fn form(verb: &str) -> Option<Form> {
    let known = CALLS.iter().find(|(name, _)| *name == verb);
    known.map(|(_, form)| *form)
}

/// Calls a function.
pub(crate) fn call(world: &mut World, verb: &str, words: &[Word]) -> Answer {
    let system = world.system()?;
    match (verb, words) {
        ("CreateHardLinkW", [new, existing, rest @ ..]) => {
            let security = match rest {
                [] => None,
                [word] if word.is("security") => Some(some_descriptor()),
                _ => return Err("what follows the names is not understood".into()),
            };
            done(system.create_hard_link_w(wide(new), wide(existing), security.as_deref()))
        }
        ("CreateSymbolicLinkW", [link, target, flags]) => {
            done(system.create_symbolic_link_w(wide(link), wide(target), number(&flags.raw)?))
        }
        ("CreateFileW", [name, options @ ..]) => {
            let a = FileOptions::parse(options)?;
            opened(system.create_file_w(
                wide(name),
                a.access,
                a.share,
                None,
                a.disposition,
                a.flags,
                None,
            ))
        }
        ("hold", [name, access, share, flags @ ..]) => {
            let flags = match flags {
                [] => 0,
                [flags] => file_flags(&flags.raw)?,
                _ => return Err("hold PATH ACCESS SHARE FLAGS".into()),
            };
            opened(system.create_file_w(
                wide(name),
                rights(&access.raw)?,
                shares(&share.raw)?,
                None,
                c::OPEN_EXISTING,
                flags | c::FILE_FLAG_BACKUP_SEMANTICS,
                None,
            ))
        }
        ("ReadFile", [handle, length]) => {
            let length = usize::try_from(number(&length.raw)?).map_err(|e| e.to_string())?;
            let mut buffer = vec![0; length];
            let handle = world.handle(handle)?;
            let read = system.read_file(handle, &mut buffer)?;
            buffer.truncate(usize::try_from(read).map_err(|e| e.to_string())?);
            text(String::from_utf8_lossy(&buffer))
        }
        ("WriteFile", [handle, data]) => {
            let handle = world.handle(handle)?;
            done(system.write_file(handle, &data.bytes).map(drop))
        }
        ("CloseHandle", [handle]) => done(system.close_handle(world.handle(handle)?)),
        ("FindClose", [handle]) => done(system.find_close(world.handle(handle)?)),
        ("DeleteFileW", [name]) => done(system.delete_file_w(wide(name))),
        ("RemoveDirectoryW", [name]) => done(system.remove_directory_w(wide(name))),
        ("CreateDirectoryW", [name]) => done(system.create_directory_w(wide(name), None)),
        ("CreateHardLinkA", [new, existing]) => {
            done(system.create_hard_link_a(ansi(new), ansi(existing), None))
        }
        ("CreateSymbolicLinkA", [link, target, flags]) => {
            done(system.create_symbolic_link_a(ansi(link), ansi(target), number(&flags.raw)?))
        }
        ("DeleteFileA", [name]) => done(system.delete_file_a(ansi(name))),
        ("BOOLEAN:CreateSymbolicLinkW", [link, target, flags]) => {
            let flags = number(&flags.raw)?;
            let result = system.create_symbolic_link_w(wide(link), wide(target), flags);
            abi(to_hex(&[Boolean::from(&result).0]), result)
        }
        ("BOOL:CreateHardLinkW", [new, existing]) => {
            let result = system.create_hard_link_w(wide(new), wide(existing), None);
            abi(to_hex(&Bool::from(&result).0.to_le_bytes()), result)
        }
        _ => volumes(world, verb, words),
    }
}

/// The bytes of a result. They are compared for a failure too, so that a failing
/// call whose bytes are not those of FALSE is seen.
fn abi(bytes: String, result: Win32Result<()>) -> Answer {
    match result {
        Ok(()) => text(bytes),
        Err(_) if bytes.bytes().any(|digit| digit != b'0') => {
            Err(format!("a failure gave {bytes}").into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Functions about volumes, paths and texts.
fn volumes(world: &mut World, verb: &str, words: &[Word]) -> Answer {
    let system = world.system()?;
    let mut buffer = vec![0; 40_000];
    match (verb, words) {
        ("GetVolumeInformationW", [root, what]) => {
            let info = system.get_volume_information_w(wide(root))?;
            if what.is("NAME") {
                return text(String::from_utf16_lossy(&info.file_system));
            }
            let flag = VOLUME_FLAGS.iter().find(|(name, _)| what.is(name));
            let (_, flag) = flag.ok_or_else(|| format!("{} is no flag", what.raw))?;
            text(if info.flags & flag != 0 { "yes" } else { "no" })
        }
        ("GetVolumePathNameW", [path]) => {
            system.get_volume_path_name_w(wide(path), &mut buffer)?;
            text(c_string(&buffer))
        }
        ("GetFullPathNameW", [path]) => {
            system.get_full_path_name_w(wide(path), &mut buffer)?;
            text(c_string(&buffer))
        }
        ("GetCurrentDirectoryW", []) => {
            system.get_current_directory_w(&mut buffer)?;
            text(c_string(&buffer))
        }
        ("SetCurrentDirectoryW", [path]) => done(system.set_current_directory_w(wide(path))),
        ("FormatMessageW", [code]) => {
            let code = number(&code.raw)?;
            system.format_message_w(c::FORMAT_MESSAGE_FROM_SYSTEM, code, &mut buffer)?;
            text(c_string(&buffer).trim_end_matches("\r\n"))
        }
        _ => super::objects::call(world, verb, words),
    }
}

const VOLUME_FLAGS: [(&str, u32); 5] = [
    ("HARD_LINKS", c::FILE_SUPPORTS_HARD_LINKS),
    ("REPARSE_POINTS", c::FILE_SUPPORTS_REPARSE_POINTS),
    ("TRANSACTIONS", c::FILE_SUPPORTS_TRANSACTIONS),
    ("READ_ONLY_VOLUME", c::FILE_READ_ONLY_VOLUME),
    ("POSIX_UNLINK_RENAME", c::FILE_SUPPORTS_POSIX_UNLINK_RENAME),
];

/// The text before the NUL.
pub(crate) fn c_string(buffer: &[u16]) -> String {
    let end = buffer.iter().position(|&unit| unit == 0);
    String::from_utf16_lossy(&buffer[..end.unwrap_or(buffer.len())])
}

/// A string argument: `NULL` or the units.
pub(crate) fn wide(word: &Word) -> Option<&[u16]> {
    (!word.is("NULL")).then_some(word.units.as_slice())
}

/// The same for the `A` functions.
pub(crate) fn ansi(word: &Word) -> Option<&[u8]> {
    (!word.is("NULL")).then_some(word.bytes.as_slice())
}

pub(crate) fn done(result: Win32Result<()>) -> Answer {
    result?;
    text("TRUE")
}

pub(crate) fn opened(result: Win32Result<Handle>) -> Answer {
    Ok(Value::Handle(result?))
}

pub(crate) fn text(text: impl Into<String>) -> Answer {
    Ok(Value::Text(text.into()))
}

/// The arguments of CreateFile after the name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileOptions {
    pub(crate) access: u32,
    pub(crate) share: u32,
    pub(crate) disposition: u32,
    pub(crate) flags: u32,
}

impl FileOptions {
    /// `access=R share=RWD disp=OPEN_EXISTING flags=0`, in any order.
    pub(crate) fn parse(words: &[Word]) -> Result<Self, String> {
        let mut options = Self {
            access: c::GENERIC_READ,
            share: 7,
            disposition: c::OPEN_EXISTING,
            flags: 0,
        };
        for word in words {
            if let Some(value) = word.value_of("access") {
                options.access = rights(value)?;
            } else if let Some(value) = word.value_of("share") {
                options.share = shares(value)?;
            } else if let Some(value) = word.value_of("flags") {
                options.flags |= file_flags(value)?;
            } else if let Some(value) = word.value_of("attrs") {
                options.flags |= bits(value)?;
            } else if let Some(value) = word.value_of("disp") {
                options.disposition = match value {
                    "CREATE_NEW" => c::CREATE_NEW,
                    "CREATE_ALWAYS" => c::CREATE_ALWAYS,
                    "OPEN_EXISTING" => c::OPEN_EXISTING,
                    "OPEN_ALWAYS" => c::OPEN_ALWAYS,
                    "TRUNCATE_EXISTING" => c::TRUNCATE_EXISTING,
                    other => number(other)?,
                };
            } else {
                return Err(format!("{} is no option of CreateFile", word.raw));
            }
        }
        Ok(options)
    }
}

fn shares(text: &str) -> Result<u32, String> {
    if text == "0" {
        return Ok(0);
    }
    text.chars().try_fold(0, |share, letter| {
        Ok(share
            | match letter {
                'R' => c::FILE_SHARE_READ,
                'W' => c::FILE_SHARE_WRITE,
                'D' => c::FILE_SHARE_DELETE,
                _ => return Err(format!("{letter} is no share mode")),
            })
    })
}

/// Names joined by `+`, or numbers.
pub(crate) fn named(text: &str, names: &[(&str, u32)]) -> Result<u32, String> {
    text.split('+').try_fold(0, |flags, word| {
        let known = names.iter().find(|(name, _)| *name == word);
        Ok(flags
            | match known {
                Some((_, bit)) => *bit,
                None => number(word)?,
            })
    })
}

fn file_flags(text: &str) -> Result<u32, String> {
    named(
        text,
        &[
            ("OPEN_REPARSE_POINT", c::FILE_FLAG_OPEN_REPARSE_POINT),
            ("BACKUP_SEMANTICS", c::FILE_FLAG_BACKUP_SEMANTICS),
            ("DELETE_ON_CLOSE", c::FILE_FLAG_DELETE_ON_CLOSE),
            ("POSIX_SEMANTICS", c::FILE_FLAG_POSIX_SEMANTICS),
        ],
    )
}

/// A descriptor other than any file has here: everybody may do everything.
pub(crate) fn some_descriptor() -> Vec<u8> {
    use linkwright_ntfs_format::acl::{AccessMask, Ace, AceFlags, Acl};
    use linkwright_ntfs_format::security::SecurityDescriptor;
    use linkwright_win32::Sid;
    let mut descriptor = SecurityDescriptor::default_file(Sid::ADMINISTRATORS, Sid::ADMINISTRATORS);
    descriptor.dacl = Some(Acl::new(vec![Ace::allow(
        AceFlags::empty(),
        AccessMask::from_bits_retain(0x001F_01FF),
        Sid::EVERYONE,
    )]));
    descriptor.encode().expect("a descriptor of one entry")
}
