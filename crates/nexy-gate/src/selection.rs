//! Chooses the gates of a run by id or profile.

use crate::{
    gate::{Gate, TOOL},
    gates::{self, GATES, PROFILES},
};
use nexy_contract::{
    Problem,
    check::Row,
    selection::{self, Table},
};

/// What is asked in one run.
#[derive(Debug)]
pub(crate) struct Selection {
    /// The gates, in the order of the table.
    pub(crate) gates: Vec<&'static Gate>,
    /// What the report calls this run: the names as they were given, joined by `+`.
    pub(crate) profile: String,
}

/// The rows of the table.
pub(crate) fn rows() -> Vec<Row> {
    GATES.iter().map(|gate| gate.row()).collect()
}

/// Finds the gates that `names` stand for; an alias of an id stands for the id.
pub(crate) fn choose(names: &[String]) -> Result<Selection, Problem> {
    let names: Vec<String> = names.iter().map(|name| gates::current_id(name).to_owned()).collect();
    let selection::Selection { chosen, profile, .. } = table(&rows()).choose(&names)?;
    Ok(Selection { gates: chosen.into_iter().map(|place| GATES[place]).collect(), profile })
}

/// Finds one gate by its id or an alias of it.
pub(crate) fn find(id: &str) -> Result<&'static Gate, Problem> {
    Ok(GATES[table(&rows()).one(gates::current_id(id))?])
}

fn table(rows: &[Row]) -> Table<'_> {
    Table { tool: TOOL, noun: "gate", rows, profiles: PROFILES }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_of_a_publication_holds_exactly_its_gates() {
        let selection = choose(&["git-remotes".to_owned(), "before-publish".to_owned()]).expect("both are known");
        let ids: Vec<&str> = selection.gates.iter().map(|gate| gate.id).collect();
        assert_eq!((ids.as_slice(), selection.profile.as_str()), (nexy_contract::before_publish::IDS, "git-remotes+before-publish"));
    }
}
