//! docs/problems.md lists every code; the checker's own words are in it.

use linkwright_ntfs_check::ProblemCode;
use linkwright_testkit::workspace_root;

fn table() -> String {
    let mut text = String::from("| code | severity | meaning |\n|---|---|---|\n");
    for code in ProblemCode::ALL {
        text += &format!("| `{code}` | {} | {} |\n", code.severity(), code.text());
    }
    text
}

/// To mend it: put what the failure prints in the place of the old table.
#[test]
fn every_code_is_documented() {
    let path = workspace_root().join("docs/problems.md");
    let text = std::fs::read_to_string(&path).expect("docs/problems.md");
    let table = table();
    assert!(
        text.contains(&table),
        "docs/problems.md lacks this table:\n{table}"
    );
}
