//! Settings of a loaded unit that hide the folders of the service from it, lock them, or take its network away. What a setting
//! does is systemd.exec(5)'s: the rule with the longest path decides, and of two with one path the stricter one.

use super::loaded::{Properties, quoted_words, value};
use nexy_contract::text::excerpt;
use std::path::{Path, PathBuf};

/// What is asked of the manager.
pub(crate) const PROPERTIES: [&str; 24] = [
    "RootDirectory",
    "RootImage",
    "ProtectHome",
    "ProtectSystem",
    "InaccessiblePaths",
    "ReadOnlyPaths",
    "ReadWritePaths",
    "NoExecPaths",
    "ExecPaths",
    "BindPaths",
    "BindReadOnlyPaths",
    "TemporaryFileSystem",
    "PrivateTmp",
    "DynamicUser",
    "PrivateUsers",
    "PrivateNetwork",
    "NetworkNamespacePath",
    "MountImages",
    "ExtensionImages",
    "ExtensionDirectories",
    "RestrictFileSystems",
    "AppArmorProfile",
    "SELinuxContext",
    "SmackProcessLabel",
];

/// Settings whose effect on a path cannot be told from their value.
const OPAQUE: [&str; 8] = [
    "NetworkNamespacePath",
    "MountImages",
    "ExtensionImages",
    "ExtensionDirectories",
    "RestrictFileSystems",
    "AppArmorProfile",
    "SELinuxContext",
    "SmackProcessLabel",
];

const HOMES: [&str; 3] = ["/home", "/root", "/run/user"];

/// The paths that the service cannot do without.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Files and folders that it opens or starts.
    pub(crate) seen: Vec<PathBuf>,
    /// Folders that it writes into.
    pub(crate) written: Vec<PathBuf>,
    /// The program that it starts, with its links followed: only the mount of that one counts.
    pub(crate) run: Vec<PathBuf>,
    /// It runs as root.
    pub(crate) is_root: bool,
}

/// A setting in the way of the service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// The setting's name.
    pub(crate) setting: &'static str,
    /// What it does, in words.
    pub(crate) found: String,
    /// Whether it is known to be in the way; otherwise that cannot be determined.
    pub(crate) is_certain: bool,
}

/// One path of one setting.
struct Rule {
    setting: &'static str,
    path: PathBuf,
    allows: bool,
}

/// Holds the settings against what the service needs. All paths are compared as `real` gives them, with their links followed.
pub(crate) fn obstacles(properties: &Properties, needs: &Needs, real: impl Fn(&Path) -> PathBuf) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let mut add = |setting, words: String, is_certain| {
        found.push(Obstacle { setting, found: format!("{setting}={} {words}", excerpt(value(properties, setting), 120)), is_certain });
    };
    for setting in ["RootDirectory", "RootImage"] {
        if !["", "/"].contains(&value(properties, setting)) {
            add(setting, "gives the service another root folder".to_owned(), true);
        }
    }
    if is_on(properties, "DynamicUser") {
        add("DynamicUser", "runs the service as an account that is made for it, and locks all folders".to_owned(), true);
    }
    if is_on(properties, "PrivateNetwork") {
        add("PrivateNetwork", "leaves the service without a network".to_owned(), true);
    }
    if is_on(properties, "PrivateUsers") && needs.is_root {
        add("PrivateUsers", "takes root's rights over the files of other accounts".to_owned(), false);
    }
    // An empty list of file systems is printed as an inverted one.
    for setting in OPAQUE.into_iter().filter(|setting| !["", "~"].contains(&value(properties, setting))) {
        add(setting, "may change what the service reaches".to_owned(), false);
    }
    for (setting, known) in
        [("ProtectHome", &["", "no", "yes", "read-only", "tmpfs"][..]), ("ProtectSystem", &["", "no", "yes", "full", "strict"])]
    {
        if !known.contains(&value(properties, setting)) {
            add(setting, "is a value that is not known".to_owned(), false);
        }
    }
    let (binds, foreign) = binds(properties, &real);
    let needed = || needs.seen.iter().chain(&needs.written);
    for Rule { setting, path, .. } in foreign {
        if let Some(near) = needed().find(|need| need.starts_with(&path) || path.starts_with(need)) {
            add(setting, format!("shows other files at {}", near.display()), false);
        }
    }
    let hidden = |need: &&PathBuf| decide(&hiding(properties, &binds, &real), need);
    let locked = |need: &&PathBuf| decide(&locking(properties, &binds, &real), need);
    let barred = |need: &&PathBuf| decide(&barring(properties, &real), need);
    let all: Vec<&PathBuf> = needed().collect();
    let (written, run): (Vec<&PathBuf>, Vec<&PathBuf>) = (needs.written.iter().collect(), needs.run.iter().collect());
    for (needs, judge, words) in [
        (all, &hidden as &dyn Fn(&&PathBuf) -> Option<&'static str>, "hides"),
        (written, &locked, "lets nothing be written below"),
        (run, &barred, "lets nothing be started below"),
    ] {
        let mut told: Vec<&str> = Vec::new();
        for need in needs {
            if let Some(setting) = judge(&need).filter(|setting| !told.contains(setting)) {
                told.push(setting);
                add(setting, format!("{words} {}", need.display()), true);
            }
        }
    }
    found
}

