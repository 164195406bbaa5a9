//! States that a machine really gets into: each is told by the gate or probe that should tell it, and what that one says to type
//! mends it, and opens nothing.

use crate::finding;
use crate::machine::{CHECKOUT, Machine, UNIT, USER, unit};
use nexy_contract::Target;
use nexy_standin::world::{fix_commands, fix_text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is typed to mend a state.
enum Mend {
    /// The script that `nexy-gate --print-fix` prints for this gate.
    Script(&'static str),
    /// Those commands of the finding that hold this text, without `sudo`.
    Typed(&'static str),
    /// What only the laptop can do, or a person: the fix says this.
    Told(&'static str),
}
use Mend::{Script, Told, Typed};

/// What was done to the machine, what is asked, and what it says; `{A}` is the checkout, `{U}` the unit.
struct State {
    done: &'static str,
    asked: &'static str,
    found: &'static str,
    mend: Mend,
}

const fn state(done: &'static str, asked: &'static str, found: &'static str, mend: Mend) -> State {
    State { done, asked, found, mend }
}

const ACCESS: &str = "nexy-gate config-env-access";
const DIRS: &str = "nexy-gate update-dirs";
const START: &str = "nexy-gate exec-start";
const VERSION: &str = "nexy-gate server-version-env";
const MANIFEST: &str = "nexy-gate single-manifest";
const HEALTH: &str = "nexy-verify local-health";
const FEED: &str = "nexy-verify local-feed";
const ACTIVE: &str = "nexy-verify unit-active --stable 0s";

const STATES: &[State] = &[
    // The environment file: S1 §6.1.
    state("chmod 600 {A}/config.env", ACCESS, "cannot read", Script("config-env-access")),
    state("chown azureuser {A}/config.env", ACCESS, "not to root", Script("config-env-access")),
    state("chmod 644 {A}/config.env", ACCESS, "more in than 0640", Script("config-env-access")),
    state("chmod 777 {A}", ACCESS, "everybody can replace", Script("config-env-access")),
    state("chown nobody:root {A}/config.env; chmod 666 {A}/config.env", ACCESS, "not to root", Script("config-env-access")),
    state("chown root /home/azureuser; chmod 700 /home/azureuser", ACCESS, "cannot pass", Script("config-env-access")),
    state(
        "mv {A}/config.env ~root/real.env; ln -s ~root/real.env {A}/config.env",
        ACCESS,
        "leads out of the checkout",
        Told("take it away"),
    ),
    state("setfacl -m u:nobody:r {A}/config.env", ACCESS, "access control list", Script("config-env-access")),
    state("rm {A}/config.env", "nexy-gate config-env", "does not exist", Told("config.env")),
    state(
        "printf 'GEMINI_API_KEY=YOUR_GEMINI_API_KEY_HERE\\n' >{A}/config.env",
        "nexy-gate config-env-keys",
        "placeholder",
        Told("GEMINI_API_KEY"),
    ),
    // The folders that the server writes into: S1 §5.
    state("chown -R root {A}/server/updates", DIRS, "cannot write", Script("update-dirs")),
    state("rmdir {A}/server/updates/downloads", DIRS, "does not exist", Script("update-dirs")),
    state("chmod 777 {A}/server/updates/manifests", DIRS, "everybody can write", Script("update-dirs")),
    state(
        "rmdir {A}/server/updates/downloads; mkdir /srv/out; ln -s /srv/out {A}/server/updates/downloads",
        DIRS,
        "leads out of the checkout",
        Told("take it away"),
    ),
    state(
        "rmdir {A}/server/updates/downloads; mkdir /srv/out; runuser -u azureuser -- ln -s /srv/out {A}/server/updates/downloads",
        DIRS,
        "leads out of the checkout",
        Told("sudo -u azureuser rm -- "),
    ),
    // What the manager starts: S3 §2.4.
    state("sed -i 's#server/main.py#main.py#' {U}; systemctl daemon-reload", START, "main.py", Script("exec-start")),
    state("sed -i 's#User=azureuser#User=root#' {U}; systemctl daemon-reload", START, "root", Script("exec-start")),
    state(
        "mv {U} /usr/lib/systemd/system/; systemctl mask --quiet voice-assistant.service",
        ACTIVE,
        "is masked",
        Typed("systemctl unmask"),
    ),
    state("systemctl disable --quiet voice-assistant.service", "nexy-gate unit-enabled", "disabled", Typed("systemctl enable")),
    state("systemctl stop voice-assistant.service", ACTIVE, "is inactive", Typed("systemctl restart")),
    // The version of the code: S0 §4.1, §5.9.
    state("sed -i 's#^User=#Environment=SERVER_VERSION=1.0.3.0\\nUser=#' {U}; systemctl daemon-reload", VERSION, "1.0.3.0", Typed("sudo ")),
    state(
        "sed -i 's#^User=#Environment=SERVER_VERSION=1.0.3.0\\nUser=#' {U}; systemctl daemon-reload; systemctl restart voice-assistant.service",
        HEALTH,
        "version `1.0.3.0`",
        Told("nexy-gate server-version-env"),
    ),
    state("echo 2.0.0.5 >{A}/VERSION", HEALTH, "version `2.0.0.4`", Typed("systemctl restart")),
    // The start is known to the second.
    state("sleep 1; echo 2.0.0.5 >{A}/VERSION", "nexy-verify process-newer", "VERSION was written at", Typed("systemctl restart")),
    state("true", "nexy-verify local-health --expect v2.0.0.5", "version `2.0.0.4`", Told("deploy v2.0.0.5 there")),
    state(
        "sed -i '2i import sys; print(\"ClientError: 400 API key expired\", file=sys.stderr)' {A}/server/main.py; systemctl restart voice-assistant.service",
        "nexy-verify journal-clean",
        "of incident ",
        Told("nexy-verify diagnose -"),
    ),
    // What clients are told: S2 §4.9.
    state(
        "rm {A}/server/server/updates/manifests/manifest_2.0.0.4.json",
        "nexy-verify manifest-pair",
        "manifest_2.0.0.4.json does not exist",
        Told("make manifest-deliver"),
    ),
    state(
        "chown root:root {A}/server/updates/manifests/manifest.json; chmod 600 {A}/server/updates/manifests/manifest.json",
        MANIFEST,
        "cannot read",
        Typed("ch"),
    ),
    state(
        "sed 's/2[.]0[.]0[.]4/2.0.0.9/g' {A}/server/updates/manifests/manifest.json >{A}/server/updates/manifests/manifest_beta.json",
        MANIFEST,
        "manifest_beta.json",
        Typed("mv "),
    ),
    state(
        "sed -i 's/2[.]0[.]0[.]4/2.0.0.3/g' {A}/server/server/updates/manifests/manifest.json",
        MANIFEST,
        "differ",
        Told("make manifest-deliver"),
    ),
    state(
        "sed -i 's/2[.]0[.]0[.]4/2.0.0.3/g' {A}/server/server/updates/manifests/manifest.json",
        FEED,
        "contradict",
        Told("nexy-gate single-manifest"),
    ),
    state(
        "sed -i 's#https:#http:#' {A}/server/updates/manifests/manifest.json {A}/server/server/updates/manifests/manifest.json",
        FEED,
        "answers 500",
        Told("make manifest-deliver"),
    ),
    state(
        "sed -i 's#[.]dmg#.dmg?a=1\\&b=2#' {A}/server/updates/manifests/manifest.json {A}/server/server/updates/manifests/manifest.json",
        FEED,
        "no well-formed XML",
        Told("single-manifest"),
    ),
];

/// A server that answers as the real one does, as far as these probes ask it.
const SERVER: &str = r#"
import http.server, json, os, threading
print("INFO - ready", flush=True)
version = os.environ.get("SERVER_VERSION") or open("VERSION").read().strip()
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        said = {"status": {"/health": "OK", "/status": "running"}.get(self.path), "latest_version": version, "latest_build": version}
        code, body = 200, json.dumps(said)
        if self.server.server_port == 8081 and self.path == "/health":
            build = json.load(open("server/updates/manifests/manifest.json"))["build"]
            body = json.dumps({"status": "healthy", "latest_version": build, "latest_build": build})
        elif self.server.server_port == 8081:
            try:
                m = json.load(open("server/updates/manifests/manifest.json")); a = m["artifact"]
                if not a["url"].startswith("https:"): raise ValueError
                body = f'<rss xmlns:sparkle="http://www.andymatuschak.org/xml-namespaces/sparkle"><channel><item><enclosure url="{a["url"]}" sparkle:version="{m["build"]}" length="{a["size"]}"/></item></channel></rss>'
            except Exception: code, body = 500, "Error generating AppCast XML"
        self.send_response(code); self.end_headers(); self.wfile.write(body.encode())
servers = [http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) for port in (8080, 8081)]
threading.Thread(target=servers[0].serve_forever).start()
servers[1].serve_forever()
"#;

/// The manifest that the committed `nexy.toml` allows.
fn manifest() -> Value {
    let target = Target::parse(include_str!("../../../../nexy.toml")).unwrap();
    let row = target.feed_artifact().unwrap();
    json!({
        "version": "2.0.0.4", "build": "2.0.0.4",
        "artifact": {"type": row.kind.word(), "url": target.public_url(row), "size": 7, "sha256": "0".repeat(64), "arch": "universal2", "min_os": "11.0", "ed25519": ""},
        "critical": false, "auto_install": true, "notes_url": target.public_url(row), "release_date": "2026-01-01T00:00:00Z",
    })
}

fn lay_out(machine: &Machine) {
    machine.write(&format!("{CHECKOUT}/server/main.py"), SERVER);
    for folder in ["server/updates", "server/server/updates"] {
        machine.must(&format!("install -d -o {USER} -g {USER} {CHECKOUT}/{folder}/manifests {CHECKOUT}/{folder}/downloads"));
        for name in ["manifest", "manifest_2.0.0.4"] {
            machine.write(&format!("{CHECKOUT}/{folder}/manifests/{name}.json"), manifest().to_string());
        }
    }
    machine.write(&format!("/etc/systemd/system/{UNIT}"), unit("Restart=always\nRestartSec=1\n"));
    machine.must(&format!(
        "chown -R {USER}: {CHECKOUT}; chown root {CHECKOUT}/config.env; systemctl daemon-reload; systemctl enable --quiet {UNIT}; \
         mkdir /srv/good; cp -a /home /srv/good/; cp -a /etc/systemd/system /srv/good/"
    ));
    restore(machine);
}

/// The machine as it was laid out.
fn restore(machine: &Machine) {
    machine.must(&format!(
        "systemctl stop {UNIT}; rm -rf {CHECKOUT} /etc/systemd/system /usr/lib/systemd/system/{UNIT} /srv/out ~root/real.env; \
         cp -a /srv/good/home / && cp -a /srv/good/system /etc/systemd/ && systemctl daemon-reload && systemctl reset-failed && systemctl start {UNIT}"
    ));
    // The server needs a moment to answer.
    machine.must("for n in $(seq 300); do nexy-verify local --stable 0s --quiet >/dev/null && exit; sleep 0.1; done; nexy-verify local --stable 0s --format text >&2");
}

/// Owner and mode by path.
type Modes = BTreeMap<String, (String, u32)>;

/// Owner, and mode in octal, of all that a fix could touch.
fn modes(machine: &Machine) -> Modes {
    let listed = machine.must(
        "find /root /home /srv/out /etc/nexy /etc/systemd/system -not -path '*/__pycache__*' -printf '%p\\t%u\\t%m\\n' 2>/dev/null || :",
    );
    let row = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        let (path, owner, mode) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        (path, (owner, u32::from_str_radix(&mode, 8).unwrap()))
    };
    listed.lines().map(row).collect()
}

/// The paths that let more in than they did on a machine that is well and before they were mended, or belong to another account
/// than then or root; of new paths, those that other accounts can write into.
fn opened(well: &Modes, before: &Modes, after: &Modes) -> Vec<String> {
    let is_wider = |path: &str, owner: &String, mode: u32| match (well.get(path), before.get(path)) {
        (None, None) => mode & 0o7002 != 0,
        (well, before) => {
            let known = || [well, before].into_iter().flatten();
            let allowed = known().fold(0, |modes, (_, mode)| modes | mode);
            mode & 0o7077 & !allowed != 0 || (owner != "root" && !known().any(|(known, _)| known == owner))
        }
    };
    let wider = after.iter().filter(|(path, (owner, mode))| is_wider(path, owner, *mode));
    wider.map(|(path, (owner, mode))| format!("{path} {owner} {mode:o}")).collect()
}

#[test]
fn every_state_is_told_and_mended_and_no_fix_opens_anything() {
    let Some(machine) = Machine::boot("every_state_is_told_and_mended") else { return };
    lay_out(&machine);
    let well = modes(&machine);
    for asked in
        [ACCESS, DIRS, START, VERSION, MANIFEST, "nexy-gate config-env config-env-keys unit-enabled", "nexy-verify local --stable 0s"]
    {
        machine.ask(asked, 0);
    }
    let mut wrong = Vec::new();
    for state in STATES {
        wrong.extend(fault(&machine, &well, state));
        restore(&machine);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Brings one state about, and says what is not told or not mended as it should be.
fn fault(machine: &Machine, well: &Modes, State { done, asked, found, mend }: &State) -> Option<String> {
    let done = done.replace("{A}", CHECKOUT).replace("{U}", &format!("/etc/systemd/system/{UNIT}"));
    machine.must(&done);
    let id = asked.split(' ').nth(1).unwrap();
    // A service that was restarted needs a moment to answer.
    let ask = |wanted: &str| {
        let mut last = json!(null);
        for _ in 0..150 {
            last = finding(&machine.sh(&format!("{asked} --format json")).json(), id).clone();
            if last["verdict"] == wanted {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        last
    };
    let told = ask("fail");
    if told["verdict"] != "fail" || !told["found"].as_str().unwrap().contains(found) {
        return Some(format!("{done}: not told: {told:#}"));
    }
    let typed: Vec<String> = match mend {
        Script(gate) => vec![format!("nexy-gate --print-fix {gate} >/run/fix.sh && sh /run/fix.sh")],
        // The machine of the tests has no sudo, and root asks.
        Typed(text) => {
            let lines = fix_commands(&told["fix"]).into_iter().filter(|line| line.contains(text));
            let as_root = |line: &str| {
                let own = format!("runuser -u {USER} -- ");
                line.replace("sudo nexy-gate hard && ", "").replace(&format!("sudo -u {USER} "), &own).replace("sudo ", "")
            };
            lines.map(as_root).collect()
        }
        Told(text) if fix_text(&told["fix"]).contains(text) => return None,
        Told(_) => Vec::new(),
    };
    if typed.is_empty() {
        return Some(format!("{done}: the fix does not say it: {told:#}"));
    }
    let before = modes(machine);
    for line in &typed {
        let ran = machine.sh(line);
        if ran.code != Some(0) {
            return Some(format!("{done}: {line} failed: {}{}", ran.stdout, ran.stderr));
        }
    }
    let last = ask("pass");
    let opened = opened(well, &before, &modes(machine));
    (last["verdict"] != "pass" || !opened.is_empty()).then(|| format!("{done}: not mended, or opened {opened:?} by {typed:?}: {last:#}"))
}
