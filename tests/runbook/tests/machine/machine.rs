//! A real machine with a real systemd in a container: the VM as the committed `nexy.toml` describes it.

use assert_cmd::Command;
use nexy_standin::skip::{Need, skipped};
use nexy_standin::world::Ran;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What the machine needs beside systemd: what every server of the kind has.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,python3-minimal,python3-venv,util-linux,dash,sed,passwd,acl,git";
/// The account of the service, as the committed `nexy.toml` names it.
pub(crate) const USER: &str = "azureuser";
/// The checkout, as the committed `nexy.toml` names it.
pub(crate) const CHECKOUT: &str = "/home/azureuser/voice-assistant";
/// The unit, as the committed `nexy.toml` names it.
pub(crate) const UNIT: &str = "voice-assistant.service";

/// One booted machine; it is gone when this is dropped.
pub(crate) struct Machine {
    container: Child,
    leader: u32,
    group: PathBuf,
}

impl Machine {
    /// Boots one with the tools of this build, or says loudly why it cannot be had.
    pub(crate) fn boot(test: &str) -> Option<Self> {
        match root().as_ref().map_err(Clone::clone).and_then(|root| start(root)) {
            Ok(machine) => Some(machine),
            Err(because) => {
                let need = "root with systemd-container and mmdebstrap (sudo apt-get install systemd-container mmdebstrap)";
                skipped(test, &format!("no machine with systemd: {because}"), Need::Other(need));
                None
            }
        }
    }

    /// Runs a shell script in it, as root.
    pub(crate) fn sh(&self, script: &str) -> Ran {
        let output = inside(self.leader)
            .args(["/bin/sh", "-c", script])
            .env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LANG", "C.UTF-8")
            .output()
            .unwrap();
        Ran::new(script.to_owned(), output)
    }

    /// Runs a script that must succeed.
    #[track_caller]
    pub(crate) fn must(&self, script: &str) -> String {
        self.sh(script).exits(0).stdout.clone()
    }

    /// Writes a file into it, as root.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let place = PathBuf::from(format!("/proc/{}/root{path}", self.leader));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }

    /// Asks gates or probes, and gives the report.
    #[track_caller]
    pub(crate) fn ask(&self, command: &str, code: i32) -> serde_json::Value {
        self.sh(&format!("{command} --format json")).exits(code).json()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // The leader first: alone, the container's own process would leave it running.
        let _ = Command::new("kill").args(["-KILL", &self.leader.to_string()]).output();
        let _ = self.container.kill();
        let _ = self.container.wait();
        for _ in 0..100 {
            if fs::remove_dir(&self.group).is_ok() || !self.group.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The root of all machines: made once, and kept beside what cargo builds.
fn root() -> &'static Result<PathBuf, String> {
    static ROOT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    ROOT.get_or_init(|| {
        for program in ["systemd-nspawn", "mmdebstrap", "nsenter"] {
            if run(Command::new("sh").args(["-c", &format!("command -v {program}")])).is_err() {
                return Err(format!("{program} is not installed (sudo apt-get install systemd-container mmdebstrap util-linux)"));
            }
        }
        if run(Command::new("id").arg("-u"))?.trim() != "0" {
            return Err("only root can start one".to_owned());
        }
        let release = fs::read_to_string("/etc/os-release").map_err(|error| error.to_string())?;
        let name = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).ok_or("this system has no code name")?;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // What is in the name decides what is in the root, so that a changed list makes a new one.
        let root = folder.join(format!("machine-{name}-{}", PACKAGES.len()));
        if root.join("complete").is_file() {
            return Ok(root);
        }
        let _ = fs::remove_dir_all(&root);
        run(Command::new("mmdebstrap").args(["--quiet", "--variant=minbase", &format!("--include={PACKAGES}"), name]).arg(&root))?;
        fs::write(root.join("complete"), "").map_err(|error| error.to_string())?;
        Ok(root)
    })
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.ok().map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts a machine in a control group of its own, and waits until its service manager has done everything.
fn start(root: &Path) -> Result<Machine, String> {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let name = format!("nexy-{}-{number}", process::id());
    let groups = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup"].into_iter().find(|path| Path::new(path).join("cgroup.procs").is_file());
    let group = Path::new(groups.ok_or("there are no control groups")?).join(&name);
    fs::create_dir(&group).map_err(|error| format!("{}: {error}", group.display()))?;
    let test = std::env::current_exe().map_err(|error| error.to_string())?;
    let tools = test.ancestors().nth(2).ok_or("no folder of tools")?;
    let script = format!(
        "echo $$ >'{}/cgroup.procs' && exec systemd-nspawn --quiet -D '{}' --boot --register=no --keep-unit --machine={name} \
         --private-network --link-journal=no --resolv-conf=off --timezone=off --volatile=overlay --bind-ro='{}:/opt/tools'",
        group.display(),
        root.display(),
        tools.display()
    );
    let mut container = process::Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(machine) = leader_of(container.id()).and_then(booted) {
            let machine = Machine { container, leader: machine, group };
            lay_out(&machine);
            return Ok(machine);
        }
        let ended = container.try_wait().ok().flatten();
        if ended.is_some() || Instant::now() > until {
            if let Some(leader) = leader_of(container.id()) {
                let _ = Command::new("kill").args(["-KILL", &leader.to_string()]).output();
            }
            let _ = container.kill();
            let _ = container.wait();
            return Err(format!("systemd-nspawn did not boot ({ended:?})"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The first process of the container.
fn leader_of(container: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{container}/task/{container}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// A command in the container, as root, with an empty environment.
fn inside(leader: u32) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["-t", &leader.to_string(), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "--"]).env_clear();
    command
}

fn booted(leader: u32) -> Option<u32> {
    let state = inside(leader).args(["/bin/systemctl", "is-system-running"]).output().ok()?;
    // In a container some units always fail; no test needs them.
    ["running", "degraded"].contains(&String::from_utf8_lossy(&state.stdout).trim()).then_some(leader)
}

/// The checkout, the configuration, the tools and the unit of the rulebook, with a server that only waits.
fn lay_out(machine: &Machine) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    machine.write("/etc/nexy/nexy.toml", fs::read(repository.join("nexy.toml")).unwrap());
    machine.must("for tool in version gate publish manifest verify; do ln -s /opt/tools/nexy-$tool /usr/local/bin/nexy-$tool; done");
    machine.must(&format!("useradd --create-home {USER} && chmod 755 /home/{USER} && mkdir {CHECKOUT}"));
    machine.write(&format!("{CHECKOUT}/VERSION"), "2.0.0.4\n");
    machine.write(&format!("{CHECKOUT}/server/main.py"), "import time\ntime.sleep(3600)\n");
    machine.must(&format!(
        "mkdir -p {CHECKOUT}/venv/bin && ln -s /usr/bin/python3 {CHECKOUT}/venv/bin/python3 && chown -R {USER}: {CHECKOUT}"
    ));
    set_config_env(machine, &nexy_standin::world::good_config_env());
    machine.write(&format!("/etc/systemd/system/{UNIT}"), unit("Restart=always\nRestartSec=1\n"));
    machine.must(&format!("systemctl daemon-reload && systemctl start {UNIT}"));
}

/// The unit of the rulebook, with more lines in its `[Service]`.
pub(crate) fn unit(more: &str) -> String {
    format!(
        "[Unit]\nDescription=server\n[Service]\nType=simple\nUser={USER}\nWorkingDirectory={CHECKOUT}\n\
         ExecStart={CHECKOUT}/venv/bin/python3 server/main.py\n{more}[Install]\nWantedBy=multi-user.target\n"
    )
}

/// Writes config.env as the rulebook wants it: root's, readable by the service's group.
pub(crate) fn set_config_env(machine: &Machine, text: &str) {
    let path = format!("{CHECKOUT}/config.env");
    machine.write(&path, text);
    machine.must(&format!("chown root:{USER} {path} && chmod 640 {path}"));
}