fn is_on(properties: &Properties, setting: &str) -> bool {
    !["", "no"].contains(&value(properties, setting))
}

/// The setting that forbids a path, if the deepest rule about it forbids.
fn decide(rules: &[Rule], need: &Path) -> Option<&'static str> {
    let deepest =
        rules.iter().filter(|rule| need.starts_with(&rule.path)).max_by_key(|rule| (rule.path.components().count(), !rule.allows))?;
    (!deepest.allows).then_some(deepest.setting)
}

/// The rules of a setting that is a list of paths, each perhaps behind `-` or `+` and before options.
fn paths(properties: &Properties, setting: &'static str, allows: bool, real: impl Fn(&Path) -> PathBuf) -> Vec<Rule> {
    let path = |word: &String| real(Path::new(word.trim_start_matches(['-', '+']).split(':').next().unwrap_or_default()));
    quoted_words(value(properties, setting)).iter().map(|word| Rule { setting, path: path(word), allows }).collect()
}

fn fixed(setting: &'static str, paths: &[&str], allows: bool, real: impl Fn(&Path) -> PathBuf) -> Vec<Rule> {
    paths.iter().map(|path| Rule { setting, path: real(Path::new(path)), allows }).collect()
}

/// The binds that show a path as it is, and those that show something else in its place.
fn binds(properties: &Properties, real: impl Fn(&Path) -> PathBuf) -> (Vec<Rule>, Vec<Rule>) {
    let mut all = (Vec::new(), Vec::new());
    for (setting, allows) in [("BindPaths", true), ("BindReadOnlyPaths", false)] {
        for word in quoted_words(value(properties, setting)) {
            let mut parts = word.trim_start_matches(['-', '+']).split(':');
            let source = parts.next().unwrap_or_default();
            let target = parts.next().unwrap_or(source);
            let rule = Rule { setting, path: real(Path::new(target)), allows };
            if real(Path::new(source)) == rule.path { all.0.push(rule) } else { all.1.push(rule) }
        }
    }
    all
}

fn hiding(properties: &Properties, binds: &[Rule], real: &impl Fn(&Path) -> PathBuf) -> Vec<Rule> {
    let mut rules = paths(properties, "TemporaryFileSystem", false, real);
    if value(properties, "ProtectHome") == "tmpfs" {
        rules.extend(fixed("ProtectHome", &HOMES, false, real));
    }
    if is_on(properties, "PrivateTmp") {
        rules.extend(fixed("PrivateTmp", &["/tmp", "/var/tmp"], false, real));
    }
    rules.extend(binds.iter().map(|bind| Rule { setting: bind.setting, path: bind.path.clone(), allows: true }));
    // Nothing below an inaccessible folder is mounted again, so a bind that needs it does not count.
    let mut closed = paths(properties, "InaccessiblePaths", false, real);
    if value(properties, "ProtectHome") == "yes" {
        closed.extend(fixed("ProtectHome", &HOMES, false, real));
    }
    rules.retain(|rule| !rule.allows || !closed.iter().any(|closed| rule.path.starts_with(&closed.path)));
    rules.extend(closed);
    rules
}

fn locking(properties: &Properties, binds: &[Rule], real: &impl Fn(&Path) -> PathBuf) -> Vec<Rule> {
    let mut rules = paths(properties, "ReadOnlyPaths", false, real);
    rules.extend(paths(properties, "ReadWritePaths", true, real));
    rules.extend(binds.iter().map(|bind| Rule { setting: bind.setting, path: bind.path.clone(), allows: bind.allows }));
    let system: &[&str] = match value(properties, "ProtectSystem") {
        "yes" => &["/usr", "/boot", "/efi"],
        "full" => &["/usr", "/boot", "/efi", "/etc"],
        "strict" => &["/"],
        _ => &[],
    };
    rules.extend(fixed("ProtectSystem", system, false, real));
    // `strict` leaves these to ProtectHome= and to the kernel's own settings (measured with systemd 252).
    rules.extend(fixed("ProtectSystem", &[&HOMES[..], &["/dev", "/proc", "/sys"]].concat(), true, real));
    if value(properties, "ProtectHome") == "read-only" {
        rules.extend(fixed("ProtectHome", &HOMES, false, real));
    }
    if is_on(properties, "PrivateTmp") {
        rules.extend(fixed("PrivateTmp", &["/tmp", "/var/tmp"], true, real));
    }
    rules
}

