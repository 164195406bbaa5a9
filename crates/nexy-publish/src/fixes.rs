//! The fixes that several refusals share, and the problem of a state that cannot be.

use nexy_contract::{Exit, Fix, Problem};

/// Look at the channel, then begin the pipeline anew.
pub(crate) fn look_and_start_over() -> Fix {
    look("look at the channel, then run the whole pipeline again:")
}

/// Wait for another publication, then run the same pipeline.
pub(crate) fn wait_for_the_other_publication() -> Fix {
    look("wait until the other publication has ended, then run the same pipeline again; look with:")
}

/// A look at the channels, with the reason for it.
pub(crate) fn look(note: &'static str) -> Fix {
    Fix::note(note).then_command("nexy-publish show")
}

/// Ask the gates about the bytes in the inbox, and publish them.
pub(crate) fn publish_from_the_inbox() -> Fix {
    Fix::note("start again from the bytes in the inbox:").then_command("nexy-version record | nexy-gate before-publish - | nexy-publish -")
}

/// Roll back to a file of the operator.
pub(crate) fn roll_back_to_a_file() -> Fix {
    Fix::note("go back to an older artifact, with its path in place of FILE and its version in place of X.Y.Z.W:")
        .then_command("make rollback ARTIFACT=FILE TO=X.Y.Z.W")
}

/// A state that this program excludes.
pub(crate) fn bug(what: &str) -> Problem {
    Problem::new(Exit::Bug, what, "", Fix::note("report this as a bug"))
}
