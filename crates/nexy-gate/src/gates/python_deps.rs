//! The service's Python holds what the code needs: pip is asked what it would install, and the stubs are imported, before any restart.

mod pip;

use crate::formats::requirements::{self, Obstacle};
use crate::gate::prelude::*;
use nexy_outside::fs::accounts::Accounts;
use pip::{Python, Reply};
use std::path::Path;

pub(crate) const GATE: Gate = Gate {
    id: "python-deps",
    asks: "Does the service's Python hold what the code needs, and do the generated stubs import?",
    profiles: &["hard"],
    runbook: "S0 §3, S1 §3",
    at: Machine::Vm,
    takes: Takes::RunningSystem,
    explain: Explain {
        symptom: "The service dies at its start: VersionError of protobuf's gencode and runtime, or a module that is not installed.",
        check: "Asks the pip of the venv that service.exec_start names, as the unit's user: `pip install --dry-run --no-index -r REQUIREMENTS \
                PINS` must have nothing to install, extras and dependencies included, and `pip check` must find nothing. Then it imports every \
                one of python.stubs. A requirements line that would make pip fetch or build is unknown, and pip is not asked.",
        fix: &[
            command("sudo -u USER VENV/bin/python3 -m pip install --upgrade -r REQUIREMENTS"),
            command("sudo -u USER VENV/bin/python3 -m pip install --upgrade PINS"),
        ],
        verify: &[command("sudo nexy-gate python-deps")],
    },
    check,
    repair: None,
};

/// One generated stub, and what came of its import.
struct Stub {
    path: String,
    /// `None` when there is no such file.
    reply: Option<Reply>,
}

/// All that was looked at.
struct Seen {
    /// What keeps pip from being asked about the requirements.
    obstacles: Vec<Obstacle>,
    /// `None` when there is an obstacle.
    install: Option<Reply>,
    check: Reply,
    stubs: Vec<Stub>,
}

/// The commands of this machine.
struct Commands<'a> {
    target: &'a Target,
    python: &'a str,
}

impl Commands<'_> {
    /// A command line of the service's Python, as its user.
    fn python(&self, rest: &str) -> String {
        format!("sudo -u {} {} {rest}", self.target.service.user, shell_word(self.python))
    }

    fn requirements(&self) -> String {
        format!("{}/{}", self.target.vm.checkout, self.target.layout.requirements)
    }

    fn install_pins(&self) -> String {
        let pins: Vec<String> = self.target.python.pins.iter().map(|pin| shell_word(pin)).collect();
        self.python(&format!("-m pip install --upgrade {}", pins.join(" ")))
    }

    /// Requirements first: they may pull what the pins then put right (S0 §3).
    fn install_all(&self) -> Fix {
        let requirements = self.python(&format!("-m pip install --upgrade -r {}", shell_word(&self.requirements())));
        Fix::commands([requirements, self.install_pins()])
    }

    fn make_venv(&self) -> Fix {
        let venv = venv_of(self.python).display().to_string();
        Fix::command(format!("sudo -u {} python3 -m venv {}", self.target.service.user, shell_word(&venv))).then(self.install_all())
    }

    fn restore(&self, path: &str) -> Fix {
        let checkout = shell_word(&self.target.vm.checkout);
        Fix::command(format!("sudo -u {} git -C {checkout} checkout HEAD -- {}", self.target.service.user, shell_word(path)))
    }

    /// The import of a stub, as the gate tries it.
    fn import(&self, path: &str) -> Fix {
        let file = Path::new(&self.target.vm.checkout).join(path);
        let (folder, module) = (file.parent().unwrap_or(Path::new("/")), file.file_stem().unwrap_or_default());
        let code = format!("import sys; sys.path.insert(0, {:?}); import {}", folder.display().to_string(), module.display());
        Fix::command(self.python(&format!("-B -c {}", shell_word(&code))))
    }
}

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let service = &target.service;
    let commands = Commands { target, python: service.exec_start.split(' ').next().unwrap_or_default() };
    let account = match Accounts::read().map(|accounts| accounts.account(&service.user)) {
        Ok(Some(account)) => account,
        Ok(None) => {
            let fix =
                Fix::note("run this on the VM; if this is the VM:").then_command(format!("sudo useradd --create-home {}", service.user));
            return Answer::fail(format!("this machine has no user {}", service.user), expected(target), fix);
        }
        Err(error) => return Answer::unknown(error.to_string(), expected(target), Fix::command("sudo nexy-gate python-deps")),
    };
    match no_venv(&commands) {
        Some(answer) => answer,
        None => judge(&commands, &look(target, &Python { program: commands.python, account: &account })),
    }
}

