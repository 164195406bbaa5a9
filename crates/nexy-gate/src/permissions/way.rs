//! The way to one path: what mends it, and the link that stops root from changing what lies behind.

use super::{Change, Permissions, quoted_path};
use crate::{answer_builder::AnswerBuilder, permissions::Fault};
use nexy_contract::{
    Fix,
    text::{shell_word, word},
};
use nexy_outside::fs::permissions::{Kind, PathMetadata, Right};
use std::path::{Path, PathBuf};

/// A path that was looked at, with every step of the way to it.
#[derive(Debug)]
pub(crate) struct Way<'a> {
    permissions: Permissions<'a>,
    real: &'a Path,
    detour: Option<Detour>,
}

/// A link below the checkout behind which root changes nothing: it can be set to lead to any file of the machine.
#[derive(Debug)]
struct Detour {
    link: PathBuf,
    found: String,
    fix: Fix,
}

impl<'a> Way<'a> {
    /// `real` is where the path leads, and `chain` holds the folders and links on the way.
    pub(crate) fn new(permissions: Permissions<'a>, real: &'a Path, chain: &[PathMetadata]) -> Self {
        Self { permissions, real, detour: detour(permissions, real, chain) }
    }

    /// A fault of a folder or link on the way.
    pub(crate) fn fail(&self, step: &PathMetadata, fault: &Fault, answer: &mut AnswerBuilder) {
        self.fail_at(step, &step.path, &fault.found, &fault.changes, answer);
    }

    /// A fault of what the path leads to.
    pub(crate) fn fail_end(&self, end: &PathMetadata, found: &str, changes: &[Change], answer: &mut AnswerBuilder) {
        self.fail_at(end, self.real, found, changes, answer);
    }

    fn fail_at(&self, step: &PathMetadata, real: &Path, found: &str, changes: &[Change], answer: &mut AnswerBuilder) {
        match self.detour.as_ref().filter(|detour| !detour.link.starts_with(real)) {
            Some(detour) => {
                answer.fail(found, Fix::none());
                answer.fail(&*detour.found, &detour.fix);
            }
            None => answer.fail_with_steps(found, self.permissions.steps(step, real, changes)),
        }
    }

    /// A folder that does not exist; `above` is the nearest one that does. The service's user creates it, as its owner.
    pub(crate) fn fail_missing(&self, path: &Path, above: &PathMetadata, found: &str, answer: &mut AnswerBuilder) {
        if self.detour.is_some() {
            return self.fail_end(above, found, &[], answer);
        }
        let Permissions { account, .. } = self.permissions;
        let mut steps = Vec::new();
        if !above.grants_all(account, &[Right::Write, Right::Execute]) {
            let changes = [Change::Owner(account.name.clone()), Change::ByOwner("chmod u+wx".to_owned())];
            steps = self.permissions.steps(above, self.real, &changes);
        }
        steps.extend(path.to_str().and_then(word).map(|path| self.permissions.as_service(format!("mkdir -p -m 755 {path}"))));
        answer.fail_with_steps(found, steps);
    }
}

fn detour(permissions: Permissions<'_>, real: &Path, chain: &[PathMetadata]) -> Option<Detour> {
    let leads_out = !real.starts_with(permissions.checkout);
    let mut links = chain.iter().filter(|step| step.kind == Kind::Link && step.path.starts_with(permissions.checkout));
    let link = links.find(|link| link.uid != 0 || leads_out)?;
    let (owner, leads_to) = (permissions.accounts.user_name(link.uid), shell_word(&real.display().to_string()));
    let words = if leads_out { "a link leads out of the checkout".to_owned() } else { format!("a link of {owner} is on the way") };
    let quoted = quoted_path(link);
    let fix = match link.path.to_str().and_then(word) {
        Some(path) if link.uid != 0 => Fix::command(permissions.as_service(format!("rm -- {path}")).typed("")),
        _ => Fix::note(format!("{owner} made {quoted}: take it away, or decide who may use what it leads to")),
    };
    Some(Detour { found: format!("{words}: {quoted} leads to {leads_to}"), link: link.path.clone(), fix })
}
