use super::*;
use linkwright_fs::posix::PosixFs;
use std::path::Path;

fn host(path: &Path) -> Place {
    let host = PosixFs::new();
    Place {
        node: host.open_directory(path).unwrap(),
        fs: Arc::new(host),
        path: Vec::new(),
    }
}

pub(super) fn text(path: &[Name]) -> String {
    let names: Vec<String> = path.iter().map(ToString::to_string).collect();
    names.join("/")
}

type Walk = fn(&Place, Wanted, &mut dyn FnMut(Event<'_>) -> ControlFlow<()>) -> Result<()>;

/// What is met, and what failed with a `!`.
fn paths(walk: Walk, top: &Place, wanted: Wanted) -> Vec<String> {
    let mut seen = Vec::new();
    walk(top, wanted, &mut |event| {
        seen.push(match event {
            Event::Met(met) => text(met.path),
            Event::Failed { path, .. } => format!("!{}", text(path)),
        });
        ControlFlow::Continue(())
    })
    .unwrap();
    seen
}

#[test]
fn everything_below_is_met_once_and_links_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
    std::fs::write(dir.path().join("a/b/f"), "x").unwrap();
    std::os::unix::fs::symlink("..", dir.path().join("a/up")).unwrap();
    let top = host(dir.path());
    assert_eq!(
        paths(walk_for, &top, Wanted::All),
        ["a", "a/b", "a/up", "a/b/f"]
    );
    assert_eq!(paths(walk_for, &top, Wanted::Links), ["a/up"]);
    let mut seen = 0;
    walk(&top, &mut |_| {
        seen += 1;
        match seen {
            2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    })
    .unwrap();
    assert_eq!(seen, 2);
}

/// The order of a walk, told by the shortest way there is.
fn simply(dir: &Path, above: &str, all: &mut Vec<String>) {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let path = |name: &String| match above {
        "" => name.clone(),
        above => format!("{above}/{name}"),
    };
    all.extend(names.iter().map(path));
    for name in &names {
        let below = dir.join(name);
        if below.symlink_metadata().unwrap().is_dir() {
            simply(&below, &path(name), all);
        }
    }
}

/// More directories than are listed ahead, deeper than wide and wider than deep,
/// and one with more entries than are listed ahead.
#[test]
fn helpers_do_not_change_the_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut deep = dir.path().to_owned();
    for level in 0..30 {
        deep.push(format!("level {level}"));
        for side in 0..12 {
            let side = deep.join(format!("side {side}"));
            std::fs::create_dir_all(&side).unwrap();
            std::fs::write(side.join("f"), "").unwrap();
        }
    }
    let many = dir.path().join("many");
    std::fs::create_dir(&many).unwrap();
    for number in 0..3000 {
        std::fs::write(many.join(format!("{number}")), "").unwrap();
    }
    for number in 0..300 {
        std::fs::create_dir_all(dir.path().join(format!("wide/{number}/x"))).unwrap();
    }
    let mut wanted = Vec::new();
    simply(dir.path(), "", &mut wanted);
    let top = host(dir.path());
    for _ in 0..5 {
        assert_eq!(paths(walk_for, &top, Wanted::All), wanted);
    }
    let mut glanced = Vec::new();
    walk_kinds(&top, Kinds::all(), &mut |event| {
        let KindEvent::Met { path, glance, .. } = event else {
            panic!("{event:?}");
        };
        let is_dir = dir.path().join(text(path)).is_dir();
        assert_eq!(glance == Glance::Directory, is_dir);
        glanced.push(text(path));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(glanced, wanted);
}

#[test]
fn a_directory_that_goes_away_meanwhile_does_not_end_the_walk() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
        std::fs::write(dir.path().join(name).join("f"), "").unwrap();
    }
    let top = host(dir.path());
    let mut told = Vec::new();
    walk(&top, &mut |event| {
        match event {
            Event::Met(met) => told.push(text(met.path)),
            Event::Failed { path, .. } => told.push(format!("!{}", text(path))),
        }
        if told.len() == 1 {
            std::fs::remove_dir_all(dir.path().join("b")).unwrap();
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    told.retain(|path| !matches!(path.as_str(), "b" | "!b" | "b/f" | "!b/f"));
    assert_eq!(told, ["a", "c", "a/f", "c/f"]);
}
