//! Which other validators notice the faults.

use std::path::Path;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_testkit::oracle::ntfs3_disk::{self, Attempt};
use linkwright_testkit::oracle::{ntfsfix, rust_fs_ntfs, sleuthkit};
use linkwright_testkit::{ScratchImage, skip_unless};

use crate::editor::Editor;
use crate::faults::{self, Fault};
use crate::tools::filled_of;

/// What another validator says of an image, as text.
type Ask = fn(&Path) -> String;

/// Those that look at an image file.
const ASK: [(&str, Ask); 3] = [
    ("ntfsfix -n", |path| {
        format!("{:?}", ntfsfix::findings(path).ok())
    }),
    ("rust-fs-ntfs fsck", |path| {
        format!("{:?}", rust_fs_ntfs::findings(path).ok())
    }),
    ("fls -r", |path| {
        format!("{:?}", sleuthkit::names(path).ok())
    }),
];

/// Everything ntfs3 shows of a mounted volume: names, link counts, sizes,
/// kinds, targets, contents.
const LOOK: &str = "{ find . -exec stat -c '%N %h %s %F' {} + ; \
    find . -type f -exec md5sum {} + ; } 2>&1 | md5sum";

/// What ntfs3 says of each image: what it logs, and a sum of what it shows.
fn ntfs3_says(images: &[&Path]) -> Vec<String> {
    let attempts: Vec<Attempt<'_>> = images
        .iter()
        .map(|image| Attempt {
            image,
            options: "ro",
            commands: LOOK,
        })
        .collect();
    let outcomes = ntfs3_disk::try_each(&attempts).expect("the machine runs");
    outcomes
        .iter()
        .map(|outcome| {
            let lines: Vec<String> = outcome.said.iter().map(|line| plain(line)).collect();
            format!("{} {}", outcome.mounted, lines.join("\n"))
        })
        .collect()
}

/// A line without the time and the name of the device, which differ anyway.
fn plain(line: &str) -> String {
    let text = line.split_once("] ").map_or(line, |(_, text)| text);
    match text.split_once("vda") {
        None => text.to_owned(),
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}vda{rest}")
        }
    }
}

/// The rows of the table in docs/validation.md: which other validators notice
/// each fault. `cargo xtask test --long`; printed with `--nocapture`.
#[test]
fn what_other_validators_notice() {
    skip_unless!(linkwright_testkit::long("the table of other validators"));
    skip_unless!(ntfsfix::available());
    skip_unless!(sleuthkit::available());
    skip_unless!(ntfs3_disk::available());
    let sound = skip_unless!(filled_of(24 << 20, 4096, 512));
    let damaged: Vec<(Fault, ScratchImage)> = faults::all()
        .into_iter()
        .filter_map(|fault| {
            let image = ScratchImage::copy_of(sound.path()).expect("copy");
            let device = FileDevice::open(image.path(), &FileOptions::read_write()).expect("open");
            (fault.inject)(&Editor::new(&device))?;
            drop(device);
            Some((fault, image))
        })
        .collect();
    let faulty = damaged.iter().map(|(_, image)| image.path());
    let images: Vec<&Path> = std::iter::once(sound.path()).chain(faulty).collect();
    let said = ntfs3_says(&images);
    let (sound_says, said) = said.split_first().expect("a sound image");
    assert!(sound_says.starts_with("true"), "{sound_says}");
    let seen_by_kernel: Vec<bool> = said.iter().map(|said| said != sound_says).collect();
    let before = ASK.map(|(_, ask)| ask(sound.path()));
    let names = ASK.map(|(name, _)| name).join(" | ");
    println!("| fault | linkwright | {names} | ntfs3 mount |");
    println!("|---|---|{}", "---|".repeat(ASK.len() + 1));
    let mut blind = 0;
    for ((fault, image), kernel) in damaged.iter().zip(seen_by_kernel) {
        let mut seen: Vec<bool> = ASK
            .iter()
            .zip(&before)
            .map(|((_, ask), before)| ask(image.path()) != *before)
            .collect();
        seen.push(kernel);
        blind += usize::from(!seen.contains(&true));
        let words: Vec<&str> = seen
            .iter()
            .map(|seen| if *seen { "yes" } else { "-" })
            .collect();
        let (name, code) = (fault.name, fault.code);
        println!("| {name} | `{code}` | {} |", words.join(" | "));
    }
    assert!(damaged.len() > 100, "{}", damaged.len());
    assert!(blind > 20, "others see more than they did: {blind}");
}
