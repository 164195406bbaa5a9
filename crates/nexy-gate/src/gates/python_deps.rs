//! The service's Python holds what the code needs: pins, requirements, and stubs that really import, before any restart.

mod installed;
mod requirement;
mod trial;
mod version;

use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    tally::Tally,
};
use installed::{NoVenv, Venv};
use nexy_contract::{
    Target,
    text::{excerpt, shell_word},
};
use nexy_outside::{
    accounts::{Account, Accounts},
    files,
};
use requirement::{Line, Requirement};
use std::path::{Path, PathBuf};
use trial::Trial;
use version::Version;

pub(crate) const GATE: Gate = Gate {
    id: "python-deps",
    asks: "Does the service's Python hold what the code needs, and do the generated stubs import?",
    profiles: &["hard"],
    runbook: "S0 §3, S1 §3",
    at: Machine::Vm,
    takes: Takes::RunningSystem,
    explain: Explain {
        symptom: "The service dies at its start: VersionError of protobuf's gencode and runtime, or a module that is not installed.",
        check: "Reads the metadata on disk of the venv that service.exec_start names, and holds them against python.pins and \
                layout.requirements; then, as the unit's user, `pip check` and an import of every one of python.stubs.",
        fix: "sudo -u USER VENV/bin/python3 -m pip install --upgrade -r REQUIREMENTS, and the same with the pins.",
        verify: "sudo nexy-gate python-deps",
    },
    check,
    repair: None,
};

const MAX_BYTES: u64 = 1 << 20;

/// One generated stub, and what came of its import.
struct Stub {
    path: String,
    /// `None` when there is no such file.
    trial: Option<Trial>,
}

/// All that was looked at.
struct Seen {
    venv: Result<Venv, NoVenv>,
    /// The text of the requirements file, or why there is none: missing, or unreadable.
    requirements: Result<Option<String>, String>,
    pip: Trial,
    stubs: Vec<Stub>,
}

/// The commands of this machine.
struct Commands<'a> {
    target: &'a Target,
    python: String,
}

impl Commands<'_> {
    /// A command line of the service's Python, as its user.
    fn python(&self, rest: &str) -> String {
        format!("sudo -u {} {} {rest}", self.target.service.user, shell_word(&self.python))
    }

    fn install_pins(&self) -> String {
        let pins: Vec<String> = self.target.python.pins.iter().map(|pin| shell_word(pin)).collect();
        self.python(&format!("-m pip install --upgrade {}", pins.join(" ")))
    }

    fn install_requirements(&self) -> String {
        let file = format!("{}/{}", self.target.vm.checkout, self.target.layout.requirements);
        self.python(&format!("-m pip install --upgrade -r {}", shell_word(&file)))
    }

    /// Requirements first: they may pull what the pins then put right (S0 §3).
    fn install_all(&self) -> String {
        format!("{}\n{}", self.install_requirements(), self.install_pins())
    }

    /// Every line once, and the two that install in the order in which they are to be typed, after the others.
    fn in_order(&self, fix: &str) -> String {
        let last = [self.install_requirements(), self.install_pins()];
        let mut lines: Vec<&str> = Vec::new();
        for line in fix.lines().filter(|line| !last.iter().any(|install| install == line)) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines.extend(last.iter().map(String::as_str).filter(|install| fix.lines().any(|line| line == *install)));
        lines.join("\n")
    }

    fn make_venv(&self) -> String {
        let venv = Path::new(&self.python).parent().and_then(Path::parent).unwrap_or(Path::new("/"));
        format!("sudo -u {} python3 -m venv {}\n{}", self.target.service.user, shell_word(&venv.display().to_string()), self.install_all())
    }

    fn restore(&self, path: &str) -> String {
        let checkout = shell_word(&self.target.vm.checkout);
        format!("sudo -u {} git -C {checkout} checkout HEAD -- {}", self.target.service.user, shell_word(path))
    }
}

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let service = &target.service;
    let python = service.exec_start.split(' ').next().unwrap_or_default();
    let commands = Commands { target, python: python.to_owned() };
    let account = match Accounts::read().map(|accounts| accounts.account(&service.user)) {
        Ok(Some(account)) => account,
        Ok(None) => {
            let fix = format!("sudo useradd --create-home {0}\nor run this on the VM", service.user);
            return Answer::fail(format!("this machine has no user {}", service.user), expected(target), fix);
        }
        Err(error) => return Answer::unknown(error.to_string(), expected(target), "sudo nexy-gate python-deps"),
    };
    judge(&commands, &look(context, Path::new(python), &account))
}

