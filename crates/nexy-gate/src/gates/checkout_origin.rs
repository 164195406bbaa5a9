//! The VM's checkout comes from the repository that nexy.toml names, and from no other one.

use crate::gate::prelude::*;
use crate::observed::remotes::{self, Told};
use crate::observed::repository::{Repository, Side};

pub(crate) const GATE: Gate = Gate {
    id: "checkout-origin",
    asks: "Is the checkout on the VM fetched from the repository that nexy.toml says?",
    profiles: &["before-checkout"],
    runbook: "S0 §0, S0 §6.1",
    at: Machine::Vm,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A tag that is not there although it was pushed, or unknown code on the VM: the checkout fetches from another \
                  repository.",
        check: "Compares where the remote that remotes.workspace names leads, for fetches and for pushes and after all of git's rewriting, with \
                repositories.workspace on the host of github.web_url. git is asked as the owner of the checkout.",
        fix: &[
            command("sudo -u OWNER git -C CHECKOUT config --replace-all remote.NAME.url URL"),
            note("Or .pushurl, as named in the finding."),
        ],
        verify: &[command("sudo -u OWNER git -C CHECKOUT remote -v"), command("sudo nexy-gate checkout-origin")],
    },
    check: |context| look(context).unwrap_or_else(|answer| answer),
    repair: None,
};

fn look(context: &Context) -> Result<Answer, Answer> {
    let repository = Repository::on_vm(&context.workspace.target, &context.tree, GATE.id)?;
    let told = Told::by(&repository.git).map_err(|error| repository.unreadable(&error, GATE.id))?;
    Ok(judge(&context.workspace.target, &repository.side, &told))
}

fn judge(target: &Target, side: &Side, told: &Told) -> Answer {
    let (remote, repository) = (&target.remotes.workspace, &target.repositories.workspace);
    let mut builder = AnswerBuilder::default();
    remotes::judge(target, &side.git, &[(remote, repository)], told, &mut builder);
    builder.answer(format!("{remote} leads to {repository}, in {}", side.shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::remotes::url_of;

    fn asked(told: impl Fn(&Target, &str) -> String) -> Answer {
        let target = crate::tests::target();
        let side = Side {
            is_vm: true,
            shown: "/srv/app".to_owned(),
            as_owner: "sudo -u server ".to_owned(),
            git: "sudo -u server git -C /srv/app".to_owned(),
        };
        let told = told(&target, &url_of(&target, &target.repositories.workspace));
        judge(&target, &side, &Told { lines: nexy_outside::programs::git::remote_urls(&told), settings: vec![] })
    }

    #[test]
    fn only_the_configured_repository_passes() {
        let both = |name: &str, fetch: &str, push: &str| format!("{name}\t{fetch} (fetch)\n{name}\t{push} (push)\n");
        assert_eq!(asked(|target, url| both(&target.remotes.workspace, url, url)).verdict, Verdict::Pass);
        let server = asked(|target, url| both(&target.remotes.workspace, &url_of(target, &target.repositories.server), url));
        assert_eq!(server.verdict, Verdict::Fail);
        assert!(server.fix.text().starts_with("sudo -u server git -C /srv/app config --replace-all remote."), "{}", server.fix);
        let elsewhere = "https://me:s3cret@elsewhere.example/a/b.git";
        let push = asked(|target, url| both(&target.remotes.workspace, url, elsewhere));
        assert!(push.found.contains("pushes to https://elsewhere.example/a/b.git"), "{}", push.found);
        assert!(!format!("{push:?}").contains("s3cret"));
        let other = asked(|_, url| both("another", url, url));
        assert!(other.fix.text().starts_with("sudo -u server git -C /srv/app remote add "), "{}", other.fix);
        assert_eq!(asked(|_, _| String::new()).verdict, Verdict::Fail);
    }
}
