//! A few kills; `cargo xtask soak` does two hundred.

use std::path::PathBuf;

use linkwright_soak::Soak;

#[test]
fn a_killed_process_loses_no_acknowledged_link() {
    let folder = tempfile::tempdir().unwrap();
    let soak = Soak {
        program: PathBuf::from(env!("CARGO_BIN_EXE_linkwright-soak")),
        image: folder.path().join("volume.img"),
        kills: 5,
        seed: 7,
    };
    let outcome = soak.run().unwrap_or_else(|error| panic!("{error}"));
    println!("{outcome:?}");
    assert_eq!(outcome.kills, 5);
    assert!(outcome.links > 0, "{outcome:?}");
}

/// The judge sees a link that is missing.
#[test]
fn a_link_that_was_not_made_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    // A program that acknowledges three links and makes none.
    let liar = folder.path().join("liar");
    std::fs::write(&liar, "#!/bin/sh\nprintf '0\\n1\\n2\\n'\nexec sleep 10\n").unwrap();
    let mut permissions = std::fs::metadata(&liar).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&liar, permissions).unwrap();
    let soak = Soak {
        program: liar,
        image: folder.path().join("volume.img"),
        // It may be killed before it has said anything.
        kills: 9,
        seed: 1,
    };
    let error = soak.run().unwrap_err().to_string();
    assert!(error.contains("is lost"), "{error}");
}
