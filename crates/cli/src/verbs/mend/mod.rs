//! Mending links: `audit`, the verbs that make plans, `apply` and `undo`.

mod audit;
mod copies;
mod dedupe;
mod doing;
mod fclones;
mod file;
mod fixes;
mod place;
mod planner;
mod retarget;
mod say;
mod turn;

pub(super) use audit::run as audit;
pub(super) use copies::run as unlink_copies;
pub(super) use dedupe::run as dedupe;
pub(super) use doing::{apply, undo};
pub(super) use fixes::{prune, retype};
pub(super) use retarget::run as retarget;
pub(super) use turn::{absolute, relative};
