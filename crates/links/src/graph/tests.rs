//! What each format makes of a graph, of hostile names most of all.

use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use linkwright_fs::Name;
use linkwright_fs::posix::PosixFs;
use linkwright_fs::resolve::{NoDrives, Resolver};

use super::layout::{Area, Layout};
use super::view::{MAX_CARDS, MAX_ENDS, MAX_ROWS, View};
use super::*;
use crate::inspect::LinkKind;
use crate::walk::Place;
use crate::{for_display, name_for_display};

/// Names that mean something in one of the formats.
const HOSTILE: [&str; 9] = [
    "</script><script>alert(1)</script>",
    "\"];\n}\" -> x [",
    "a\\",
    "<b>&amp;</b>",
    "]]> <!-- -->",
    "end",
    "#quot;`*_~",
    "\u{202e}gpj\u{1b}[31m\u{0}",
    "%%{init: {}}%%",
];

fn graph_of(dir: &tempfile::TempDir) -> Graph {
    let host = PosixFs::new();
    let real = dir.path().canonicalize().unwrap();
    let top = Place {
        node: host.open_directory(&real).unwrap(),
        fs: Arc::new(host),
        path: real
            .components()
            .skip(1)
            .map(|part| Name::from_host(part.as_os_str()))
            .collect(),
    };
    let resolver = Resolver { drives: &NoDrives };
    Graph::of(&resolver, &top, "top", &mut || ControlFlow::Continue(())).unwrap()
}

/// Where a link leads: its state, and the path or label of the other end.
fn lead(graph: &Graph, path: &str) -> (State, String) {
    let edge = graph
        .edges
        .iter()
        .find(|edge| graph.path_of(&graph.entries[edge.from]) == path)
        .unwrap_or_else(|| panic!("{path}: {graph:?}"));
    let to = match edge.to {
        NodeId::Directory(directory) => format!("{}/", graph.directories[directory].path),
        NodeId::Entry(entry) => graph.path_of(&graph.entries[entry]),
        NodeId::End(end) => format!("{:?}: {}", graph.ends[end].kind, graph.ends[end].label),
    };
    (edge.state, to)
}

#[test]
fn links_of_the_host_lead_where_the_host_says() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir_all(at("d/deep")).unwrap();
    std::fs::write(at("d/f"), "x").unwrap();
    std::fs::write(at("d/alone"), "x").unwrap();
    std::fs::hard_link(at("d/f"), at("g")).unwrap();
    symlink("d/alone", at("file")).unwrap();
    symlink("file", at("chain")).unwrap();
    symlink(at("d"), at("absolute")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    symlink("dangling", at("to_dangling")).unwrap();
    symlink("b", at("a")).unwrap();
    symlink("a", at("b")).unwrap();
    symlink("self", at("self")).unwrap();
    symlink("..", at("d/deep/up")).unwrap();
    symlink("/proc/version", at("outside")).unwrap();
    let graph = graph_of(&dir);

    for (path, state, to) in [
        ("g", State::Leads, "File: 1 file, 2 names"),
        ("d/f", State::Leads, "File: 1 file, 2 names"),
        ("file", State::Leads, "d/alone"),
        ("chain", State::Leads, "file"),
        ("absolute", State::Leads, "d/"),
        ("dangling", State::Broken, "Missing: nowhere"),
        ("to_dangling", State::Broken, "dangling"),
        ("a", State::Loop, "b"),
        ("b", State::Loop, "a"),
        ("self", State::Loop, "self"),
        ("d/deep/up", State::Ancestor, "d/"),
        ("outside", State::Leads, "Outside: /proc/version"),
    ] {
        assert_eq!(lead(&graph, path), (state, to.to_owned()), "{path}");
    }
    assert_eq!(graph.edges.len(), 12);
    let directories: Vec<&str> = graph.directories.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(directories, ["top", "d", "d/deep"]);
    assert_eq!((graph.unread, graph.left_out), (0, 0));
}

/// A graph with one broken link for each name, of that name and to it.
fn named(names: &[&str]) -> Graph {
    Graph {
        place: for_display(names[0]).into_owned(),
        directories: vec![Directory {
            path: for_display(names[0]).into_owned(),
            depth: 1,
            entries: (0..names.len()).collect(),
        }],
        entries: names
            .iter()
            .map(|name| Entry {
                directory: 0,
                name: for_display(name).into_owned(),
                kind: Some(LinkKind::Symlink),
                target: Some(for_display(name).into_owned()),
            })
            .collect(),
        ends: names
            .iter()
            .map(|name| End {
                kind: EndKind::Missing,
                label: for_display(name).into_owned(),
            })
            .collect(),
        edges: (0..names.len())
            .map(|number| Edge {
                from: number,
                to: NodeId::End(number),
                kind: LinkKind::Symlink,
                state: State::Broken,
            })
            .collect(),
        ..Graph::default()
    }
}

#[test]
fn hostile_names_stay_text_in_svg() {
    let graph = named(&HOSTILE);
    let drawing = svg(&graph);
    let document = roxmltree::Document::parse(&drawing).unwrap();
    let texts: Vec<String> = document
        .descendants()
        .filter(|node| node.attribute("class") == Some("name"))
        .filter_map(|node| node.text().map(|text| text.trim().to_owned()))
        .collect();
    for entry in &graph.entries {
        let shown = layout::fitted(&entry.name).replace("  ", " \u{a0}");
        assert_eq!(
            texts.iter().filter(|text| **text == shown.trim()).count(),
            2,
            "{shown}: {texts:?}"
        );
    }
    assert!(!document.descendants().any(|n| n.has_tag_name("script")));
}

