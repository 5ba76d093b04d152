//! Every exported function, called with NULLs, bad handles, texts without an end and
//! buffers without a length. The program is generated from the source: an export with
//! a parameter of a type without a row fails.

use std::fmt::Write as _;
use std::path::Path;

use linkwright_testkit::{command, skip_unless};

use crate::header::exported;
use crate::support::{Place, compile, include_folder, run, source};

/// Parameter types with values to pick from (`PICK_...` in rows.c).
const TYPES: [&str; 21] = [
    "BOOL",
    "DWORD",
    "HANDLE",
    "LONG",
    "LONGLONG",
    "LPBOOL",
    "LPCSTR",
    "LPCVOID",
    "LPCWSTR",
    "LPDWORD",
    "LPSTR",
    "LPVOID",
    "LPWSTR",
    "NTSTATUS",
    "PSECURITY_DESCRIPTOR",
    "ULONG",
    "LPPROGRESS_ROUTINE",
    "LPOVERLAPPED_COMPLETION_ROUTINE",
    "OUT",
    "IN",
    "USHORT",
];

/// Types of the parameters of each function, as the header has them.
fn signatures() -> Vec<(String, Vec<String>)> {
    let header = include_folder().join("linkwright/kernel32.h");
    let text = std::fs::read_to_string(header).unwrap();
    exported()
        .into_iter()
        .map(|name| {
            let declared = format!(" {name}(");
            let start = text
                .find(&declared)
                .unwrap_or_else(|| panic!("{name} is not declared"));
            let rest = &text[start + declared.len()..];
            let list = &rest[..rest.find(')').unwrap()];
            let types = list.split(',').map(str::trim).filter(|p| *p != "void");
            (name, types.map(kind).collect())
        })
        .collect()
}

/// The row of a parameter: pointers to structures and numbers are all alike.
fn kind(parameter: &str) -> String {
    let (kind, _) = parameter.rsplit_once([' ', '*']).unwrap();
    match (parameter.contains('*'), parameter.starts_with("const ")) {
        (true, true) => "IN".to_owned(),
        (true, false) => "OUT".to_owned(),
        (false, _) => kind.trim().to_owned(),
    }
}

fn program() -> String {
    let mut text = String::from("#include \"rows.h\"\n");
    let functions = signatures();
    for (name, types) in &functions {
        let mut arguments = Vec::new();
        for (at, kind) in types.iter().enumerate() {
            assert!(TYPES.contains(&kind.as_str()), "{name}: no row for {kind}");
            arguments.push(format!("PICK_{kind}(turn, {at})"));
        }
        // Memory that is not the library's own is not given back to it.
        if name == "LocalFree" {
            arguments = vec!["NULL".to_owned()];
        }
        let call = format!("(void){name}({});", arguments.join(", "));
        writeln!(
            text,
            "static void row_{name}(unsigned turn) {{ (void)turn; {call} }}"
        )
        .unwrap();
    }
    text.push_str("const struct row rows[] = {\n");
    for (name, _) in &functions {
        writeln!(text, "    {{\"{name}\", row_{name}}},").unwrap();
    }
    text.push_str("    {NULL, NULL},\n};\n");
    text
}

fn build(place: &Place, options: &[&str]) -> std::path::PathBuf {
    let generated = place.path().join("generated.c");
    std::fs::write(&generated, program()).unwrap();
    let program = place.path().join("rows");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut all = vec!["-I", folder.to_str().unwrap()];
    all.extend(options);
    compile(&[source("rows.c"), generated], &program, &all);
    program
}

#[test]
fn every_export_stands_what_is_wrong() {
    skip_unless!(command::installed("gcc", "gcc"));
    let place = Place::new();
    let program = build(
        &place,
        &["-fsanitize=address", "-fsanitize-recover=address"],
    );
    let mut rows = place.command(program);
    let finished = run(rows.arg("80").env("ASAN_OPTIONS", "detect_leaks=0"));
    let called = finished.text().lines().count();
    assert_eq!(called, exported().len());
    assert!(place.root().contains(&"row.txt".to_owned()));
}

#[test]
fn every_export_stands_what_is_wrong_under_valgrind() {
    skip_unless!(command::installed("gcc", "gcc"));
    skip_unless!(command::installed("valgrind", "valgrind"));
    let place = Place::new();
    let program = build(&place, &[]);
    let mut valgrind = place.command("valgrind");
    run(valgrind
        .args(["-q", "--error-exitcode=9"])
        .arg(program)
        .arg("12"));
}
