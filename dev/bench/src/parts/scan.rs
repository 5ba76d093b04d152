//! All links and names of a volume of a million files, into a counter; and
//! `volume check` of the same.

use super::million::{Million, volume};
use crate::lab::Lab;
use crate::peers::installed;
use crate::report::{Cell, Goal, Row};
use crate::rounds::{Contestant, Rounds, alternate};
use crate::worker::Told;
use crate::{Outcome, Spread};

const ROUNDS: usize = 5;
/// How ours goes over the volume.
const SCAN: &str = "scan";
/// The checker's memory.
const MEMORY: Goal = Goal::AtMost {
    goal: 512.0,
    aim: None,
};

/// Bytes of a file record.
const RECORD: u64 = 1024;
/// Files from which memory says something about a record.
const ENOUGH: u64 = 100_000;

/// The same, and what `find` prints of each name.
const SCAN_LINKS: &str = "scan-links";

/// Another way to the same, that takes long enough to be measured once.
struct Peer {
    way: &'static str,
    /// What tells as much of each name.
    ours: &'static str,
    name: &'static str,
    /// How many names beside ours it counts at most: NTFS' own files.
    extra: u64,
    goal: Option<Goal>,
    missing: Option<String>,
}

pub(super) fn scan(lab: &Lab) -> Outcome<Vec<Row>> {
    let million = volume(lab)?;
    let mount = linkwright_testkit::oracle::ntfs3g::available();
    let mount = mount.err().map(|skip| skip.to_string());
    let find = Goal::AtLeast {
        goal: 20.0,
        aim: None,
    };
    let peers = [
        Peer {
            way: "find",
            ours: SCAN,
            name: "find on a mount of ntfs-3g, names only",
            extra: 0,
            goal: Some(find),
            missing: mount.clone(),
        },
        Peer {
            way: "find-links",
            ours: SCAN_LINKS,
            name: "find -printf of kind, file, number of names and link target, on a mount of ntfs-3g",
            extra: 0,
            goal: Some(find),
            missing: mount,
        },
        Peer {
            way: "fls",
            ours: SCAN,
            name: "fls -r -p (The Sleuth Kit)",
            extra: 64,
            goal: None,
            missing: installed("fls", "sleuthkit").err(),
        },
        Peer {
            way: "crate-ntfs",
            ours: SCAN,
            name: "the crate ntfs",
            extra: 0,
            goal: None,
            missing: None,
        },
    ];
    lab.note("wall time, the image in the page cache; peers other than reading once");
    let floor = Goal::AtMost {
        goal: 3.0,
        aim: Some(2.0),
    };
    let what = format!("scan of {} files, {} names", million.files, million.names);
    let mut rows = vec![against_reading(lab, &million, &what, SCAN, "records", floor)?.0];
    for peer in peers {
        if let Some(why) = peer.missing {
            lab.note(format!("left out: {}: {why}", peer.name));
            continue;
        }
        lab.progress(peer.name);
        let names = |told: &Told| {
            let (least, most) = (million.names, million.names + peer.extra);
            match (least..=most).contains(&told.count) {
                true => Ok(vec![least as f64 / told.seconds]),
                false => Err(format!("{}: {} names, not {least}", peer.way, told.count).into()),
            }
        };
        let contestants = vec![
            Contestant::new(|| names(&lab.walk(peer.ours, &million.image)?)),
            Contestant::new(|| names(&lab.walk(peer.way, &million.image)?)),
        ];
        let rounds = match alternate(1, contestants) {
            Ok(rounds) => rounds,
            Err(error) => {
                lab.failed(peer.name, &*error);
                continue;
            }
        };
        rows.push(Row {
            work: what.clone(),
            peer: Some(peer.name.to_owned()),
            unit: "names a second".to_owned(),
            cells: vec![Cell::against("", &rounds, (0, 0), (1, 0))],
            goal: peer.goal,
        });
    }
    Ok(rows)
}

pub(super) fn check(lab: &Lab) -> Outcome<Vec<Row>> {
    let million = volume(lab)?;
    lab.note("wall time, the image in the page cache");
    lab.note("rust-fs-ntfs looks at file records and clusters and follows no index");
    let floor = Goal::AtMost {
        goal: 8.0,
        aim: Some(4.0),
    };
    let what = format!("check of {} files, {} names", million.files, million.names);
    let (row, rounds) = against_reading(lab, &million, &what, "check", "metadata", floor)?;
    let mut rows = vec![row];
    lab.progress("rust-fs-ntfs");
    let seconds = |way| {
        let image = &million.image;
        Contestant::new(move || Ok(vec![lab.walk(way, image)?.seconds]))
    };
    match alternate(1, vec![seconds("check"), seconds("fsck")]) {
        Ok(once) => rows.push(Row {
            work: what,
            peer: Some("fsck of rust-fs-ntfs".to_owned()),
            unit: "seconds".to_owned(),
            cells: vec![Cell::against("", &once, (0, 0), (1, 0))],
            goal: None,
        }),
        Err(error) => lab.failed("fsck of rust-fs-ntfs", &*error),
    }
    // With few files it is the program's own.
    if million.files >= ENOUGH {
        let memory = rounds.numbers(0, 1).into_iter().zip(rounds.numbers(1, 1));
        let records = rounds.spread(0, 2).median;
        let each = memory.map(|(ours, reading)| (ours - reading) * 1e7 / records);
        rows.push(Row {
            work: "memory of the check, beyond that of reading".to_owned(),
            peer: None,
            unit: "MiB for 10,000,000 records".to_owned(),
            cells: vec![Cell::alone("", Spread::of(each.collect()))],
            goal: Some(MEMORY),
        });
    }
    Ok(rows)
}

/// Ours and reading alone: seconds, MiB of memory, and what was counted.
fn against_reading(
    lab: &Lab,
    million: &Million,
    work: &str,
    ours: &str,
    reading: &str,
    goal: Goal,
) -> Outcome<(Row, Rounds)> {
    lab.progress(work);
    let run = |way: &str| -> Outcome<Vec<f64>> {
        let told = lab.walk(way, &million.image)?;
        let memory = told.peak_kib as f64 / 1024.0;
        Ok(vec![told.seconds, memory, told.count as f64])
    };
    let contestants = vec![
        Contestant::new(|| run(ours)),
        Contestant::new(|| run(reading)),
    ];
    let rounds = alternate(lab.rounds(ROUNDS), contestants)?;
    // Nothing was left out by reading.
    let bytes = rounds.spread(1, 2).least;
    if bytes < (million.files * RECORD) as f64 {
        return Err(format!("reading found {bytes} bytes only").into());
    }
    let what = match reading {
        "records" => "one thread reading $MFT",
        _ => "one thread reading $MFT and all index blocks",
    };
    let row = Row {
        work: work.to_owned(),
        peer: Some(format!("{what}, 1 MiB at a time, fix-ups taken out")),
        unit: "seconds".to_owned(),
        cells: vec![Cell::against("", &rounds, (0, 0), (1, 0))],
        goal: Some(goal),
    };
    Ok((row, rounds))
}
