//! A command line as the service manager has loaded it.

/// One `ExecStart`; its words have lost their quoting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LoadedCommand {
    /// What is run, which is not always the first word.
    pub(crate) program: String,
    /// The words, the program's own name first.
    pub(crate) words: Vec<String>,
    /// A failed start counts as a good one.
    pub(crate) ignores_errors: bool,
}

impl LoadedCommand {
    /// The first argument that is no option, joined with the working directory.
    pub(crate) fn script(&self, folder: &str) -> Option<String> {
        let word = self.words.iter().skip(1).find(|word| !word.starts_with('-'))?;
        Some(if word.starts_with('/') { word.clone() } else { format!("{}/{word}", folder.trim_end_matches('/')) })
    }
}

/// Reads what `systemctl show` prints for one `ExecStart`; `None` when it is in a form that is not known.
pub(crate) fn read(line: &str) -> Option<LoadedCommand> {
    let (program, rest) = line.strip_prefix("{ path=")?.split_once(" ; argv[]=")?;
    let (words, rest) = rest.rsplit_once(" ; ignore_errors=")?;
    Some(LoadedCommand {
        program: program.to_owned(),
        words: words.split(' ').map(str::to_owned).collect(),
        ignores_errors: rest.starts_with("yes"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_managers_own_form_is_read_and_no_other() {
        let line = "{ path=/bin/p ; argv[]=/bin/p -u a/b.py x ; ignore_errors=no ; start_time=[n/a] ; pid=0 }";
        let command = read(line).expect("systemd 252 prints it so");
        assert_eq!((command.program.as_str(), command.words.len(), command.ignores_errors), ("/bin/p", 4, false));
        assert_eq!(command.script("/srv/").as_deref(), Some("/srv/a/b.py"));
        assert_eq!(read("/bin/p a/b.py"), None);
        assert_eq!(read(""), None);
    }
}
