//! One fault at a time into clean volumes: each must be called by its name.

use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use linkwright_device::{BlockDevice, FileDevice, FileOptions, Overlay};
use linkwright_ntfs_check::{CheckError, CheckOptions, Problem, ProblemCode, check};
use linkwright_testkit::corpus::Volume;
use linkwright_testkit::oracle::mkntfs::{self, Mkntfs};
use linkwright_testkit::oracle::ntfs3g::{self, Access, Mount};
use linkwright_testkit::{ScratchImage, Skip, SkipKind, skip_unless};

use crate::editor::{Editor, Known};
use crate::faults::{self, Fault};
use crate::tools::{faults as faults_of, filled, filled_own, findings};

struct Subject {
    name: &'static str,
    base: Arc<FileDevice>,
    before: HashSet<String>,
    known: Rc<Known>,
}

fn problems(device: &dyn BlockDevice) -> Result<Vec<Problem>, CheckError> {
    let mut problems = Vec::new();
    check(device, &CheckOptions::default(), &mut |problem| {
        problems.push(problem);
    })?;
    Ok(problems)
}

impl Subject {
    fn new(name: &'static str, path: &Path) -> Self {
        let base = Arc::new(FileDevice::open(path, &FileOptions::read_only()).expect("open"));
        let before = problems(&*base).expect("a clean volume");
        let faults = faults_of(&before);
        assert!(faults.is_empty(), "{name}: {faults:#?}");
        Self {
            name,
            known: {
                let editor = Editor::new(&*base);
                editor.users();
                editor.known()
            },
            base,
            before: before.iter().map(ToString::to_string).collect(),
        }
    }

    /// What a fault adds to what is said of the volume; `None` when the volume
    /// has nothing it could be done to.
    fn damaged(&self, fault: &Fault) -> Option<Result<Vec<Problem>, CheckError>> {
        let device = Overlay::new(self.base.clone());
        (fault.inject)(&Editor::knowing(&device, self.known.clone()))?;
        Some(problems(&device).map(|mut problems| {
            problems.retain(|problem| !self.before.contains(&problem.to_string()));
            problems
        }))
    }
}

/// The subject whose records have 4 KiB.
const LARGE_RECORDS: &str = "4 KiB records";

/// Volumes to be damaged: two of our making, two of Windows where they are.
fn subjects() -> Result<(Vec<Subject>, Vec<ScratchImage>), Skip> {
    let images = vec![filled(4096, 512)?, filled_own()?];
    let mut subjects: Vec<Subject> = ["mkntfs", LARGE_RECORDS]
        .into_iter()
        .zip(&images)
        .map(|(name, image)| Subject::new(name, image.path()))
        .collect();
    for (name, volume) in [
        ("Windows 10", Volume::Velociraptor),
        ("Windows 7", Volume::Win7Tiny),
        ("Windows 2013", Volume::VssTest),
        ("Windows 10, 4 KiB clusters", Volume::LastAccess),
    ] {
        match volume.bare() {
            Ok(path) => subjects.push(Subject::new(name, &path)),
            Err(skip) => skip.report(),
        }
    }
    Ok((subjects, images))
}

/// The faults of the change journal are injected into one that has none.
#[test]
fn a_sound_change_journal_is_not_reported() {
    let (subjects, _images) = skip_unless!(subjects());
    for subject in &subjects {
        let device = Overlay::new(subject.base.clone());
        faults::sound_journal(&Editor::knowing(&device, subject.known.clone()))
            .expect("a file to be made the journal");
        let found: Vec<String> = problems(&device)
            .expect("a volume that can be read")
            .iter()
            .filter(|problem| problem.code.as_str().starts_with("usn"))
            .map(ToString::to_string)
            .collect();
        assert!(found.is_empty(), "{}: {found:#?}", subject.name);
    }
}

#[test]
fn each_fault_is_called_by_its_name() {
    let (subjects, _images) = skip_unless!(subjects());
    let mut failures = Vec::new();
    let mut on_large_records = 0;
    // What needs a log in use, or other clusters than ours, is on those only.
    let with_windows = subjects.iter().any(|s| s.name.starts_with("Windows"));
    for fault in faults::all() {
        let (mut tried, mut usual) = (0, false);
        for subject in &subjects {
            let problems = match subject.damaged(&fault) {
                None => continue,
                Some(Ok(problems)) => problems,
                Some(Err(error)) => {
                    failures.push(format!("{} on {}: {error}", fault.name, subject.name));
                    continue;
                }
            };
            tried += 1;
            on_large_records += usize::from(subject.name == LARGE_RECORDS);
            let mut named = problems.iter().filter(|p| p.code == fault.code).peekable();
            if named.peek().is_none() {
                let others: Vec<String> = problems.iter().map(ToString::to_string).collect();
                failures.push(format!(
                    "{} on {}: no {}, but {others:#?}",
                    fault.name, subject.name, fault.code
                ));
            }
            usual |= named.any(|problem| problem.severity == fault.code.severity());
        }
        if tried == 0 && !with_windows {
            let why = "no volume by Windows is here";
            Skip::new(SkipKind::Shared, fault.name, why).report();
            continue;
        }
        if tried < if with_windows { 2 } else { 1 } {
            failures.push(format!("{}: tried on {tried} volumes", fault.name));
        }
        if !usual {
            failures.push(format!("{}: nowhere {}", fault.name, fault.code.severity()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(on_large_records > 100, "{on_large_records}");
}

#[test]
fn every_code_but_a_few_has_a_fault() {
    // Not to be had by an edit of a few bytes, or told by another test.
    let without = [
        ProblemCode::Unreadable,
        ProblemCode::TooManyLinks,
        ProblemCode::More,
        ProblemCode::LogHoldsWork,
    ];
    let faults = faults::all();
    assert!(faults.len() >= 100, "{}", faults.len());
    for code in ProblemCode::ALL {
        let has = faults.iter().any(|fault| fault.code == *code);
        assert_eq!(has, !without.contains(code), "{code}");
    }
}

#[test]
fn more_links_than_windows_allows_are_told() {
    skip_unless!(ntfs3g::available());
    skip_unless!(mkntfs::available());
    for (names, wanted) in [(1024, false), (1025, true)] {
        let image = Mkntfs::new(32 << 20).make();
        let mount = Mount::new(image.path(), Access::ReadWrite).expect("mount");
        let first = mount.path().join("first");
        std::fs::write(&first, b"x").expect("write");
        for number in 1..names {
            std::fs::hard_link(&first, mount.path().join(format!("{number}"))).expect("link");
        }
        mount.unmount().expect("unmount");
        let device = FileDevice::open(image.path(), &FileOptions::read_only()).expect("open");
        let (problems, summary) = findings(&device);
        let faults = faults_of(&problems);
        assert_eq!(faults.len(), usize::from(wanted), "{faults:#?}");
        assert!(problems.iter().any(|p| p.code == ProblemCode::TooManyLinks) == wanted);
        assert!(summary.links >= names);
    }
}