fn venv_of(python: &str) -> &Path {
    Path::new(python).parent().and_then(Path::parent).unwrap_or(Path::new("/"))
}

/// The answer where there is no Python to ask, or one that is no venv's, whose packages are the system's.
fn no_venv(commands: &Commands<'_>) -> Option<Answer> {
    let (python, expected) = (commands.python, expected(commands.target));
    let venv = venv_of(python);
    match (Path::new(python).try_exists(), venv.join("pyvenv.cfg").try_exists()) {
        (Ok(true), Ok(true)) => None,
        (Ok(false), _) => Some(Answer::fail(format!("the program {python} does not exist"), expected, commands.make_venv())),
        (Ok(true), Ok(false)) => {
            let found = format!("{python} is not a venv's: {} has no pyvenv.cfg", venv.display());
            Some(Answer::unknown(found, expected, Fix::note("let service.exec_start in nexy.toml name the Python of a venv")))
        }
        (Err(error), _) | (_, Err(error)) => Some(Answer::unknown(
            format!("cannot look at {}: {error}", venv.display()),
            expected,
            Fix::command("sudo nexy-gate python-deps"),
        )),
    }
}

fn look(target: &Target, python: &Python<'_>) -> Seen {
    let checkout = Path::new(&target.vm.checkout);
    let pins = &target.python.pins;
    let obstacles = requirements::obstacles(checkout, &target.layout.requirements);
    let file = checkout.join(&target.layout.requirements).display().to_string();
    let may_ask = obstacles.is_empty() && pins.iter().all(|pin| requirements::is_plain(pin));
    let stub = |path: &String| {
        let file = checkout.join(path);
        let (folder, module) = (file.parent().unwrap_or(checkout), file.file_stem().unwrap_or_default());
        let reply = match file.try_exists() {
            Ok(true) => Some(python.import(&folder.display().to_string(), &module.display().to_string())),
            Ok(false) => None,
            Err(error) => Some(Reply::Unclear(error.to_string())),
        };
        Stub { path: path.clone(), reply }
    };
    Seen {
        install: may_ask.then(|| python.installs_nothing(&file, pins)),
        obstacles,
        check: python.check(),
        stubs: target.python.stubs.iter().map(stub).collect(),
    }
}

fn expected(target: &Target) -> String {
    format!("{}, everything of {}, and stubs that import", target.python.pins.join(", "), target.layout.requirements)
}

fn judge(commands: &Commands<'_>, seen: &Seen) -> Answer {
    let target = commands.target;
    let mut builder = AnswerBuilder::default();
    for pin in target.python.pins.iter().filter(|pin| !requirements::is_plain(pin)) {
        let found = format!("cannot determine whether the pin `{}` is installed: it names no version", excerpt(pin, 60));
        builder.unknown(found, Fix::note("correct python.pins in nexy.toml"));
    }
    for Obstacle { place, because, missing } in &seen.obstacles {
        match missing {
            Some(path) => builder.fail(format!("{place}: {because}"), commands.restore(path)),
            None => {
                let found = format!("{place}: {because}; cannot determine whether it is installed");
                builder.unknown(found, Fix::note(format!("correct {place} in the workspace, and deploy that")));
            }
        }
    }
    if let Some(reply) = &seen.install {
        let good = format!("pip has nothing to install for {} and {} pins", target.layout.requirements, target.python.pins.len());
        judge_pip(commands, reply, &good, &mut builder);
    }
    judge_pip(commands, &seen.check, "pip check finds nothing", &mut builder);
    seen.stubs.iter().for_each(|stub| judge_stub(commands, stub, &mut builder));
    builder.answer(expected(target))
}

