//! The committed header and symbol list are those of the source.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use linkwright_testkit::{command, skip_unless};

use crate::support::{include_folder, library, run};

/// Where each function is on Windows, for the generated texts; the rest is kernel32's.
fn sources() -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut exports: Vec<PathBuf> = std::fs::read_dir(src.join("exports"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("mod.rs"))
        .collect();
    exports.sort();
    exports.insert(0, src.join("types.rs"));
    exports
}

/// Names of all exported functions, as the source has them.
pub(crate) fn exported() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources() {
        let text = std::fs::read_to_string(source).unwrap();
        for part in text.split("pub unsafe extern \"C\" fn ").skip(1) {
            let end = part.find('(').unwrap();
            names.insert(part[..end].to_owned());
        }
    }
    names
}

/// The part of the header that cbindgen does not know: names without A and W.
fn generic_names(names: &BTreeSet<String>) -> String {
    let mut text = String::from(
        "#ifdef UNICODE\n#define LINKWRIGHT_AW(name) name##W\n#define TEXT(text) u##text\n\
         typedef WCHAR TCHAR;\ntypedef WIN32_FIND_DATAW WIN32_FIND_DATA;\n#else\n\
         #define LINKWRIGHT_AW(name) name##A\n#define TEXT(text) text\n\
         typedef CHAR TCHAR;\ntypedef WIN32_FIND_DATAA WIN32_FIND_DATA;\n#endif\n\n",
    );
    for name in names {
        let Some(stem) = name.strip_suffix('W') else {
            continue;
        };
        if names.contains(&format!("{stem}A")) {
            writeln!(text, "#define {stem} LINKWRIGHT_AW({stem})").unwrap();
        }
    }
    text
}

/// Constants that a caller needs, from the SDK.
const CONSTANTS: &str = include_str!("../header_constants.h");

fn generated() -> String {
    let mut builder = cbindgen::Builder::new()
        .with_language(cbindgen::Language::C)
        .with_include_guard("LINKWRIGHT_KERNEL32_H")
        .with_cpp_compat(true)
        .with_documentation(true)
        .with_no_includes()
        .with_sys_include("stddef.h")
        .with_sys_include("stdint.h")
        .with_header(
            "/* Win32's functions for files and links, outside of Windows (docs/c-api.md).\n   \
             Generated from crates/kernel32/src by its test; not to be changed by hand. */",
        )
        .with_style(cbindgen::Style::Both)
        .with_trailer(format!("{CONSTANTS}\n{}", generic_names(&exported())));
    for source in sources() {
        builder = builder.with_src(source);
    }
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    let text = String::from_utf8(text).unwrap();
    // One byte to a caller; the register around it is the library's business.
    let lines = text.lines().map(|line| match line {
        "typedef uintptr_t BOOLEAN_RESULT;" | "typedef size_t BOOLEAN_RESULT;" => {
            "typedef uint8_t BOOLEAN;".to_owned()
        }
        line => line.replace("BOOLEAN_RESULT", "BOOLEAN"),
    });
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

fn compare(path: &Path, expected: &str) {
    if std::env::var_os("LINKWRIGHT_WRITE_HEADER").is_some() {
        std::fs::write(path, expected).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == expected,
        "{} is not what the source says; `cargo xtask header` writes it anew",
        path.display()
    );
}

#[test]
fn the_header_is_that_of_the_source() {
    compare(
        &include_folder().join("linkwright/kernel32.h"),
        &generated(),
    );
}

#[test]
fn the_symbols_are_those_on_the_list() {
    let list: String = exported().iter().map(|name| format!("{name}\n")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("symbols.txt");
    compare(&path, &list);
    skip_unless!(command::installed("nm", "binutils"));
    let mut nm = command::program("nm");
    let found = run(nm.args(["-D", "--defined-only"]).arg(library()));
    let symbols: String = found
        .text()
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(|name| format!("{name}\n"))
        .collect();
    assert_eq!(symbols, list);
}
