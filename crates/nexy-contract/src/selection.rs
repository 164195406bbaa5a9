//! Which rows of a checker's table a command line names: ids and profiles, each row once, in the order of the table.

use crate::{Exit, Fix, Problem, check::Row, suggest::nearest};

/// A checker's table, and its own words.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// The program: `nexy-gate`.
    pub tool: &'static str,
    /// What it calls a row: `gate`.
    pub noun: &'static str,
    /// Its rows.
    pub rows: &'a [Row],
    /// Its profiles.
    pub profiles: &'a [&'static str],
}

/// What is asked in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Places in the table, ascending.
    pub chosen: Vec<usize>,
    /// The names as they were given, each once.
    pub names: Vec<String>,
    /// What the report calls this run: the names joined by `+`.
    pub profile: String,
}

impl Table<'_> {
    /// Finds the rows that `names` stand for.
    /// Errors: exit 2 when no name is given, or for an unknown one, with the nearest known name.
    pub fn choose(&self, names: &[String]) -> Result<Selection, Problem> {
        let noun = self.noun;
        if names.is_empty() {
            let because = format!("profiles: {}; ids: {}", self.profiles.join(", "), self.ids().join(", "));
            let fix = self.list().then_note("then name a profile or ids");
            return Err(Problem::new(Exit::Usage, format!("no {noun} was named, so none was asked"), because, fix));
        }
        let known = [self.profiles, &self.ids()].concat();
        if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(self.unknown(name, &known));
        }
        let mut once: Vec<String> = Vec::new();
        for name in names {
            if !once.contains(name) {
                once.push(name.clone());
            }
        }
        let is_named = |row: &Row| once.iter().any(|name| name == row.id || row.profiles.contains(&name.as_str()));
        let chosen = self.rows.iter().enumerate().filter(|(_, row)| is_named(row)).map(|(place, _)| place).collect();
        Ok(Selection { chosen, profile: once.join("+"), names: once })
    }

    /// Finds one row by its id.
    /// Errors: exit 2 for an unknown id; a profile is named as what it is.
    pub fn one(&self, id: &str) -> Result<usize, Problem> {
        self.rows.iter().position(|row| row.id == id).ok_or_else(|| {
            if self.profiles.contains(&id) {
                let because = format!("it is a profile of {}", self.rows.iter().filter(|row| row.profiles.contains(&id)).count());
                let what = format!("`{id}` is no single {}", self.noun);
                return Problem::new(Exit::Usage, what, because + " of them; one id is asked for", self.list());
            }
            self.unknown(id, &[self.profiles, &self.ids()].concat())
        })
    }

    fn ids(&self) -> Vec<&'static str> {
        self.rows.iter().map(|row| row.id).collect()
    }

    fn list(&self) -> Fix {
        Fix::command(format!("{} --list", self.tool))
    }

    fn unknown(&self, name: &str, known: &[&str]) -> Problem {
        let fix = match nearest(name, known.iter().copied()) {
            Some(nearest) => Fix::note(format!("did you mean `{nearest}`? All names:")).then(self.list()),
            None => self.list(),
        };
        Problem::new(Exit::Usage, format!("there is no {} or profile `{name}`", self.noun), "nothing was asked", fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[Row] = &[
        Row { id: "version-synced", profiles: &["before-publish"], asks: "?", runbook: "S3" },
        Row { id: "git-remotes", profiles: &["hard", "before-publish"], asks: "?", runbook: "S3" },
        Row { id: "github-token", profiles: &["before-publish"], asks: "?", runbook: "S3" },
    ];
    const TABLE: Table<'_> = Table { tool: "nexy-gate", noun: "gate", rows: ROWS, profiles: &["hard", "before-publish"] };

    fn chosen(words: &str) -> Result<Selection, Problem> {
        let names: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        TABLE.choose(&names)
    }

    #[test]
    fn rows_are_asked_once_and_in_the_order_of_the_table() {
        let selection = chosen("github-token version-synced github-token").expect("both are known");
        assert_eq!((selection.chosen, selection.profile.as_str()), (vec![0, 2], "github-token+version-synced"));
        let selection = chosen("git-remotes before-publish hard").expect("all are known");
        assert_eq!((selection.chosen, selection.profile.as_str()), (vec![0, 1, 2], "git-remotes+before-publish+hard"));
    }

    #[test]
    fn nothing_named_is_a_usage_error_with_the_list() {
        let problem = chosen("").expect_err("nothing is named");
        assert_eq!(problem.exit, Exit::Usage);
        assert!(ROWS.iter().all(|row| problem.because.contains(row.id)), "{}", problem.because);
    }

    #[test]
    fn an_unknown_name_is_a_usage_error_with_the_nearest() {
        for (given, wanted) in [("before-publsh", Some("before-publish")), ("Git_Remotes", Some("git-remotes")), ("xyz", None), ("", None)]
        {
            let problem = TABLE.choose(&[given.to_owned()]).expect_err("it is unknown");
            assert_eq!(problem.exit, Exit::Usage);
            let text = problem.fix.text();
            assert!(
                text.ends_with("nexy-gate --list") && wanted.is_none_or(|wanted| text.contains(&format!("`{wanted}`"))),
                "{given}: {text}"
            );
        }
    }

    #[test]
    fn a_profile_is_no_single_row_and_is_called_what_it_is() {
        assert_eq!(TABLE.one("git-remotes"), Ok(1));
        let problem = TABLE.one("hard").expect_err("a profile");
        assert!(problem.what.contains("no single gate") && problem.because.contains("profile"), "{problem}");
        assert!(TABLE.one("git-remots").expect_err("unknown").fix.text().contains("`git-remotes`"));
    }
}