#[test]
fn hostile_names_stay_text_in_the_page() {
    let page = html(&named(&HOSTILE));
    let scripts = page.matches("<script").count();
    assert_eq!((scripts, page.matches("</script>").count()), (2, 2));
    assert!(!page.contains("<b>&"), "but for the numbers of the legend");
    let start = page.find("id=\"data\">").unwrap() + "id=\"data\">".len();
    let data = page[start..].split("</script>").next().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    for (number, name) in HOSTILE.iter().enumerate() {
        assert_eq!(data["links"][number]["target"], *for_display(name));
    }
    for outside in ["http:", "https:", "src=", "href=", "@import"] {
        let found = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!found.contains(outside), "{outside}");
    }
}

#[test]
fn hostile_names_stay_text_in_mermaid() {
    for line in mermaid(&named(&HOSTILE)).lines() {
        let inner = line
            .split_once("[\"")
            .and_then(|(_, rest)| rest.rsplit_once("\"]"));
        let Some((label, _)) = inner else { continue };
        assert!(
            !label.contains(['"', '<', '>', '`', '&', '\\', '[', '{', '%', '*']),
            "{line}"
        );
    }
}

#[test]
fn hostile_names_stay_text_in_dot() {
    let text = dot(&named(&HOSTILE));
    assert!(text.contains(r#"e2 [label="a\\"];"#), "{text}");
    assert!(text.contains(r#"e3 [label="<b>&amp;amp;</b>"];"#), "{text}");
    assert!(
        text.contains(r#"e1 [label="\"];\\u{a}}\" -> x ["];"#),
        "{text}"
    );
}

#[test]
fn half_a_surrogate_is_drawn_as_an_escape() {
    let lone = name_for_display(&Name::from_units(vec![0x61, 0xDC00]));
    let graph = named(&[lone.as_str()]);
    assert!(svg(&graph).contains("a\\u{dc00}"));
    assert!(dot(&graph).contains(r"a\\u{dc00}"));
}

#[test]
fn what_has_links_of_no_kind_is_an_empty_picture() {
    let empty = Graph::default();
    roxmltree::Document::parse(&svg(&empty)).unwrap();
    assert!(html(&empty).contains("\"total\":0"));
    assert!(dot(&empty).ends_with("}\n"));
}

fn overlap(a: &Area, b: &Area) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

/// Directories in a chain, links in each to the next one's and back.
fn chained(directories: usize, links: usize) -> Graph {
    let mut graph = Graph::default();
    for d in 0..directories {
        let first = graph.entries.len();
        graph.directories.push(Directory {
            path: format!("top{}/d{d}", d % 7),
            depth: 2,
            entries: (first..first + links).collect(),
        });
        for e in 0..links {
            graph.entries.push(Entry {
                directory: d,
                name: format!("link{e}"),
                kind: Some(LinkKind::Symlink),
                target: None,
            });
            graph.edges.push(Edge {
                from: first + e,
                to: match (e % 3, e % 5) {
                    (0, _) => NodeId::Directory((d + 1) % directories),
                    (_, 0) => NodeId::Entry((first + 7 * e) % (directories * links)),
                    _ => {
                        graph.ends.push(End {
                            kind: EndKind::Missing,
                            label: format!("gone{d}-{e}"),
                        });
                        NodeId::End(graph.ends.len() - 1)
                    }
                },
                kind: LinkKind::Symlink,
                state: State::Leads,
            });
        }
    }
    graph.edges.retain(|edge| match edge.to {
        NodeId::Entry(entry) => entry < graph.entries.len(),
        _ => true,
    });
    graph
}

#[test]
fn no_boxes_lie_over_each_other() {
    for (directories, links) in [(1, 1), (2, 9), (9, 5), (30, 4)] {
        let view = View::of(&chained(directories, links));
        let layout = Layout::of(&view);
        let boxes: Vec<Area> = layout.cards.iter().chain(&layout.pills).copied().collect();
        for (x, y) in layout.lines.iter().flat_map(|line| &line.points) {
            let inside = (0.0..=layout.width).contains(x) && (0.0..=layout.height).contains(y);
            assert!(inside, "{x} {y}");
        }
        for (number, a) in boxes.iter().enumerate() {
            assert!(
                a.x >= 0.0 && a.y >= 0.0 && a.x + a.width <= layout.width,
                "{a:?}"
            );
            for b in &boxes[number + 1..] {
                assert!(!overlap(a, b), "{directories} x {links}: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn what_is_too_large_is_drawn_coarser_and_every_link_has_a_line() {
    let graph = chained(MAX_CARDS + 10, 3);
    let view = View::of(&graph);
    assert!(view.is_coarse);
    assert_eq!(view.cards.len(), 7, "those of the first level");
    assert_eq!(view.pills.len(), 1, "{} missing targets", graph.ends.len());
    assert!(graph.ends.len() > MAX_ENDS);
    assert_eq!(view.line_of.len(), graph.edges.len());
    let drawn: usize = view.lines.iter().map(|line| line.count).sum();
    assert_eq!(drawn, graph.edges.len());

    let long = View::of(&chained(1, MAX_ROWS + 20));
    assert_eq!(long.cards[0].rows.len(), MAX_ROWS);
    assert_eq!(long.cards[0].rows.last().unwrap().text, "21 more");
}