fn look(context: &Context, python: &Path, account: &Account) -> Seen {
    let target = &context.workspace.target;
    let checkout = PathBuf::from(&target.vm.checkout);
    let venv = installed::look(python);
    let requirements = files::read_text_if_there(&checkout.join(&target.layout.requirements), MAX_BYTES).map_err(|error| error.because());
    // A Python that is not there, or that is no venv's, is not asked anything.
    let pip = if venv.is_ok() { trial::pip_check(python, account) } else { Trial::NotTried("there is no venv to ask".to_owned()) };
    let stub = |path: &String| {
        let file = checkout.join(path);
        let trial = match (file.try_exists(), file.parent().and_then(Path::to_str), file.file_stem().and_then(|stem| stem.to_str())) {
            (Ok(false), _, _) => None,
            (Err(error), _, _) => Some(Trial::NotTried(error.to_string())),
            (Ok(true), Some(folder), Some(module)) if venv.is_ok() && is_module(module) => {
                Some(trial::import(python, account, folder, module))
            }
            (Ok(true), Some(_), Some(module)) if is_module(module) => Some(Trial::NotTried("there is no venv to ask".to_owned())),
            (Ok(true), _, _) => Some(Trial::NotTried("its name is no module's".to_owned())),
        };
        Stub { path: path.clone(), trial }
    };
    let stubs = target.python.stubs.iter().map(stub).collect();
    Seen { venv, requirements, pip, stubs }
}

