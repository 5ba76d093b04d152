//! The graph in Mermaid's language, as Markdown pages embed it.

use std::fmt::Write;

use super::model::{EndKind, Graph, NodeId};
use super::view::color_of;

/// The graph as a Mermaid flowchart, with directories as subgraphs.
pub fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    write_to(&mut text, graph).ok();
    text
}

fn write_to(text: &mut String, graph: &Graph) -> std::fmt::Result {
    for (d, directory) in graph.directories.iter().enumerate() {
        if directory.entries.is_empty() {
            writeln!(text, "  d{d}[\"{}\"]", coded(&directory.path))?;
            continue;
        }
        writeln!(text, "  subgraph d{d}[\"{}\"]", coded(&directory.path))?;
        for &e in &directory.entries {
            let name = graph.entries.get(e).map_or("", |entry| entry.name.as_str());
            writeln!(text, "    e{e}[\"{}\"]", coded(name))?;
        }
        writeln!(text, "  end")?;
    }
    for (x, end) in graph.ends.iter().enumerate() {
        let class = end.kind.as_str();
        let label = coded(&end.label);
        match end.kind {
            EndKind::File => writeln!(text, "  x{x}([\"{label}\"]):::{class}")?,
            _ => writeln!(text, "  x{x}[\"{label}\"]:::{class}")?,
        }
    }
    for edge in &graph.edges {
        let arrow = match edge.class() {
            "hard" => "---",
            "broken" => "-.->",
            _ => "-->",
        };
        let to = match edge.to {
            NodeId::Directory(d) => format!("d{d}"),
            NodeId::Entry(e) => format!("e{e}"),
            NodeId::End(x) => format!("x{x}"),
        };
        writeln!(text, "  e{} {arrow} {to}", edge.from)?;
    }
    for (number, edge) in graph.edges.iter().enumerate() {
        let color = color_of(edge.class());
        writeln!(text, "  linkStyle {number} stroke:{color}")?;
    }
    for (class, style) in [
        ("file", "stroke:#15803d"),
        ("missing", "stroke:#dc2626,stroke-dasharray:4 3"),
        ("outside", "stroke:#64748b,stroke-dasharray:4 3"),
        ("unknown", "stroke:#64748b,stroke-dasharray:4 3"),
    ] {
        writeln!(text, "  classDef {class} {style}")?;
    }
    Ok(())
}

/// A text between quotes: Mermaid reads Markdown, HTML and `#NUMBER;` in it, so
/// that all ASCII but letters, digits and what means nothing is a number.
fn coded(text: &str) -> String {
    let mut coded = String::new();
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | ',' | '/' => coded.push(c),
            c if c.is_ascii() => coded.push_str(&format!("#{};", u32::from(c))),
            c => coded.push(c),
        }
    }
    coded
}
