//! `audit --fix`, `prune`, `retype`: mending what an audit finds.

use std::collections::HashSet;
use std::ops::ControlFlow;

use linkwright_fs::{
    Error, ErrorKind, LinkContent, LinkType, Name, NodeKind, ReparseBuffer, Result,
};
use linkwright_reparse::ReparseTag;

use super::step::{Change, Steps, own_type};
use super::turn::{follows, joined, path_on, relative_text};
use super::{Planned, Scope, Sink, Skip, each_link, tell};
use crate::audit::{Diagnosis, Ending, Examiner, Finding, Found, Mending};
use crate::target::{Form, symbolic, with_text};
use crate::walk::Met;

/// Findings that are to be mended.
pub type Wanted = HashSet<Finding>;

/// Plans to mend the wanted findings, several of one link in one step. `told` is
/// given every finding, mended or not.
///
/// # Errors
/// The place cannot be listed.
pub fn fix(
    examiner: &Examiner<'_>,
    wanted: &Wanted,
    told: &mut dyn FnMut(&Found),
    sink: Sink<'_>,
) -> Result<()> {
    let mut steps = Steps::default();
    each_link(
        examiner.top,
        Scope::ReparsePoints,
        sink,
        &mut |met, content, sink| {
            let diagnosis = examiner.link(met, content)?;
            diagnosis.findings.iter().for_each(&mut *told);
            let due: Vec<Finding> = diagnosis
                .findings
                .iter()
                .map(|found| found.finding)
                .filter(|finding| wanted.contains(finding) && finding.mending() != Mending::Nothing)
                .collect();
            if due.is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            let mender = Mender {
                examiner,
                met,
                diagnosis: &diagnosis,
                due: &due,
            };
            let change = match mender.change(content) {
                Ok(change) => change,
                Err(why) => {
                    let path = met.path;
                    return Ok(sink(Planned::Skipped { path, why }));
                }
            };
            let why = due
                .iter()
                .map(|finding| finding.code().to_owned())
                .collect();
            let step = steps.change(examiner.top, met, content, change, why)?;
            Ok(step.map_or(ControlFlow::Continue(()), |step| tell(met.path, step, sink)))
        },
    )
}

/// Mends one link.
struct Mender<'a> {
    examiner: &'a Examiner<'a>,
    met: &'a Met<'a>,
    diagnosis: &'a Diagnosis,
    due: &'a [Finding],
}

impl Mender<'_> {
    fn has(&self, finding: Finding) -> bool {
        self.due.contains(&finding)
    }

    fn change(&self, content: &LinkContent) -> std::result::Result<Change, Skip> {
        if self.has(Finding::Dangling) || self.has(Finding::Loop) {
            return Ok(Change::Remove);
        }
        let content = match self.has(Finding::LxLink) {
            true => self.of_windows()?,
            false => content.clone(),
        };
        let content = match self.text()? {
            Some(text) => with_text(&content, text.units(), text.units()).map_err(Skip::Target)?,
            None => content,
        };
        let (link_type, content) = self.typed(content)?;
        Ok(Change::Link(link_type, content))
    }

    /// The text that the link gets; `None` when it keeps its own.
    fn text(&self) -> std::result::Result<Option<Name>, Skip> {
        let target = self.diagnosis.target.as_ref().ok_or(Skip::Unknown)?;
        let top = self.examiner.top;
        let relative = |path: &[Name]| relative_text(top, self.met, path);
        if self.has(Finding::ChainTooLong) {
            let leads = self.diagnosis.leads.as_ref().ok_or(Skip::Unknown)?;
            return match &leads.end {
                Ending::TooLong(_, Some(end)) if std::sync::Arc::ptr_eq(&end.fs, &top.fs) => {
                    Ok(Some(relative(&end.path)))
                }
                _ => Err(Skip::Unknown),
            };
        }
        if self.has(Finding::LxLink) || self.has(Finding::Absolute) {
            return Ok(Some(relative(&path_on(top, self.diagnosis)?)));
        }
        if self.has(Finding::Case) {
            let path = path_on(top, self.diagnosis)?;
            return Ok(Some(match target.form {
                Form::Relative => relative(&path),
                Form::Rooted if follows(top) => joined("", &path, '/'),
                Form::Rooted => joined("", &path, '\\'),
                Form::Drive | Form::Share | Form::Device => {
                    let root = target.units.get(..2).map(String::from_utf16_lossy);
                    match target.form {
                        Form::Drive => joined(&root.unwrap_or_default(), &path, '\\'),
                        _ => return Err(Skip::Unknown),
                    }
                }
            }));
        }
        let is_rewritten = self.has(Finding::Messy) || self.has(Finding::NamesDisagree);
        Ok(is_rewritten.then(|| match self.has(Finding::Messy) {
            true => Name::from_units(self.diagnosis.clean.clone()),
            false => target.name(),
        }))
    }

    /// A symbolic link of Windows to the same place.
    fn of_windows(&self) -> std::result::Result<LinkContent, Skip> {
        let path = path_on(self.examiner.top, self.diagnosis)?;
        let text = relative_text(self.examiner.top, self.met, &path);
        let link = symbolic(0, text.units(), text.units()).map_err(Skip::Target)?;
        Ok(LinkContent::Reparse(link.into()))
    }

    /// The type that the link gets. A junction that leads to a file becomes a
    /// symbolic link.
    fn typed(&self, content: LinkContent) -> std::result::Result<(LinkType, LinkContent), Skip> {
        let is_typed_anew = self.has(Finding::WrongType) || self.has(Finding::LxLink);
        if !is_typed_anew {
            return Ok((own_type(self.met.stat), content));
        }
        let leads = self.diagnosis.leads.as_ref().ok_or(Skip::Unknown)?;
        let Ending::Found(end) = &leads.end else {
            return Err(Skip::Unknown);
        };
        let link_type = match end.stat.kind {
            NodeKind::Directory => LinkType::Directory,
            NodeKind::File | NodeKind::Special => LinkType::File,
        };
        let content = match &content {
            // What cannot be a junction can be relative.
            LinkContent::Reparse(ReparseBuffer::MountPoint(_)) => self.of_windows()?,
            LinkContent::Reparse(buffer) if buffer.tag() == ReparseTag::LX_SYMLINK => {
                return Err(Skip::Target(Error::from(ErrorKind::InvalidTarget)));
            }
            _ => content,
        };
        Ok((link_type, content))
    }
}
