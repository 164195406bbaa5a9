//! Tries whether an account can read a file, by really opening it as that account.

use crate::{
    accounts::Account,
    files,
    programs::{ProgramError, Run},
};
use std::{io, path::Path, time::Duration};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// The file was read to its end.
    Read,
    /// The account was not let in.
    Refused,
    /// It could not be tried, and why.
    NotTried(String),
}

/// Larger files are not read here.
const MAX_BYTES: u64 = 1 << 20;

/// What the script below says when the file could not be read; any other number is about the trial itself.
const REFUSED: i32 = 9;

/// Reads the file as the account: in this process when it runs as that account, through `setpriv` when it runs as root.
/// Nothing of the file is kept. The path must lead to a regular file.
#[must_use]
pub fn read_as(account: &Account, path: &Path) -> Trial {
    let me = rustix::process::geteuid();
    if me.as_raw() == account.uid {
        return match files::read(path, MAX_BYTES) {
            Ok(_) => Trial::Read,
            Err(error) if error.source.kind() == io::ErrorKind::PermissionDenied => Trial::Refused,
            Err(error) => Trial::NotTried(error.because()),
        };
    }
    if !me.is_root() {
        return Trial::NotTried(format!("only root can try it as {}", account.name));
    }
    let Some(path) = path.to_str() else { return Trial::NotTried("its path is no UTF-8".to_owned()) };
    let (uid, gid) = (account.uid.to_string(), account.gid.to_string());
    let script = format!("cat <\"$1\" >/dev/null || exit {REFUSED}");
    let arguments = ["--reuid", &uid, "--regid", &gid, "--init-groups", "--", "sh", "-c", &script, "sh", path];
    judge(Run::new("setpriv", &arguments).timeout(Duration::from_secs(10)).run().map(|ran| (ran.code(), ran.complaint())))
}

fn judge(ended: Result<(i32, String), ProgramError>) -> Trial {
    match ended {
        Ok((0, _)) => Trial::Read,
        Ok((REFUSED, _)) => Trial::Refused,
        Ok((code, complaint)) => Trial::NotTried(format!("setpriv ended with {code}: {complaint}")),
        Err(error) => Trial::NotTried(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_files_own_refusal_counts_as_one() {
        assert_eq!(judge(Ok((0, String::new()))), Trial::Read);
        assert_eq!(judge(Ok((9, "sh: cannot open it".to_owned()))), Trial::Refused);
        assert_eq!(judge(Ok((127, "setresuid failed".to_owned()))), Trial::NotTried("setpriv ended with 127: setresuid failed".to_owned()));
        assert!(matches!(judge(Err(ProgramError::Missing("setpriv".to_owned()))), Trial::NotTried(_)));
    }
}
