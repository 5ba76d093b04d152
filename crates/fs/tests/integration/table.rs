//! `docs/backends.csv`: what each back end answers to each operation.
//!
//! A column is a back end on one kind of file system; a cell is `ok`, what was
//! seen, or the Win32 code that the operation failed with. A row whose cells
//! differ says why in its last column.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The columns, as the first line of the file has them.
pub(crate) const COLUMNS: [&str; 5] = [
    "ntfs",
    "posix/ext4",
    "posix/tmpfs",
    "posix/ntfs-3g",
    "windows/wine",
];

/// The rows, by operation: a cell for each column, and the reason.
pub(crate) struct Table {
    order: Vec<String>,
    rows: BTreeMap<String, (Vec<String>, String)>,
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/backends.csv")
}

impl Table {
    /// Reads the file of the project.
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(file()).unwrap_or_default();
        let mut table = Self {
            order: Vec::new(),
            rows: BTreeMap::new(),
        };
        for line in text.lines().skip(1) {
            let mut fields = line.splitn(COLUMNS.len() + 2, ',').map(str::to_owned);
            let operation = fields.next().unwrap();
            let cells: Vec<String> = fields.by_ref().take(COLUMNS.len()).collect();
            assert_eq!(cells.len(), COLUMNS.len(), "row {operation}");
            table.order.push(operation.clone());
            let why = fields.next().unwrap_or_default();
            assert!(table.rows.insert(operation, (cells, why)).is_none());
        }
        table
    }

    /// Holds what a back end did against its column. With LINKWRIGHT_BLESS the
    /// column is written instead.
    pub(crate) fn compare(mut self, column: &str, seen: &[(&str, String)]) {
        let at = COLUMNS.iter().position(|name| *name == column).unwrap();
        if std::env::var_os("LINKWRIGHT_BLESS").is_some() {
            return self.bless(at, seen);
        }
        let mut wrong = Vec::new();
        for (operation, result) in seen {
            let expected = self
                .rows
                .get(*operation)
                .map(|(cells, _)| cells[at].clone());
            if expected.as_ref() != Some(result) {
                wrong.push(format!(
                    "{operation}: {result}, the table says {expected:?}"
                ));
            }
        }
        for operation in &self.order {
            if !seen.iter().any(|(name, _)| name == operation) {
                wrong.push(format!("{operation}: in the table, and not run"));
            }
        }
        assert!(wrong.is_empty(), "{column}:\n{}", wrong.join("\n"));
    }

    fn bless(&mut self, at: usize, seen: &[(&str, String)]) {
        let mut text = format!("operation,{},why they differ\n", COLUMNS.join(","));
        for (operation, result) in seen {
            let empty = || (vec![String::new(); COLUMNS.len()], String::new());
            let (cells, why) = self
                .rows
                .entry((*operation).to_owned())
                .or_insert_with(empty);
            cells[at].clone_from(result);
            text += &format!("{operation},{},{why}\n", cells.join(","));
        }
        std::fs::write(file(), text).unwrap();
    }

    /// Rows whose cells differ and that give no reason.
    pub(crate) fn unexplained(&self) -> Vec<&str> {
        self.rows
            .iter()
            .filter(|(_, (cells, why))| {
                cells.iter().any(|cell| *cell != cells[0]) && why.is_empty()
            })
            .map(|(operation, _)| operation.as_str())
            .collect()
    }

    /// Cells that nobody filled.
    pub(crate) fn holes(&self) -> Vec<&str> {
        self.rows
            .iter()
            .filter(|(_, (cells, _))| cells.iter().any(String::is_empty))
            .map(|(operation, _)| operation.as_str())
            .collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

#[test]
fn every_difference_is_explained() {
    let table = Table::read();
    assert!(table.len() > 50, "{} rows", table.len());
    assert_eq!(table.holes(), Vec::<&str>::new());
    assert_eq!(table.unexplained(), Vec::<&str>::new());
}
