//! Functions on handles: information, controls, searches, sections.

use linkwright_win32::constants as c;
use linkwright_win32::{Handle, NtStatus};

use super::buffers::{self, hex, to_hex};
use super::calls::{Answer, Trouble, c_string, done, named, opened, some_descriptor, text, wide};
use super::makers::{bits, letters};
use super::steps::Word;
use super::world::{Value, World, number};

/// Calls a function.
pub(crate) fn call(world: &mut World, verb: &str, words: &[Word]) -> Answer {
    let system = world.system()?;
    match (verb, words) {
        ("NtSetInformationFile", [handle, class, rest @ ..]) => {
            let handle = world.handle(handle)?;
            let (class, buffer) = name_information(world, class, rest)?;
            status(system.nt_set_information_file(handle, class, &buffer))
        }
        ("MoveFileExW", [existing, new, flags]) => {
            let flags = named(
                &flags.raw,
                &[
                    ("MOVEFILE_REPLACE_EXISTING", c::MOVEFILE_REPLACE_EXISTING),
                    ("MOVEFILE_COPY_ALLOWED", c::MOVEFILE_COPY_ALLOWED),
                ],
            )?;
            done(system.move_file_ex_w(wide(existing), wide(new), flags))
        }
        ("CopyFileExW", [existing, new, flags]) => {
            let flags = named(
                &flags.raw,
                &[
                    ("COPY_FILE_COPY_SYMLINK", c::COPY_FILE_COPY_SYMLINK),
                    ("COPY_FILE_FAIL_IF_EXISTS", c::COPY_FILE_FAIL_IF_EXISTS),
                ],
            )?;
            done(system.copy_file_ex_w(wide(existing), wide(new), None, None, flags))
        }
        ("CreateImageSection", [handle]) => {
            let protection = c::PAGE_EXECUTE_READ | c::SEC_IMAGE;
            opened(system.create_file_mapping_w(world.handle(handle)?, protection))
        }
        ("NtQueryInformationFile", [handle, class, rest @ ..]) => {
            query(world, handle, &class.raw, rest)
        }
        ("SetFileInformationByHandle", [handle, class, value]) => {
            let handle = world.handle(handle)?;
            let (class, buffer) = disposition(&class.raw, &value.raw)?;
            done(system.set_file_information_by_handle(handle, class, &buffer))
        }
        ("GetFileInformationByHandle", [handle]) => {
            let info = system.get_file_information_by_handle(world.handle(handle)?)?;
            text(format!("links={}", info.number_of_links))
        }
        ("GetFileAttributesW", [path]) => text(letters(system.get_file_attributes_w(wide(path))?)),
        ("SetFileAttributesW", [path, attributes]) => {
            done(system.set_file_attributes_w(wide(path), bits(&attributes.raw)?))
        }
        ("FindFirstFileW", [path]) => {
            let (search, found) = system.find_first_file_w(wide(path))?;
            system.find_close(search)?;
            text(format!(
                "name={} attrs={} size={} tag=0x{:08x}",
                String::from_utf16_lossy(found.name()),
                letters(found.file_attributes),
                found.size(),
                found.reserved0
            ))
        }
        ("DeviceIoControl", [handle, code, input, rest @ ..]) => {
            let room = match rest {
                [] => 0,
                [room] => number(room.value_of("out").ok_or("out=N")?)?,
                _ => return Err("DeviceIoControl HANDLE CODE BUFFER [out=N]".into()),
            };
            let input = match input.is("-") {
                true => Vec::new(),
                false => buffers::input(input)?,
            };
            let room = usize::try_from(room).map_err(|error| error.to_string())?;
            let code = control_code(&code.raw)?;
            let found = system.device_io_control(world.handle(handle)?, code, &input, room)?;
            text(if found.is_empty() {
                "TRUE".to_owned()
            } else {
                to_hex(&found)
            })
        }
        ("SetFileSecurityW", [path, who]) if who.is("everyone") => {
            const DACL_SECURITY_INFORMATION: u32 = 4;
            let descriptor = some_descriptor();
            done(system.set_file_security_w(wide(path), DACL_SECURITY_INFORMATION, &descriptor))
        }
        _ if verb.contains("Transact") || verb == "namestransacted" => {
            super::transactions::call(world, verb, words)
        }
        _ => names(world, verb, words),
    }
}

