//! Drop-ins that stand on the disk and that the manager has not read. It does not notice them itself when their folder is new:
//! `NeedDaemonReload` stays `no`, and the next reload changes the unit (measured with systemd 252).

use nexy_outside::{
    files,
    ownership::{self, Kind},
};
use std::path::Path;

/// Where people and programs put drop-ins; those of packages come with a reload.
const FOLDERS: [&str; 2] = ["/etc/systemd/system", "/run/systemd/system"];

/// The drop-ins of the unit that are not among `loaded`, the manager's own list of paths.
///
/// # Errors
/// Why nobody can tell, in words.
pub(super) fn look(unit: &str, loaded: &str) -> Result<Vec<String>, String> {
    let mut on_disk: Vec<String> = Vec::new();
    for folder in FOLDERS.map(|folder| format!("{folder}/{unit}.d")) {
        let names = match files::list(Path::new(&folder)) {
            Ok(names) => names.unwrap_or_default(),
            Err(error) if error.is_missing() => Vec::new(),
            Err(error) => return Err(error.to_string()),
        };
        for path in names.iter().filter(|name| name.ends_with(".conf")).map(|name| format!("{folder}/{name}")) {
            match ownership::look(Path::new(&path)) {
                Ok(found) if found.kind == Kind::File => on_disk.push(path),
                // A link to the null device takes a drop-in away, and so does one that leads nowhere.
                Ok(_) => {}
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    Ok(unread(&on_disk, loaded))
}

/// Of two drop-ins of one name the first one counts, and only that one is loaded.
fn unread(on_disk: &[String], loaded: &str) -> Vec<String> {
    let loaded: Vec<&str> = loaded.split_whitespace().collect();
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let counts = |index: usize| !on_disk[..index].iter().any(|earlier| name(earlier) == name(&on_disk[index]));
    (0..on_disk.len())
        .filter(|index| counts(*index) && !loaded.contains(&on_disk[*index].as_str()))
        .map(|index| on_disk[index].clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::unread;

    #[test]
    fn what_counts_and_is_not_loaded_is_named() {
        let on_disk = ["/etc/a.d/x.conf", "/etc/a.d/y.conf", "/run/a.d/x.conf", "/run/a.d/z.conf"].map(str::to_owned);
        assert_eq!(unread(&on_disk, "/etc/a.d/x.conf /run/a.d/z.conf /usr/lib/a.d/w.conf"), ["/etc/a.d/y.conf"]);
        assert_eq!(unread(&on_disk, "/etc/a.d/x.conf /etc/a.d/y.conf /run/a.d/z.conf"), [""; 0]);
        assert_eq!(unread(&[], "/etc/a.d/x.conf"), [""; 0]);
    }
}