fn is_module(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

fn expected(target: &Target) -> String {
    format!("{}, everything of {}, and stubs that import", target.python.pins.join(", "), target.layout.requirements)
}

fn judge(commands: &Commands<'_>, seen: &Seen) -> Answer {
    let target = commands.target;
    let mut tally = Tally::default();
    let venv = match &seen.venv {
        Ok(venv) => venv,
        Err(NoVenv::Wrong(because)) => return Answer::fail(because, expected(target), commands.make_venv()),
        Err(NoVenv::Unsure(because)) => return Answer::unknown(because, expected(target), "sudo nexy-gate python-deps"),
    };
    judge_pins(commands, venv, &mut tally);
    judge_requirements(commands, venv, &seen.requirements, &mut tally);
    match &seen.pip {
        Trial::Good => tally.pass("pip check finds nothing"),
        Trial::Refused(said) => tally.fail(format!("pip check: {said}"), commands.install_all()),
        Trial::NotTried(because) if because == trial::NO_PIP => tally.unknown(because, commands.python("-m ensurepip --upgrade")),
        Trial::NotTried(because) => tally.unknown(because, format!("sudo nexy-gate python-deps\n{}", commands.python("-m pip check"))),
    }
    for stub in &seen.stubs {
        judge_stub(commands, stub, &mut tally);
    }
    let answer = tally.answer(expected(target));
    Answer { fix: commands.in_order(&answer.fix), ..answer }
}

fn judge_pins(commands: &Commands<'_>, venv: &Venv, tally: &mut Tally) {
    let mut held = 0;
    for pin in &commands.target.python.pins {
        match requirement::read(pin) {
            Line::Wants(wanted) => held += usize::from(judge_wanted(&wanted, pin, "python.pins", venv, &commands.install_pins(), tally)),
            Line::Nothing | Line::Unsure(_) => {
                tally.unknown(format!("the pin `{}` is not understood", excerpt(pin, 60)), "correct python.pins in nexy.toml");
            }
        }
    }
    tally.pass(format!("{held} pins hold"));
}

fn judge_requirements(commands: &Commands<'_>, venv: &Venv, text: &Result<Option<String>, String>, tally: &mut Tally) {
    let file = &commands.target.layout.requirements;
    let text = match text {
        Ok(Some(text)) => text,
        Ok(None) => return tally.fail(format!("{file} is missing"), commands.restore(file)),
        Err(because) => {
            let path = format!("{}/{file}", commands.target.vm.checkout);
            return tally.unknown(format!("{file} cannot be read: {because}"), format!("ls -l {}", shell_word(&path)));
        }
    };
    let mut held = 0;
    for (number, line) in requirement::file(text) {
        let place = format!("{file}:{number}");
        match line {
            Line::Wants(wanted) => {
                held += usize::from(judge_wanted(&wanted, &place, &place, venv, &commands.install_requirements(), tally))
            }
            Line::Unsure(because) => {
                let fix = format!("sed -n {number}p {}", shell_word(&format!("{}/{file}", commands.target.vm.checkout)));
                tally.unknown(format!("{place} {because}, so nobody can tell whether it is installed"), fix);
            }
            Line::Nothing => {}
        }
    }
    tally.pass(format!("{held} lines of {file} hold"));
}

/// Whether one requirement is met; `shown` is how a finding calls it, and `source` where it stands.
fn judge_wanted(wanted: &Requirement, shown: &str, source: &str, venv: &Venv, fix: &str, tally: &mut Tally) -> bool {
    let name = &wanted.name;
    let needed = wanted.marker.as_deref().map_or(Some(true), |marker| requirement::applies(marker, &venv.python));
    if needed == Some(false) {
        return true;
    }
    let found: Vec<_> = venv.packages.iter().filter(|package| package.name == *name).collect();
    let trouble = match found.as_slice() {
        [] => Some(format!("{name} is not installed ({shown})")),
        [package] => match package.version.as_deref() {
            None => return blind(tally, format!("the metadata of {name} cannot be read"), fix),
            Some(text) => match Version::read(text) {
                None => return blind(tally, format!("the version `{}` of {name} is not understood ({source})", excerpt(text, 40)), fix),
                Some(version) => (!wanted.clauses.iter().all(|clause| clause.fits(&version)))
                    .then(|| format!("{name} is {}, which does not fit {shown}", excerpt(text, 40))),
            },
        },
        several => Some(format!("{name} is installed {} times: {}", several.len(), versions(several))),
    };
    match (trouble, needed) {
        (None, _) => true,
        (Some(because), Some(_)) => {
            tally.fail(because, fix);
            false
        }
        (Some(because), None) => blind(tally, format!("{because}, and its condition is not known here"), fix),
    }
}

fn blind(tally: &mut Tally, because: String, fix: &str) -> bool {
    tally.unknown(because, fix);
    false
}

fn versions(packages: &[&installed::Package]) -> String {
    let texts: Vec<String> = packages.iter().map(|package| excerpt(package.version.as_deref().unwrap_or("?"), 40)).collect();
    texts.join(", ")
}

fn judge_stub(commands: &Commands<'_>, stub: &Stub, tally: &mut Tally) {
    let path = &stub.path;
    let by_hand = || {
        let file = Path::new(&commands.target.vm.checkout).join(path);
        let (folder, module) = (file.parent().unwrap_or(Path::new("/")), file.file_stem().unwrap_or_default());
        let code = format!("import sys; sys.path.insert(0, {:?}); import {}", folder.display().to_string(), module.display());
        commands.python(&format!("-I -B -c {}", shell_word(&code)))
    };
    match &stub.trial {
        None => tally.fail(format!("the stub {path} is missing"), commands.restore(path)),
        Some(Trial::Good) => tally.pass(format!("{path} imports")),
        Some(Trial::Refused(said)) => {
            // protobuf before 5.26 does not even know the check that newer stubs begin with.
            let is_mismatch = said.contains("VersionError") || said.contains("runtime_version") || said.contains("_registered_method");
            let is_absent = said.contains("ModuleNotFoundError") || said.contains("ImportError");
            let fix = if is_mismatch {
                commands.install_pins()
            } else if is_absent {
                commands.install_all()
            } else {
                by_hand()
            };
            tally.fail(format!("{path} does not import: {said}"), fix);
        }
        Some(Trial::NotTried(because)) => {
            tally.unknown(format!("{path} could not be imported: {because}"), format!("sudo nexy-gate python-deps\n{}", by_hand()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use installed::Package;
    use nexy_contract::Verdict;

    fn target() -> Target {
        let mut target = Target::parse(include_str!("../../../../nexy.toml")).expect("the committed nexy.toml");
        target.service.user = "server".to_owned();
        target.vm.checkout = "/srv/app".to_owned();
        target.layout.requirements = "req.txt".to_owned();
        target.python.pins = vec!["protobuf>=6.31.1,<7".to_owned()];
        target.python.stubs = vec!["gen/x_pb2.py".to_owned()];
        target
    }

    fn good() -> Seen {
        let package = |name: &str, version: &str| Package { name: name.to_owned(), version: Some(version.to_owned()) };
        Seen {
            venv: Ok(Venv { python: "3.11.2".to_owned(), packages: vec![package("protobuf", "6.31.1"), package("aiohttp", "3.9.0")] }),
            requirements: Ok(Some("aiohttp>=3.9\nprotobuf\n".to_owned())),
            pip: Trial::Good,
            stubs: vec![Stub { path: "gen/x_pb2.py".to_owned(), trial: Some(Trial::Good) }],
        }
    }

    fn judged(change: impl FnOnce(&mut Seen)) -> Answer {
        let target = target();
        let mut seen = good();
        change(&mut seen);
        judge(&Commands { target: &target, python: "/srv/app/venv/bin/python3".to_owned() }, &seen)
    }

    fn packages(seen: &mut Seen) -> &mut Vec<Package> {
        &mut seen.venv.as_mut().expect("a venv").packages
    }

    #[test]
    fn everything_in_its_place_passes() {
        let answer = judged(|_| ());
        assert_eq!(answer, Answer::pass("1 pins hold; 2 lines of req.txt hold; pip check finds nothing; gen/x_pb2.py imports"));
    }

    #[test]
    fn a_pin_that_does_not_hold_is_a_no_with_the_rulebooks_command() {
        for (version, said) in
            [(Some("5.29.5"), "protobuf is 5.29.5, which does not fit protobuf>=6.31.1,<7"), (None, "protobuf is not installed")]
        {
            let answer = judged(|seen| match version {
                Some(version) => packages(seen)[0].version = Some(version.to_owned()),
                None => drop(packages(seen).remove(0)),
            });
            assert_eq!(answer.verdict, Verdict::Fail, "{said}");
            assert!(answer.found.contains(said), "{}", answer.found);
            let command = "sudo -u server /srv/app/venv/bin/python3 -m pip install --upgrade 'protobuf>=6.31.1,<7'";
            assert!(answer.fix.lines().any(|line| line == command), "{}", answer.fix);
        }
    }

    #[test]
    fn every_command_is_named_once_and_requirements_are_installed_first() {
        let answer = judged(|seen| {
            packages(seen)[0].version = Some("5.29.5".to_owned());
            packages(seen).remove(1);
            seen.pip = Trial::Refused("x".to_owned());
            seen.stubs[0].trial = Some(Trial::Refused("VersionError".to_owned()));
        });
        let python = "sudo -u server /srv/app/venv/bin/python3 -m pip install --upgrade";
        assert_eq!(answer.fix, format!("{python} -r /srv/app/req.txt\n{python} 'protobuf>=6.31.1,<7'"));
    }

    #[test]
    fn a_package_that_is_there_twice_is_a_no_and_one_without_version_is_unknown() {
        let twice = judged(|seen| {
            let other = Package { version: Some("5.0".to_owned()), ..packages(seen)[0].clone() };
            packages(seen).push(other);
        });
        assert_eq!(twice.verdict, Verdict::Fail);
        assert!(twice.found.contains("protobuf is installed 2 times: 6.31.1, 5.0"), "{}", twice.found);
        for version in [None, Some("odd".to_owned())] {
            assert_eq!(judged(|seen| packages(seen)[0].version = version).verdict, Verdict::Unknown);
        }
    }

    #[test]
    fn requirement_lines_are_held_against_the_disk() {
        for (text, verdict) in [
            ("aiohttp<3\n", Verdict::Fail),
            ("missing-package\n", Verdict::Fail),
            ("missing-package; sys_platform == 'darwin'\n", Verdict::Pass),
            ("missing-package; platform_machine == 'arm64'\n", Verdict::Unknown),
            ("aiohttp>=3; platform_machine == 'arm64'\n", Verdict::Pass),
            ("-r other.txt\n", Verdict::Unknown),
            ("x @ https://x.example/y.whl\n", Verdict::Unknown),
            ("--index-url https://x.example\n", Verdict::Pass),
        ] {
            assert_eq!(judged(|seen| seen.requirements = Ok(Some(text.to_owned()))).verdict, verdict, "{text}");
        }
        assert_eq!(judged(|seen| seen.requirements = Ok(None)).verdict, Verdict::Fail);
        assert_eq!(judged(|seen| seen.requirements = Err("denied".to_owned())).verdict, Verdict::Unknown);
    }

    #[test]
    fn pip_is_believed_when_it_speaks_of_packages_and_only_then() {
        let answer = judged(|seen| seen.pip = Trial::Refused("a 1 requires b, which is not installed.".to_owned()));
        assert_eq!((answer.verdict, answer.fix.lines().count()), (Verdict::Fail, 2));
        let answer = judged(|seen| seen.pip = Trial::NotTried(trial::NO_PIP.to_owned()));
        assert_eq!(answer.verdict, Verdict::Unknown);
        assert!(answer.fix.ends_with("-m ensurepip --upgrade"), "{}", answer.fix);
    }

    #[test]
    fn a_stub_that_does_not_import_is_a_no_with_the_command_for_its_reason() {
        let with = |trial: Option<Trial>| judged(|seen| seen.stubs[0].trial = trial);
        let refused = |said: &str| with(Some(Trial::Refused(said.to_owned())));
        for (answer, fix) in [
            (refused("google.protobuf.runtime_version.VersionError: Detected incompatible Protobuf"), "-m pip install --upgrade 'protobuf"),
            (refused("ImportError: cannot import name 'runtime_version' from 'google.protobuf'"), "-m pip install --upgrade 'protobuf"),
            (refused("ModuleNotFoundError: No module named 'grpc'"), "-r /srv/app/req.txt"),
            (refused("NameError: name 'x' is not defined"), "-I -B -c 'import sys; sys.path.insert(0, \"/srv/app/gen\"); import x_pb2'"),
            (with(None), "git -C /srv/app checkout HEAD -- gen/x_pb2.py"),
        ] {
            assert_eq!(answer.verdict, Verdict::Fail, "{}", answer.found);
            assert!(answer.fix.contains(fix), "{}", answer.fix);
        }
        assert_eq!(with(Some(Trial::NotTried("late".to_owned()))).verdict, Verdict::Unknown);
    }

    #[test]
    fn no_venv_is_a_no_and_one_that_cannot_be_told_is_unknown() {
        let answer = judged(|seen| seen.venv = Err(NoVenv::Wrong("there is no program".to_owned())));
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(answer.fix.starts_with("sudo -u server python3 -m venv /srv/app/venv\n"), "{}", answer.fix);
        assert_eq!(judged(|seen| seen.venv = Err(NoVenv::Unsure("no cfg".to_owned()))).verdict, Verdict::Unknown);
    }
}
