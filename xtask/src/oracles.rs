//! The programs that judge our volumes, and the Debian packages they are in.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::parts::succeeds;

/// Whether missing packages are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Install {
    /// As root, where there is apt.
    WhenPossible,
    Never,
}

/// What a missing oracle does to the tests that ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Skip,
    Fail,
}

struct Tool {
    program: &'static str,
    package: &'static str,
    serves: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "mkntfs",
        package: "ntfs-3g",
        serves: "mkntfs, ntfsfix, ntfsinfo, ntfs-3g mounts",
    },
    Tool {
        program: "fusermount3",
        package: "fuse3",
        serves: "unmounting as an ordinary user",
    },
    Tool {
        program: "fls",
        package: "sleuthkit",
        serves: "fls and istat",
    },
    Tool {
        program: "qemu-img",
        package: "qemu-utils",
        serves: "corpus volumes in qcow2",
    },
    Tool {
        program: "tar",
        package: "tar",
        serves: "corpus volumes in tar",
    },
    Tool {
        program: "xz",
        package: "xz-utils",
        serves: "corpus volumes in xz, ntfs3 in a virtual machine",
    },
    Tool {
        program: "qemu-system-x86_64",
        package: "qemu-system-x86",
        serves: "ntfs3 in a virtual machine",
    },
    Tool {
        program: "busybox",
        package: "busybox-static",
        serves: "ntfs3 in a virtual machine",
    },
    Tool {
        program: "cpio",
        package: "cpio",
        serves: "ntfs3 in a virtual machine",
    },
    Tool {
        program: "gcc",
        package: "gcc",
        serves: "C programs on the C library",
    },
    Tool {
        program: "nm",
        package: "binutils",
        serves: "the symbols of the C library",
    },
    Tool {
        program: "pkg-config",
        package: "pkg-config",
        serves: "building against the installed C library",
    },
    Tool {
        program: "valgrind",
        package: "valgrind",
        serves: "C programs on the C library, watched",
    },
    Tool {
        program: "strace",
        package: "strace",
        serves: "when the C library flushes",
    },
    Tool {
        program: "mcs",
        package: "mono-mcs",
        serves: "C# programs on the C library",
    },
    Tool {
        program: "mono",
        package: "mono-runtime",
        serves: "C# programs in Mono",
    },
    Tool {
        program: "python3",
        package: "python3",
        serves: "ctypes on the C library",
    },
    Tool {
        program: "pip3",
        package: "python3-pip",
        serves: "CoreCLR (PyPI's dotnetcore2)",
    },
    Tool {
        // A header stands for the library.
        program: "/usr/include/ntfs-3g/volume.h",
        package: "ntfs-3g-dev",
        serves: "libntfs-3g in the benchmarks",
    },
    Tool {
        program: "fdfind",
        package: "fd-find",
        serves: "fdfind in the benchmarks",
    },
    Tool {
        program: "zsh",
        package: "zsh",
        serves: "the completions of zsh",
    },
    Tool {
        program: "fish",
        package: "fish",
        serves: "the completions of fish",
    },
    Tool {
        program: "groff",
        package: "groff-base",
        serves: "the manual pages",
    },
];

/// How often missing packages are installed: one may push out another that was
/// of a newer release (qemu-system of Debian's stable and qemu-utils of its
/// backports), which then comes back as the release that fits.
const ROUNDS: usize = 2;

/// Installs what is missing where that may be done and says what is not there
/// afterwards. False only when something is missing that must not be.
pub(crate) fn prepare(install: Install, missing: Missing) -> bool {
    if install == Install::WhenPossible && can_install() {
        for _ in 0..ROUNDS {
            let mut packages: Vec<&str> = absent().iter().map(|tool| tool.package).collect();
            if packages.is_empty() {
                break;
            }
            packages.dedup();
            install_packages(&packages);
        }
    }
    let absent = absent();
    for tool in &absent {
        println!(
            "not installed: {} (Debian package {}); without it: {}",
            tool.program, tool.package, tool.serves
        );
    }
    absent.is_empty() || missing == Missing::Skip
}

fn absent() -> Vec<&'static Tool> {
    TOOLS
        .iter()
        .filter(|tool| !is_installed(tool.program))
        .collect()
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/bin"].map(PathBuf::from))
        .any(|folder| folder.join(program).is_file())
}

/// Whether packages can be installed here: as root, where there is apt.
pub(crate) fn can_install() -> bool {
    let id = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    let is_root = id.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    is_root && Path::new("/usr/bin/apt-get").is_file()
}

/// Installs Debian packages; what is missing afterwards the caller sees itself.
pub(crate) fn install_packages(packages: &[&str]) {
    println!("installing {}", packages.join(" "));
    let apt = || {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .arg("-qq");
        command
    };
    // One attempt: what is still missing is named afterwards.
    if succeeds(apt().arg("update")) {
        succeeds(
            apt()
                .args(["install", "--yes", "--no-install-recommends"])
                .args(packages),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_found_and_nonsense_is_not() {
        assert!(is_installed("sh"));
        assert!(!is_installed("no-such-program"));
    }
}
