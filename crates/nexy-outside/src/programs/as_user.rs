//! Determines what an account can do: does it as that account, and leaves no change behind.

use crate::{
    fs::{accounts::Account, files},
    programs::{ProgramError, Ran, Run},
};
use std::{io, path::Path, time::Duration};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserAttempt {
    /// It was done.
    Allowed,
    /// It could not be done; what was said, if anything.
    Refused(String),
    /// It could not be tried, and why.
    NotTried(String),
}

/// Larger files are not read here.
const MAX_BYTES: u64 = 1 << 20;

/// What the scripts below say when the thing itself failed; any other number is about the trial.
const REFUSED: i32 = 9;

/// What the scripts say when the file of the trial could not be taken away again.
const LEFT_BEHIND: i32 = 10;

/// Reads the file as the account: in this process when it runs as that account, through another when it runs as root.
/// Nothing of the file is kept. The path must lead to a regular file.
pub fn read_as(account: &Account, path: &Path) -> UserAttempt {
    if rustix::process::geteuid().as_raw() == account.uid {
        return match files::read(path, MAX_BYTES) {
            Ok(_) => UserAttempt::Allowed,
            Err(error) if error.source.kind() == io::ErrorKind::PermissionDenied => UserAttempt::Refused(error.because()),
            Err(error) => UserAttempt::NotTried(error.because()),
        };
    }
    shell_as(account, &format!("cat <\"$1\" >/dev/null || exit {REFUSED}"), path)
}

/// Creates an empty file with an unused name in the folder, and deletes it again.
pub fn write_in_as(account: &Account, folder: &Path) -> UserAttempt {
    // The trap takes it away when the trial is ended from outside, too.
    let script = format!(
        "umask 077; made=; trap '[ -z \"$made\" ] || rm -f -- \"$made\"' EXIT; trap 'exit 1' HUP INT TERM\n\
         made=$(mktemp \"$1/.nexy-trial.XXXXXXXXXX\") || exit {REFUSED}\n\
         rm -f -- \"$made\" && [ ! -e \"$made\" ] || exit {LEFT_BEHIND}\n\
         made="
    );
    shell_as(account, &script, folder)
}

/// Starts a Python interpreter that does nothing, in isolation from the folder and the environment that it is started in.
pub fn python_starts_as(account: &Account, interpreter: &Path) -> UserAttempt {
    shell_as(account, &format!("\"$1\" -I -B -c '' || exit {REFUSED}"), interpreter)
}

fn shell_as(account: &Account, script: &str, path: &Path) -> UserAttempt {
    let me = rustix::process::geteuid();
    if !me.is_root() && me.as_raw() != account.uid {
        return UserAttempt::NotTried(format!("only root can try it as {}", account.name));
    }
    let Some(path) = path.to_str() else { return UserAttempt::NotTried("its path is no UTF-8".to_owned()) };
    let run = Run::new("sh", &["-c", script, "sh", path]).as_account(account).folder(Path::new("/")).timeout(Duration::from_secs(10));
    judge(run.run().map(|ran: Ran| (ran.code(), ran.complaint())))
}

fn judge(ended: Result<(i32, String), ProgramError>) -> UserAttempt {
    match ended {
        Ok((0, _)) => UserAttempt::Allowed,
        Ok((REFUSED, complaint)) => UserAttempt::Refused(complaint),
        Ok((LEFT_BEHIND, complaint)) => UserAttempt::NotTried(format!("the file of the trial is still there: {complaint}")),
        Ok((code, complaint)) => UserAttempt::NotTried(format!("it ended with {code}: {complaint}")),
        Err(error) => UserAttempt::NotTried(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Account {
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Account { name: "me".to_owned(), uid, gid, groups: vec![gid] }
    }

    #[test]
    fn only_a_refusal_of_the_thing_itself_counts_as_one() {
        assert_eq!(judge(Ok((0, String::new()))), UserAttempt::Allowed);
        assert_eq!(judge(Ok((9, "cannot open it".to_owned()))), UserAttempt::Refused("cannot open it".to_owned()));
        assert_eq!(
            judge(Ok((127, "setresuid failed".to_owned()))),
            UserAttempt::NotTried("it ended with 127: setresuid failed".to_owned())
        );
        assert!(matches!(judge(Err(ProgramError::Missing("setpriv".to_owned()))), UserAttempt::NotTried(_)));
    }

    #[test]
    fn a_trial_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(write_in_as(&me(), folder.path()), UserAttempt::Allowed);
        assert_eq!(files::list(folder.path()).expect("it is there"), Some(vec![]));
        assert!(matches!(write_in_as(&me(), &folder.path().join("nothing")), UserAttempt::Refused(because) if !because.is_empty()));
    }

    #[test]
    fn an_interpreter_that_does_not_start_is_a_refusal() {
        assert_eq!(python_starts_as(&me(), Path::new("/bin/true")), UserAttempt::Allowed);
        assert!(matches!(python_starts_as(&me(), Path::new("/bin/false")), UserAttempt::Refused(_)));
        assert!(
            matches!(python_starts_as(&me(), Path::new("/nothing/here")), UserAttempt::Refused(because) if because.contains("/nothing/here"))
        );
    }
}
