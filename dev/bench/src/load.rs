//! A load: operations on a volume, in a file that all contestants read before
//! their clock starts, so that all do the very same.
//!
//! One line each, words with a space between; objects are counted from 0:
//!
//! | line | means |
//! |---|---|
//! | `o REFERENCE PATH` | the next object: a file or directory that is there |
//! | `f DIRECTORY NAME` | make an empty file |
//! | `l FILE DIRECTORY NAME` | give a file one more name |
//! | `u FILE DIRECTORY NAME` | remove this name of a file |
//! | `s DIRECTORY NAME TARGET BUFFER` | make a symbolic link |
//! | `j DIRECTORY NAME TARGET BUFFER` | make a junction |
//!
//! A buffer is the whole reparse buffer in hexadecimal. Names are ASCII.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use linkwright_names::NtName;
use linkwright_reparse::{MountPoint, ReparseBuffer, SymbolicLink};

use crate::Outcome;

/// A file or directory that is on the volume when the load begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its file reference, the eight bytes as one number.
    pub reference: u64,
    /// Where it is, from the root, with `/` in front and between names.
    pub path: String,
}

/// One step of a load; files and directories are numbers of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Makes an empty file.
    File {
        /// Where.
        directory: usize,
        /// Its name there.
        name: String,
    },
    /// Gives a file one more name.
    Link {
        /// Which.
        file: usize,
        /// Where.
        directory: usize,
        /// Its name there.
        name: String,
    },
    /// Removes this name of a file.
    Unlink {
        /// Which.
        file: usize,
        /// Where.
        directory: usize,
        /// Its name there.
        name: String,
    },
    /// Makes a symbolic link to a file, relative.
    Symlink {
        /// Where.
        directory: usize,
        /// Its name there.
        name: String,
        /// Where it leads.
        target: String,
    },
    /// Makes a junction.
    Junction {
        /// Where.
        directory: usize,
        /// Its name there.
        name: String,
        /// Where it leads.
        target: String,
    },
}

impl Operation {
    /// The directory it works in, and the name there.
    #[must_use]
    pub fn place(&self) -> (usize, &str) {
        match self {
            Self::File { directory, name }
            | Self::Link {
                directory, name, ..
            }
            | Self::Unlink {
                directory, name, ..
            }
            | Self::Symlink {
                directory, name, ..
            }
            | Self::Junction {
                directory, name, ..
            } => (*directory, name),
        }
    }

    /// By how many names the volume grows.
    #[must_use]
    pub fn names(&self) -> i64 {
        if matches!(self, Self::Unlink { .. }) {
            -1
        } else {
            1
        }
    }
}

/// What is done, to what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Load {
    /// What is there already.
    pub objects: Vec<Object>,
    /// What is done, in order.
    pub operations: Vec<Operation>,
}

impl Load {
    /// Writes it down.
    ///
    /// # Errors
    /// The file cannot be written, or a target fits no reparse buffer.
    pub fn write(&self, path: &Path) -> Outcome<()> {
        let mut text = String::new();
        for Object { reference, path } in &self.objects {
            writeln!(text, "o {reference} {path}")?;
        }
        for operation in &self.operations {
            line(&mut text, operation)?;
        }
        Ok(fs::write(path, text)?)
    }

    /// Reads one that was written.
    ///
    /// # Errors
    /// The file cannot be read or is none.
    pub fn read(path: &Path) -> Outcome<Self> {
        let mut load = Self::default();
        for line in fs::read_to_string(path)?.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            if let ["o", reference, path] = words.as_slice() {
                load.objects.push(Object {
                    reference: reference.parse()?,
                    path: (*path).to_owned(),
                });
            } else {
                load.operations.push(operation(&words)?);
            }
        }
        Ok(load)
    }
}

fn line(text: &mut String, operation: &Operation) -> Outcome<()> {
    match operation {
        Operation::File { directory, name } => writeln!(text, "f {directory} {name}")?,
        Operation::Link {
            file,
            directory,
            name,
        } => writeln!(text, "l {file} {directory} {name}")?,
        Operation::Unlink {
            file,
            directory,
            name,
        } => writeln!(text, "u {file} {directory} {name}")?,
        Operation::Symlink {
            directory,
            name,
            target,
        } => {
            let buffer = ReparseBuffer::SymbolicLink(symlink(target)?).encode();
            writeln!(text, "s {directory} {name} {target} {}", hex(&buffer))?;
        }
        Operation::Junction {
            directory,
            name,
            target,
        } => {
            let buffer = ReparseBuffer::MountPoint(junction(target)?).encode();
            writeln!(text, "j {directory} {name} {target} {}", hex(&buffer))?;
        }
    }
    Ok(())
}

fn operation(words: &[&str]) -> Outcome<Operation> {
    let name = |name: &str| name.to_owned();
    Ok(match *words {
        ["f", directory, file] => Operation::File {
            directory: directory.parse()?,
            name: name(file),
        },
        ["l", file, directory, link] => Operation::Link {
            file: file.parse()?,
            directory: directory.parse()?,
            name: name(link),
        },
        ["u", file, directory, link] => Operation::Unlink {
            file: file.parse()?,
            directory: directory.parse()?,
            name: name(link),
        },
        ["s", directory, link, target, _] => Operation::Symlink {
            directory: directory.parse()?,
            name: name(link),
            target: name(target),
        },
        ["j", directory, link, target, _] => Operation::Junction {
            directory: directory.parse()?,
            name: name(link),
            target: name(target),
        },
        _ => return Err(format!("not a load: {}", words.join(" ")).into()),
    })
}

/// The relative symbolic link to `target`.
///
/// # Errors
/// It is too long.
pub fn symlink(target: &str) -> Outcome<SymbolicLink> {
    Ok(SymbolicLink::relative(NtName::from(target).units())?)
}

/// The junction to `target`.
///
/// # Errors
/// It is too long, or no full path.
pub fn junction(target: &str) -> Outcome<MountPoint> {
    Ok(MountPoint::junction(NtName::from(target).units())?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts items in an order that looks like none and is always the same.
pub fn shuffle<T>(items: &mut [T]) {
    // Marsaglia's xorshift with 64 bits.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for end in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let place = usize::try_from(state % (end as u64 + 1)).unwrap_or(0);
        items.swap(end, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_read_as_it_was_written() {
        let name = || "name".to_owned();
        let load = Load {
            objects: vec![Object {
                reference: 5 << 48 | 5,
                path: "/".to_owned(),
            }],
            operations: vec![
                Operation::File {
                    directory: 0,
                    name: name(),
                },
                Operation::Link {
                    file: 1,
                    directory: 0,
                    name: name(),
                },
                Operation::Unlink {
                    file: 1,
                    directory: 0,
                    name: name(),
                },
                Operation::Symlink {
                    directory: 0,
                    name: name(),
                    target: "x".to_owned(),
                },
                Operation::Junction {
                    directory: 0,
                    name: name(),
                    target: "C:\\x".to_owned(),
                },
            ],
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        load.write(file.path()).unwrap();
        assert_eq!(Load::read(file.path()).unwrap(), load);
    }

    #[test]
    fn shuffling_keeps_all_and_moves_most() {
        let mut numbers: Vec<usize> = (0..1000).collect();
        shuffle(&mut numbers);
        let moved = numbers
            .iter()
            .enumerate()
            .filter(|(n, item)| n != *item)
            .count();
        assert!(moved > 900);
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..1000));
    }
}
