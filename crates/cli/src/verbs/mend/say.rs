//! How steps look, for people and for programs; the same whether they are
//! planned, done or taken back.

use linkwright_fs::Win32Error;
use linkwright_links::plan::{LinkState, Mismatch, State, Step};

use super::place::Site;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::place::Spot;

/// Whether what is said is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// It is only planned.
    Planned,
    /// It is done.
    Done,
}

/// The place of a step.
pub(super) fn spot(site: &Site, step: &Step) -> Spot {
    site.below(&step.path.names().unwrap_or_default())
}

/// One step.
pub(super) fn step(ctx: &Context, site: &Site, step: &Step, deed: Deed) {
    let spot = spot(site, step);
    let value = |state: &State| serde_json::to_value(state).unwrap_or_default();
    if ctx.out.is_json() {
        ctx.out.json(
            spot.line("step")
                .set("why", step.why.clone())
                .set("was", value(&step.was))
                .set("shall", value(&step.shall))
                .set("dry_run", deed == Deed::Planned),
        );
        return;
    }
    let text = format!(": {} -> {}", before(step), after(step));
    ctx.out.text_of(&[&spot.bytes(), text.as_bytes()]);
}

fn before(step: &Step) -> String {
    match (&step.was, &step.shall) {
        (State::Link(was), State::Link(shall)) => link(was, shall),
        (State::Link(was), _) => was.target.clone(),
        (state, _) => thing(state),
    }
}

fn after(step: &Step) -> String {
    match (&step.was, &step.shall) {
        (State::Link(was), State::Link(shall)) => link(shall, was),
        (_, State::Link(shall)) => shall.target.clone(),
        (_, state) => thing(state),
    }
}

fn thing(state: &State) -> String {
    match state {
        State::Absent => "(nothing)".to_owned(),
        State::Link(link) => link.target.clone(),
        State::File(file) => match &file.of {
            Some(of) if file.shared => format!("(a name of /{})", of.path),
            Some(of) => format!("(a copy of /{})", of.path),
            None => "(a file of its own)".to_owned(),
        },
    }
}

/// A link, with what it has in another way than the other one.
fn link(link: &LinkState, other: &LinkState) -> String {
    let mut words = Vec::new();
    if link.kind != other.kind {
        words.push(link.kind.as_str());
    }
    if link.link_type != other.link_type {
        words.extend(link.link_type.as_deref());
    }
    let shown = match (&link.print, &other.print) {
        (Some(print), Some(other_print)) if link.target == other.target && print != other_print => {
            format!(" shown as {print}")
        }
        _ => String::new(),
    };
    match words.is_empty() {
        true => format!("{}{shown}", link.target),
        false => format!("{}{shown} ({})", link.target, words.join(", ")),
    }
}

/// A step that does not fit the world.
pub(super) fn mismatch(site: &Site, step: &Step, mismatch: &Mismatch) -> Failure {
    let win32 = match mismatch {
        Mismatch::Failed(error) => error.win32(),
        Mismatch::NoDirectory => Win32Error::PATH_NOT_FOUND,
        Mismatch::Missing | Mismatch::Other => Win32Error::FILE_NOT_FOUND,
        Mismatch::Taken => Win32Error::ALREADY_EXISTS,
        _ => Win32Error::FILE_INVALID,
    };
    Failure {
        path: Some(spot(site, step).display()),
        what: mismatch.to_string(),
        kind: None,
        win32: Some(win32),
        help: Some("plan again, or leave such steps out with --skip-changed".to_owned()),
        exit: Exit::Refused,
    }
}
