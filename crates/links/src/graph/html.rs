//! The graph as one page: drawing, legend, search and list, with nothing to be
//! fetched.

use serde_json::{Value, json};

use super::model::{Edge, Graph, NodeId, State};
use super::svg::{self, CLASSES};
use super::view::{Anchor, View, class_words, kind_word};

/// Most links that the page lists; of more, the bad ones come first.
const MAX_LISTED: usize = 20_000;

const SCRIPT: &str = include_str!("assets/page.js");
const STYLE: &str = include_str!("assets/page.css");

/// The graph as an HTML page. Nothing is loaded from anywhere; up to 20,000 links
/// are listed and can be searched, also those that a coarse drawing shows as one.
pub fn html(graph: &Graph) -> String {
    let view = View::of(graph);
    let title = escaped(&format!("Links of {}", graph.place));
    let place = escaped(&graph.place);
    let notes = notes(graph, &view);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{drawing_style}{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>Links of <code>{place}</code></h1>\n<div id=\"legend\">{legend}</div>\n\
         <input id=\"search\" type=\"search\" placeholder=\"Search names, targets, kinds  ( / )\" \
         aria-label=\"Search links\">\n{notes}</header>\n<main>\n{drawing}\n<div id=\"zoom\">\
         <button id=\"out\" aria-label=\"Smaller\">−</button><button id=\"in\" \
         aria-label=\"Larger\">+</button><button id=\"fit\">Fit</button>\
         <button id=\"full\">100 %</button></div>\n</main>\n\
         <aside><p id=\"count\"></p><ul id=\"list\"></ul></aside>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        drawing_style = svg::style(),
        legend = legend(graph),
        drawing = svg::bare(&view),
        data = in_script(&data(graph, &view)),
    )
}

fn legend(graph: &Graph) -> String {
    let mut legend = String::new();
    for class in CLASSES {
        let count = graph.edges.iter().filter(|e| e.class() == class).count();
        if count > 0 {
            let words = class_words(class, count);
            legend.push_str(&format!(
                "<button class=\"{class}\" data-class=\"{class}\" aria-pressed=\"false\" \
                 style=\"--c:var(--{class})\"><i></i><span><b>{count}</b> {words}</span></button>"
            ));
        }
    }
    legend
}

/// What the picture does not show.
fn notes(graph: &Graph, view: &View) -> String {
    let mut notes = Vec::new();
    if view.is_coarse {
        notes.push(
            "Too large to draw in full: some directories, names or targets are drawn as one. \
             The list has each link."
                .to_owned(),
        );
    }
    if graph.edges.len() > MAX_LISTED {
        notes.push(format!(
            "The list has {MAX_LISTED} of {} links, broken and looping ones first.",
            graph.edges.len()
        ));
    }
    if graph.left_out > 0 {
        notes.push(format!(
            "{} more links were left out of all of this.",
            graph.left_out
        ));
    }
    if graph.unread > 0 {
        notes.push(format!("{} objects could not be read.", graph.unread));
    }
    match notes.is_empty() {
        true => String::new(),
        false => format!("<p class=\"note-bar\">{}</p>\n", notes.join(" ")),
    }
}

fn data(graph: &Graph, view: &View) -> String {
    let mut numbers: Vec<usize> = (0..graph.edges.len()).collect();
    if numbers.len() > MAX_LISTED {
        let state = |number: &usize| graph.edges.get(*number).map(|edge| edge.state);
        numbers.sort_by_key(|number| std::cmp::Reverse(state(number)));
        numbers.truncate(MAX_LISTED);
    }
    let links: Vec<Value> = numbers
        .into_iter()
        .filter_map(|number| link(graph, view, number))
        .collect();
    json!({"total": graph.edges.len(), "links": links}).to_string()
}

fn link(graph: &Graph, view: &View, number: usize) -> Option<Value> {
    let edge = graph.edges.get(number)?;
    let entry = graph.entries.get(edge.from)?;
    let line = *view.line_of.get(number)?;
    Some(json!({
        "path": graph.path_of(entry),
        "target": entry.target,
        "kind": edge.kind.as_str(),
        "state": edge.state.as_str(),
        "class": edge.class(),
        "words": words(graph, edge),
        "row": id_of(*view.anchor_of.get(edge.from)?),
        "line": line,
        "to": id_of(view.lines.get(line)?.to),
    }))
}

/// The link in words, without where it says that it leads.
fn words(graph: &Graph, edge: &Edge) -> String {
    let kind = kind_word(edge.kind);
    match (edge.state, edge.to) {
        (State::Broken, _) => format!("broken {kind}"),
        (State::Loop, _) => format!("{kind} that leads to itself"),
        (State::Ancestor, _) => format!("{kind} to a directory it is in"),
        (State::Unknown, _) => format!("{kind}, not to be followed here"),
        (State::Leads, NodeId::End(end)) => match graph.ends.get(end) {
            Some(end) if edge.kind == crate::LinkKind::Hard => format!("{kind}: {}", end.label),
            _ => format!("{kind} to the outside"),
        },
        (State::Leads, _) => kind.to_owned(),
    }
}

/// The id that a thing has in the drawing.
fn id_of(anchor: Anchor) -> String {
    match anchor {
        Anchor::Head(card) => format!("c{card}"),
        Anchor::Row(card, row) => format!("r{card}-{row}"),
        Anchor::Pill(pill) => format!("p{pill}"),
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// JSON that ends no script element: these letters are in its strings only.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}