/// Functions that give names and paths.
fn names(world: &mut World, verb: &str, words: &[Word]) -> Answer {
    let system = world.system()?;
    let mut buffer = vec![0; 40_000];
    match (verb, words) {
        ("FindFirstFileNameW", [path, options @ ..]) => {
            let (mut length, mut flags) = (buffer.len(), 0);
            for option in options {
                if let Some(value) = option.value_of("len") {
                    length = usize::try_from(number(value)?).map_err(|e| e.to_string())?;
                } else {
                    flags = number(option.value_of("flags").ok_or("len= or flags=")?)?;
                }
            }
            let mut room = u32::try_from(length).map_err(|error| error.to_string())?;
            let buffer = &mut buffer[..length];
            let search = system.find_first_file_name_w(wide(path), flags, &mut room, buffer)?;
            Ok(Value::Search(search, c_string(buffer)))
        }
        ("FindNextFileNameW", [search, options @ ..]) => {
            let length = match options {
                [] => buffer.len(),
                [length] => {
                    let length = number(length.value_of("len").ok_or("len=N")?)?;
                    usize::try_from(length).map_err(|error| error.to_string())?
                }
                _ => return Err("FindNextFileNameW SEARCH [len=N]".into()),
            };
            let mut room = u32::try_from(length).map_err(|error| error.to_string())?;
            let buffer = &mut buffer[..length];
            system.find_next_file_name_w(world.handle(search)?, &mut room, buffer)?;
            text(c_string(buffer))
        }
        ("GetFinalPathNameByHandleW", [handle, flags, room @ ..]) => {
            let room = match room {
                [] => buffer.len(),
                [room] => usize::try_from(number(&room.raw)?).map_err(|e| e.to_string())?,
                _ => return Err("GetFinalPathNameByHandleW HANDLE FLAGS [ROOM]".into()),
            };
            let flags = number(&flags.raw)?;
            let buffer = &mut buffer[..room];
            let handle = world.handle(handle)?;
            let length = system.get_final_path_name_by_handle_w(handle, buffer, flags)?;
            match usize::try_from(length).is_ok_and(|length| length < room) {
                true => text(c_string(buffer)),
                false => text(format!("needs {length}")),
            }
        }
        ("GetShortPathNameW", [path]) => {
            system.get_short_path_name_w(wide(path), &mut buffer)?;
            text(c_string(&buffer))
        }
        ("GetLongPathNameW", [path]) => {
            system.get_long_path_name_w(wide(path), &mut buffer)?;
            text(c_string(&buffer))
        }
        _ => Err(format!("{verb} with {} arguments", words.len()).into()),
    }
}

fn control_code(name: &str) -> Result<u32, String> {
    Ok(match name {
        "FSCTL_SET_REPARSE_POINT" => c::FSCTL_SET_REPARSE_POINT,
        "FSCTL_GET_REPARSE_POINT" => c::FSCTL_GET_REPARSE_POINT,
        "FSCTL_DELETE_REPARSE_POINT" => c::FSCTL_DELETE_REPARSE_POINT,
        "FSCTL_SET_COMPRESSION" => 0x0009_C040,
        "FSCTL_READ_FILE_USN_DATA" => 0x0009_00EB,
        other => number(other)?,
    })
}

/// FILE_DISPOSITION_INFO and its Ex form.
fn disposition(class: &str, value: &str) -> Result<(u32, Vec<u8>), String> {
    match class {
        "FileDispositionInfo" => Ok((
            c::FILE_DISPOSITION_INFO,
            vec![u8::try_from(number(value)?).map_err(|error| error.to_string())?],
        )),
        "FileDispositionInfoEx" => {
            let flags = named(
                value,
                &[
                    ("DELETE", c::FILE_DISPOSITION_DELETE),
                    ("POSIX_SEMANTICS", c::FILE_DISPOSITION_POSIX_SEMANTICS),
                    (
                        "FORCE_IMAGE_SECTION_CHECK",
                        c::FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK,
                    ),
                    ("ON_CLOSE", c::FILE_DISPOSITION_ON_CLOSE),
                    (
                        "IGNORE_READONLY_ATTRIBUTE",
                        c::FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE,
                    ),
                ],
            )?;
            Ok((c::FILE_DISPOSITION_INFO_EX, flags.to_le_bytes().to_vec()))
        }
        other => Err(format!("the class {other} is not known here")),
    }
}

