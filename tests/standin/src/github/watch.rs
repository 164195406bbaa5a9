//! What public addresses led to over time: every change is written down in the moment in which it happens.

use super::store::Store;
use crate::standin::Standin;

/// What each watched address leads to, as `sha256:…`; `None` is 404.
type Served = Vec<Option<String>>;

/// A public address: repository, tag, name.
type Address = (String, String, String);

/// The watched addresses and their past.
#[derive(Default)]
pub(super) struct Watch {
    addresses: Vec<Address>,
    past: Vec<Served>,
}

impl Store {
    /// What the watched addresses lead to now: what was written down last.
    pub(crate) fn watched(&self) -> Served {
        self.watch.past.last().cloned().unwrap_or_default()
    }

    /// Writes down what the watched addresses lead to, when that differs from before; nothing is looked at when nothing is watched.
    pub(super) fn note_watched(&mut self) {
        if self.watch.addresses.is_empty() {
            return;
        }
        let now = self.looked_up();
        if self.watch.past.last() != Some(&now) {
            self.watch.past.push(now);
        }
    }

    fn looked_up(&self) -> Served {
        let digest = |(repository, tag, name): &Address| {
            let release = self.release_by_tag(repository, tag).filter(|release| !release.draft)?;
            self.public(&release, name)?.digest
        };
        self.watch.addresses.iter().map(digest).collect()
    }

    fn watch(&mut self, address: Address) {
        self.watch.addresses.push(address);
        self.watch.past.clear();
        self.note_watched();
    }
}

impl Standin {
    /// From now on it is written down what this public address leads to: in [`Standin::history`] and with each request.
    pub fn watch(&self, repository: &str, tag: &str, name: &str) {
        self.state.store().watch((repository.to_owned(), tag.to_owned(), name.to_owned()));
    }

    /// All targets of the watched addresses, change by change, in the order of the calls of [`Standin::watch`].
    #[must_use]
    pub fn history(&self) -> Vec<Vec<Option<String>>> {
        self.state.store().watch.past.clone()
    }

    /// Starts the history anew with what is served now.
    pub fn clear_history(&self) {
        let mut store = self.state.store();
        store.watch.past.clear();
        store.note_watched();
    }
}
