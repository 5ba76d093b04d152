//! All rules over one link.

use std::sync::Arc;

use linkwright_fs::resolve::Resolver;
use linkwright_fs::{LinkContent, Name, ReparseBuffer, Result};
use linkwright_names::UpcaseTable;

use super::leads::{Leads, follow};
use super::{Finding, Found, Options, target_rules, text_rules};
use crate::target::{TargetText, with_text};
use crate::walk::{Met, Place};

/// Looks at links below one place.
pub struct Examiner<'a> {
    /// The place: the tree that links should stay in.
    pub top: &'a Place,
    /// Follows links.
    pub resolver: &'a Resolver<'a>,
    /// What else is known.
    pub options: &'a Options,
    pub(super) upcase: UpcaseTable,
}

/// What is to be said about one link.
pub struct Diagnosis {
    /// What is wrong.
    pub findings: Vec<Found>,
    /// Its target; `None` when only its maker could read it.
    pub target: Option<TargetText>,
    /// The text of its target without what is needless.
    pub clean: Vec<u16>,
    /// Where it leads.
    pub leads: Option<Leads>,
    /// Its target with the names as they are stored, from the root of the volume,
    /// where that differs.
    pub stored: Option<Vec<Name>>,
}

impl<'a> Examiner<'a> {
    /// Over the links below `top`.
    pub fn new(top: &'a Place, resolver: &'a Resolver<'a>, options: &'a Options) -> Self {
        Self {
            top,
            resolver,
            options,
            upcase: UpcaseTable::windows(),
        }
    }

    /// What is wrong with one link.
    ///
    /// # Errors
    /// What reading failed with.
    pub fn link(&self, met: &Met<'_>, content: &LinkContent) -> Result<Diagnosis> {
        let mut diagnosis = Diagnosis {
            findings: Vec::new(),
            target: TargetText::of(content),
            clean: Vec::new(),
            leads: None,
            stored: None,
        };
        let mut say = Say {
            path: met.path,
            findings: Vec::new(),
        };
        if self.options.missing_index.contains(&met.stat.record) {
            let detail = "the index of reparse points has no entry for it".to_owned();
            say.found(Finding::ReparseIndexMissing, detail);
        }
        tag_rules(content, &mut say);
        if let Some(text) = diagnosis.target.clone() {
            self.target(met, content, &text, &mut diagnosis, &mut say)?;
        }
        diagnosis.findings = say.findings;
        Ok(diagnosis)
    }

    fn target(
        &self,
        met: &Met<'_>,
        content: &LinkContent,
        text: &TargetText,
        diagnosis: &mut Diagnosis,
        say: &mut Say<'_>,
    ) -> Result<()> {
        let dir = met.path.split_last().map_or(&[][..], |(_, dir)| dir);
        // Where a text is only badly written it is judged as if it were not.
        diagnosis.clean = text.clean();
        let follows =
            |content: &LinkContent| follow(self.resolver, &self.top.fs, dir, content, met.node);
        let is_lx = matches!(content, LinkContent::Reparse(ReparseBuffer::LxSymlink(_)));
        let mut leads = None;
        if diagnosis.clean != text.units && !is_lx {
            let cleaned = with_text(content, &diagnosis.clean, &diagnosis.clean);
            let better = cleaned.map(|content| follows(&content)).ok().transpose()?;
            let means_the_same = !text.goes_up_again() || {
                let plain = follows(content)?;
                better
                    .as_ref()
                    .is_some_and(|better| same_place(better, &plain))
            };
            match better {
                Some(better) if means_the_same => {
                    say.found(Finding::Messy, text_rules::mess(text, &diagnosis.clean));
                    leads = Some(better);
                }
                _ => diagnosis.clean.clone_from(&text.units),
            }
        } else {
            diagnosis.clean.clone_from(&text.units);
        }
        let leads = match leads {
            Some(leads) => leads,
            None => follows(content)?,
        };
        if let Some(detail) = text_rules::disagreement(text, &diagnosis.clean, &self.upcase) {
            say.found(Finding::NamesDisagree, detail);
        }
        let subject = target_rules::Subject {
            examiner: self,
            met,
            content,
            text,
            dir,
            leads: &leads,
        };
        diagnosis.stored = subject.rules(say)?;
        diagnosis.leads = Some(leads);
        Ok(())
    }
}

fn same_place(a: &Leads, b: &Leads) -> bool {
    match (&a.near, &b.near) {
        (Some(a), Some(b)) => {
            Arc::ptr_eq(&a.fs, &b.fs)
                && (a.stat.device, a.stat.record) == (b.stat.device, b.stat.record)
        }
        _ => false,
    }
}

/// What only the tag decides.
fn tag_rules(content: &LinkContent, say: &mut Say<'_>) {
    let LinkContent::Reparse(buffer) = content else {
        return;
    };
    match buffer {
        ReparseBuffer::LxSymlink(link) => {
            let text = String::from_utf8_lossy(link.target());
            say.found(
                Finding::LxLink,
                format!("a link of WSL to {text}, which Windows does not follow"),
            );
        }
        ReparseBuffer::Other(other) if other.tag().short_name().is_none() => {
            say.found(Finding::UnknownTag, format!("tag {:#010x}", other.tag().0));
        }
        _ => {}
    }
}

/// The findings of one link.
pub(super) struct Say<'a> {
    path: &'a [Name],
    pub(super) findings: Vec<Found>,
}

impl Say<'_> {
    pub(super) fn found(&mut self, finding: Finding, detail: String) {
        self.findings.push(Found {
            finding,
            path: self.path.to_vec(),
            detail,
        });
    }
}