fn barring(properties: &Properties, real: &impl Fn(&Path) -> PathBuf) -> Vec<Rule> {
    let mut rules = paths(properties, "NoExecPaths", false, real);
    rules.extend(paths(properties, "ExecPaths", true, real));
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in the way of a server below /home/a/app that writes into its folder `w` and is started by /usr/bin/python3.11.
    fn told(settings: &[(&str, &str)]) -> String {
        let properties: Properties = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let needs = Needs {
            seen: vec!["/home/a/app".into(), "/usr/bin/python3.11".into()],
            written: vec!["/home/a/app/w".into()],
            run: vec!["/usr/bin/python3.11".into()],
            is_root: true,
        };
        // `/bin` leads to `/usr/bin`, as on every machine of today.
        let real = |path: &Path| path.strip_prefix("/bin").map_or_else(|_| path.to_path_buf(), |rest| Path::new("/usr/bin").join(rest));
        let obstacles = obstacles(&properties, &needs, real);
        obstacles
            .iter()
            .map(|obstacle| format!("{}{}", obstacle.setting, if obstacle.is_certain { "" } else { "?" }))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn every_setting_that_hides_or_locks_what_the_service_needs_is_told() {
        for (setting, value) in [
            ("RootDirectory", "/srv/jail"),
            ("RootImage", "/srv/image"),
            ("ProtectHome", "yes"),
            ("ProtectHome", "read-only"),
            ("ProtectHome", "tmpfs"),
            ("InaccessiblePaths", "-/srv /home/a"),
            ("InaccessiblePaths", "/home/a/app/w"),
            ("InaccessiblePaths", "/bin"),
            ("ReadOnlyPaths", "+/home"),
            ("ReadOnlyPaths", "\"/a b\" /home/a/app/w"),
            ("NoExecPaths", "/"),
            ("NoExecPaths", "/bin/python3.11"),
            ("TemporaryFileSystem", "/var /home:ro"),
            ("BindReadOnlyPaths", "/home/a/app:/home/a/app:rbind"),
            ("DynamicUser", "yes"),
            ("PrivateNetwork", "yes"),
        ] {
            assert_eq!(told(&[(setting, value)]), setting, "{setting}={value}");
        }
    }

    #[test]
    fn what_cannot_be_determined_is_told_as_that() {
        for (setting, value) in [
            ("MountImages", "/i:/home"),
            ("ExtensionImages", "/i"),
            ("ExtensionDirectories", "/i"),
            ("NetworkNamespacePath", "/run/netns/x"),
            ("RestrictFileSystems", "ext4"),
            ("AppArmorProfile", "x"),
            ("SELinuxContext", "x"),
            ("BindPaths", "/srv/other:/home/a/app:rbind"),
            ("BindPaths", "-/srv/other:/home/a/app/w"),
            ("PrivateUsers", "yes"),
            ("ProtectHome", "some-day"),
            ("ProtectSystem", "some-day"),
        ] {
            assert_eq!(told(&[(setting, value)]), format!("{setting}?"), "{setting}={value}");
        }
    }

    #[test]
    fn what_the_service_does_not_feel_is_not_told() {
        for settings in [
            &[][..],
            &[("ProtectHome", "no"), ("ProtectSystem", "no"), ("PrivateTmp", "no"), ("PrivateNetwork", "no"), ("DynamicUser", "no")],
            &[("ProtectSystem", "full"), ("RootDirectory", "/"), ("RestrictFileSystems", "~")],
            &[("ProtectSystem", "strict")],
            &[("NoExecPaths", "/home")],
            &[("ProtectHome", "read-only"), ("ReadWritePaths", "/home/a/app/w")],
            &[("ProtectHome", "tmpfs"), ("BindPaths", "/home/a:/home/a:rbind")],
            &[("TemporaryFileSystem", "/home"), ("BindPaths", "/home/a/app")],
            &[("NoExecPaths", "/"), ("ExecPaths", "/usr")],
            &[("InaccessiblePaths", "/srv /home/ab"), ("ReadOnlyPaths", "/home/b"), ("BindPaths", "/x:/y")],
        ] {
            assert_eq!(told(settings), "", "{settings:?}");
        }
    }

    #[test]
    fn a_service_elsewhere_is_locked_by_strict_and_may_be_excepted() {
        let told = |more: &[(&str, &str)]| {
            let all = [&[("ProtectSystem", "strict")], more].concat();
            let properties: Properties = all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            obstacles(&properties, &Needs { written: vec!["/srv/app/w".into()], ..Needs::default() }, Path::to_path_buf).len()
        };
        assert_eq!((told(&[]), told(&[("ReadWritePaths", "-/srv/app")])), (1, 0));
    }

    #[test]
    fn the_deepest_rule_decides_and_of_two_with_one_path_the_stricter() {
        assert_eq!(told(&[("ReadWritePaths", "/home"), ("ReadOnlyPaths", "/home/a")]), "ReadOnlyPaths");
        assert_eq!(told(&[("ReadWritePaths", "/home/a"), ("ReadOnlyPaths", "/home/a")]), "ReadOnlyPaths");
        assert_eq!(told(&[("NoExecPaths", "/usr"), ("ExecPaths", "/usr")]), "NoExecPaths");
        assert_eq!(told(&[("ProtectHome", "yes"), ("BindPaths", "/home/a")]), "ProtectHome");
        assert_eq!(told(&[("InaccessiblePaths", "/home"), ("BindPaths", "/home/a")]), "InaccessiblePaths");
        assert_eq!(told(&[("ProtectHome", "read-only"), ("ProtectSystem", "strict")]), "ProtectHome");
    }
}