fn judge_pip(commands: &Commands<'_>, reply: &Reply, good: &str, builder: &mut AnswerBuilder) {
    match reply {
        Reply::Good => builder.pass(good),
        Reply::No(said) => builder.fail(format!("pip: {said}"), commands.install_all()),
        Reply::NoPip => builder
            .unknown("the venv has no pip, so its packages are not verified", Fix::command(commands.python("-m ensurepip --upgrade"))),
        Reply::OldPip => {
            let found = "the venv's pip is older than 22.2 and cannot say what it would install";
            builder.unknown(found, Fix::command(commands.python("-m pip install --upgrade pip")));
        }
        Reply::Unclear(because) => {
            let ask = commands.python(&format!("-m pip install --dry-run --no-index -r {}", shell_word(&commands.requirements())));
            builder.unknown(because, Fix::commands([ask, "sudo nexy-gate python-deps".to_owned()]));
        }
    }
}

fn judge_stub(commands: &Commands<'_>, stub: &Stub, builder: &mut AnswerBuilder) {
    let path = &stub.path;
    match &stub.reply {
        None => builder.fail(format!("the stub {path} does not exist"), commands.restore(path)),
        Some(Reply::Good) => builder.pass(format!("{path} imports")),
        Some(Reply::No(said)) => {
            // protobuf before 5.26 does not even know the check that newer stubs begin with.
            let words = ["VersionError", "runtime_version", "_registered_method", "ModuleNotFoundError", "ImportError"];
            let is_of_packages = words.iter().any(|word| said.contains(word));
            builder.fail(
                format!("{path} does not import: {said}"),
                if is_of_packages { commands.install_all() } else { commands.import(path) },
            );
        }
        Some(Reply::Unclear(because)) => {
            builder.unknown(
                format!("{path} could not be imported: {because}"),
                commands.import(path).then_command("sudo nexy-gate python-deps"),
            );
        }
        Some(Reply::NoPip | Reply::OldPip) => builder.unknown(format!("{path} was not imported"), commands.import(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    fn target() -> Target {
        let mut target = crate::tests::target();
        target.service.user = "server".to_owned();
        target.vm.checkout = "/srv/app".to_owned();
        target.layout.requirements = "req.txt".to_owned();
        target.python.pins = vec!["protobuf>=6.31.1,<7".to_owned()];
        target.python.stubs = vec!["gen/x_pb2.py".to_owned()];
        target
    }

    fn judged(change: impl FnOnce(&mut Target, &mut Seen)) -> Answer {
        let mut target = target();
        let stubs = vec![Stub { path: "gen/x_pb2.py".to_owned(), reply: Some(Reply::Good) }];
        let mut seen = Seen { obstacles: Vec::new(), install: Some(Reply::Good), check: Reply::Good, stubs };
        change(&mut target, &mut seen);
        judge(&Commands { target: &target, python: "/srv/app/venv/bin/python3" }, &seen)
    }

    fn no(said: &str) -> Reply {
        Reply::No(said.to_owned())
    }

    fn unclear(because: &str) -> Reply {
        Reply::Unclear(because.to_owned())
    }

    const INSTALL: [&str; 2] = [
        "sudo -u server /srv/app/venv/bin/python3 -m pip install --upgrade -r /srv/app/req.txt",
        "sudo -u server /srv/app/venv/bin/python3 -m pip install --upgrade 'protobuf>=6.31.1,<7'",
    ];

    #[test]
    fn everything_in_its_place_passes() {
        let said = "pip has nothing to install for req.txt and 1 pins; pip check finds nothing; gen/x_pb2.py imports";
        assert_eq!(judged(|_, _| ()), Answer::pass(said));
    }

    #[test]
    fn every_refusal_of_pip_is_a_no_and_every_command_is_named_once_requirements_first() {
        let answer = judged(|_, seen| {
            seen.install = Some(no("no installed version fits protobuf>=6.31.1,<7; protobuf is 5.29.5"));
            seen.check = no("x 1 requires y, which is not installed.");
            seen.stubs[0].reply = Some(no("VersionError"));
        });
        assert_eq!(answer.verdict, Verdict::Fail);
        assert_eq!(answer.fix.text(), INSTALL.join("\n"));
    }

    #[test]
    fn a_pip_that_cannot_answer_is_unknown_with_the_command_for_its_reason() {
        for (reply, fix) in [
            (Reply::NoPip, "-m ensurepip --upgrade"),
            (Reply::OldPip, "-m pip install --upgrade pip"),
            (unclear("late"), "-m pip install --dry-run --no-index -r /srv/app/req.txt"),
        ] {
            for install in [true, false] {
                let answer = judged(|_, seen| {
                    let asked = if install { seen.install.as_mut().expect("it was asked") } else { &mut seen.check };
                    *asked = reply.clone();
                });
                assert_eq!(answer.verdict, Verdict::Unknown);
                assert!(answer.fix.text().contains(fix), "{}", answer.fix);
            }
        }
    }

    #[test]
    fn obstacles_are_judged_without_pip() {
        let with = |obstacle: Obstacle| {
            judged(|_, seen| {
                seen.install = None;
                seen.obstacles = vec![obstacle];
            })
        };
        let at = |missing: Option<&str>| Obstacle {
            place: "req.txt:2".to_owned(),
            because: "base.txt does not exist".to_owned(),
            missing: missing.map(str::to_owned),
        };
        let answer = with(at(Some("base.txt")));
        assert_eq!((answer.verdict, answer.found.as_str()), (Verdict::Fail, "req.txt:2: base.txt does not exist"));
        assert_eq!(answer.fix.text(), "sudo -u server git -C /srv/app checkout HEAD -- base.txt");
        let answer = with(at(None));
        says(&answer, Verdict::Unknown, "cannot determine whether");
        for pin in ["x @ https://x.example/y.whl", "-r other.txt", "./x"] {
            let answer = judged(|target, seen| {
                target.python.pins.push(pin.to_owned());
                seen.install = None;
            });
            assert_eq!(answer.verdict, Verdict::Unknown, "{pin}");
        }
    }

    #[test]
    fn a_stub_that_does_not_import_is_a_no_with_the_command_for_its_reason() {
        let with = |reply: Option<Reply>| judged(|_, seen| seen.stubs[0].reply = reply);
        for (answer, fix) in [
            (with(Some(no("google.protobuf.runtime_version.VersionError: Detected incompatible Protobuf"))), INSTALL[1]),
            (with(Some(no("ImportError: cannot import name 'runtime_version' from 'google.protobuf'"))), INSTALL[1]),
            (with(Some(no("ModuleNotFoundError: No module named 'grpc'"))), INSTALL[0]),
            (
                with(Some(no("NameError: name 'x' is not defined"))),
                "-B -c 'import sys; sys.path.insert(0, \"/srv/app/gen\"); import x_pb2'",
            ),
            (with(None), "git -C /srv/app checkout HEAD -- gen/x_pb2.py"),
        ] {
            assert_eq!(answer.verdict, Verdict::Fail, "{}", answer.found);
            assert!(answer.fix.text().contains(fix), "{}", answer.fix);
        }
        assert_eq!(with(Some(unclear("late"))).verdict, Verdict::Unknown);
    }
}