/// NtQueryInformationFile: what an answer says, in short.
fn query(world: &mut World, handle: &Word, class: &str, rest: &[Word]) -> Answer {
    let number_of = match class {
        "FileNameInformation" => c::FILE_NAME_INFORMATION,
        "FileHardLinkInformation" => c::FILE_HARD_LINK_INFORMATION,
        "FileStandardLinkInformation" => c::FILE_STANDARD_LINK_INFORMATION,
        other => return Err(format!("the class {other} is not known here").into()),
    };
    let room = match rest {
        [] => 4096,
        [room] => number(room.value_of("len").ok_or("len=N")?)?,
        _ => return Err("NtQueryInformationFile HANDLE CLASS [len=N]".into()),
    };
    let mut buffer = vec![0; usize::try_from(room).map_err(|error| error.to_string())?];
    let handle = world.handle(handle)?;
    let system = world.system()?;
    let (answer, length) = system.nt_query_information_file(handle, number_of, &mut buffer);
    if answer != NtStatus::SUCCESS {
        return Err(Trouble::Status(answer));
    }
    buffer.truncate(length);
    let long = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| buffer[at + byte]));
    let units = |at: usize, length: usize| -> String {
        let pairs = buffer[at..at + length].chunks_exact(2);
        let units: Vec<u16> = pairs
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        String::from_utf16_lossy(&units)
    };
    match class {
        "FileNameInformation" => text(units(4, long(0) as usize)),
        "FileStandardLinkInformation" => text(format!(
            "accessible={} total={} pending={} directory={}",
            long(0),
            long(4),
            buffer[8],
            buffer[9]
        )),
        _ => {
            let mut names = Vec::new();
            let mut at = 8;
            for _ in 0..long(4) {
                names.push(units(at + 20, long(at + 16) as usize * 2));
                at += long(at) as usize;
            }
            names.sort();
            text(names.join("|"))
        }
    }
}

fn status(status: NtStatus) -> Answer {
    match status.is_error() || status.to_win32().0 != 0 {
        true => Err(Trouble::Status(status)),
        false => text(status_name(status)),
    }
}

/// `STATUS_...`.
pub(crate) fn status_name(status: NtStatus) -> String {
    let name = status.name().unwrap_or("UNKNOWN");
    match name.starts_with("STATUS_") {
        true => name.to_owned(),
        false => format!("STATUS_{name}"),
    }
}

/// FILE_LINK_INFORMATION(_EX) and FILE_RENAME_INFORMATION(_EX):
/// `NAME [replace] [root=$h] [flags=...]`, or `raw=hex:...`.
fn name_information(world: &World, class: &Word, words: &[Word]) -> Result<(u32, Vec<u8>), String> {
    let class = match class.raw.as_str() {
        "FileLinkInformation" => c::FILE_LINK_INFORMATION,
        "FileLinkInformationEx" => c::FILE_LINK_INFORMATION_EX,
        "FileRenameInformation" => c::FILE_RENAME_INFORMATION,
        "FileRenameInformationEx" => c::FILE_RENAME_INFORMATION_EX,
        other => return Err(format!("the class {other} is not known here")),
    };
    let (name, options) = words.split_first().ok_or("no name")?;
    if let Some(raw) = name.value_of("raw") {
        return Ok((class, hex(raw.trim_start_matches("hex:"))?));
    }
    let (mut flags, mut root) = (0, 0);
    for option in options {
        if option.is("replace") {
            flags |= c::FILE_LINK_REPLACE_IF_EXISTS;
        } else if let Some(value) = option.value_of("flags") {
            flags |= named(
                value,
                &[
                    ("REPLACE_IF_EXISTS", c::FILE_LINK_REPLACE_IF_EXISTS),
                    ("POSIX_SEMANTICS", c::FILE_LINK_POSIX_SEMANTICS),
                    (
                        "IGNORE_READONLY_ATTRIBUTE",
                        c::FILE_LINK_IGNORE_READONLY_ATTRIBUTE,
                    ),
                ],
            )?;
        } else if let Some(value) = option.value_of("root") {
            root = root_handle(world, value)?.value();
        } else {
            return Err(format!("{} is not understood", option.raw));
        }
    }
    let text: Vec<u8> = name.units.iter().flat_map(|u| u.to_le_bytes()).collect();
    let length = u32::try_from(text.len()).map_err(|error| error.to_string())?;
    let mut bytes = flags.to_le_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(root.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(text);
    // The structure with its padding.
    bytes.resize(bytes.len().max(24), 0);
    Ok((class, bytes))
}

fn root_handle(world: &World, text: &str) -> Result<Handle, String> {
    if text.starts_with('$') {
        let words = super::steps::words(text)?;
        return world.handle(words.first().ok_or("no handle")?);
    }
    number(text).map(|value| Handle::from_value(u64::from(value)))
}
