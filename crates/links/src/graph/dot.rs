//! The graph in Graphviz' language.

use std::fmt::Write;

use super::model::{EndKind, Graph, NodeId};

/// The graph as a DOT file, with directories as clusters.
pub fn dot(graph: &Graph) -> String {
    let mut text = String::from(
        "digraph links {\n  rankdir=LR;\n  compound=true;\n  fontname=\"Helvetica\";\n  \
         node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n  \
         edge [arrowsize=0.7];\n",
    );
    write_to(&mut text, graph).ok();
    text
}

fn write_to(text: &mut String, graph: &Graph) -> std::fmt::Result {
    for (d, directory) in graph.directories.iter().enumerate() {
        writeln!(text, "  subgraph cluster_{d} {{")?;
        writeln!(text, "    label={};", quoted(&directory.path))?;
        writeln!(text, "    style=rounded;\n    color=\"#94a3b8\";")?;
        writeln!(
            text,
            "    d{d} [shape=point, style=invis, width=0.05, label=\"\"];"
        )?;
        for &e in &directory.entries {
            let name = graph.entries.get(e).map_or("", |entry| entry.name.as_str());
            writeln!(text, "    e{e} [label={}];", quoted(name))?;
        }
        writeln!(text, "  }}")?;
    }
    for (x, end) in graph.ends.iter().enumerate() {
        let style = match end.kind {
            EndKind::File => "shape=ellipse, style=solid, color=\"#15803d\"",
            EndKind::Missing => "style=\"rounded,dashed\", color=\"#dc2626\"",
            EndKind::Outside | EndKind::Unknown => "style=\"rounded,dashed\", color=\"#64748b\"",
        };
        writeln!(text, "  x{x} [label={}, {style}];", quoted(&end.label))?;
    }
    for edge in &graph.edges {
        let from = edge.from;
        let (to, head) = match edge.to {
            NodeId::Directory(d) => (format!("d{d}"), format!(", lhead=cluster_{d}")),
            NodeId::Entry(e) => (format!("e{e}"), String::new()),
            NodeId::End(x) => (format!("x{x}"), String::new()),
        };
        let class = edge.class();
        let style = match class {
            "hard" => ", dir=none",
            "broken" => ", style=dashed",
            _ => "",
        };
        writeln!(
            text,
            "  e{from} -> {to} [color=\"{}\", tooltip=\"{class}\"{style}{head}];",
            super::view::color_of(class)
        )?;
    }
    writeln!(text, "}}")
}

/// A text between quotes. Graphviz reads escapes and HTML's entities in labels.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '&' => quoted.push_str("&amp;"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
