//! The list of targets.

mod canary;
mod check;
mod codes;
mod compress;
mod device;
mod format;
mod manifest;
mod names;
mod operations;
mod plan;
mod record;
mod reparse;
mod walk;

use crate::{Purpose, Target};

const fn judge(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target {
        name,
        run,
        seeds,
        purpose: Purpose::Judge,
    }
}

const fn canary(name: &'static str, run: fn(&[u8])) -> Target {
    Target {
        name,
        run,
        seeds: canary::seeds,
        purpose: Purpose::Canary,
    }
}

/// Every target.
#[must_use]
pub fn registry() -> Vec<Target> {
    vec![
        judge("boot", format::boot, format::boot_seeds),
        judge("fixup", format::fixup, format::block_seeds),
        judge("record", record::record, record::record_seeds),
        judge("record-edit", record::edit, record::edit_seeds),
        judge("attribute-list", record::list, record::list_seeds),
        judge("file-name", record::file_name, record::file_name_seeds),
        judge("runs", record::runs, record::runs_seeds),
        judge("index", format::index, format::index_seeds),
        judge("values", format::values, format::value_seeds),
        judge("security", format::security, format::security_seeds),
        judge("secure", format::secure, format::secure_seeds),
        judge("extended-attributes", format::ea, format::ea_seeds),
        judge("log", format::log, format::log_seeds),
        judge("usn", format::usn, format::usn_seeds),
        judge("reparse", reparse::buffer, reparse::buffer_seeds),
        judge("reparse-text", reparse::text, names::path_seeds),
        judge("paths", names::paths, names::path_seeds),
        judge("short-names", names::short_names, names::name_seeds),
        judge("host-names", names::host, names::host_seeds),
        judge("upcase", names::upcase, names::upcase_seeds),
        judge("codes", codes::codes, codes::seeds),
        judge("manifest", manifest::manifest, manifest::seeds),
        judge("plan", plan::plan, plan::plan_seeds),
        judge("targets", plan::targets, plan::target_seeds),
        judge("partitions", device::partitions, device::seeds),
        judge("lznt1", compress::lznt1, compress::lznt1_seeds),
        judge("overlay", compress::overlay, compress::overlay_seeds),
        judge("walk", walk::walk, walk::seeds),
        judge("recover", walk::recover, walk::recover_seeds),
        judge("check", check::check, walk::seeds),
        judge("operations", operations::operations, operations::seeds),
        canary("canary-panic", canary::panics),
        canary("canary-hang", canary::hangs),
        canary("canary-memory", canary::eats),
    ]
}
