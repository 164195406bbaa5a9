//! One change of owner, mode or list: as a command, and done to what was seen, so that a judgement can be asked about it.

use nexy_contract::text::printable;
use nexy_outside::{
    acl::Tag,
    ownership::{Acl, Standing},
};

/// What root does about one step of a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Gives it to another owner.
    Owner {
        /// Name of the owner.
        name: String,
        /// Its id.
        uid: u32,
    },
    /// Gives a link to root.
    LinkOwner,
    /// Gives or takes rights of one class.
    Mode {
        /// The class, as chmod calls it.
        class: char,
        /// Whether they are given.
        adds: bool,
        /// The rights, as bits.
        rights: u32,
    },
    /// Takes an entry out of the list, and leaves the mask as it is, so that no other entry gets more by it.
    Forget {
        /// The entry as `setfacl` takes it.
        entry: String,
        /// What it is about.
        tag: Tag,
    },
    /// Gives one user rights by an entry of its own, since a wider class would let in whoever else the list names.
    Let {
        /// Name of the user.
        name: String,
        /// Its id.
        uid: u32,
        /// The rights of the entry.
        rights: u32,
        /// The mask that they need.
        mask: u32,
    },
}

impl Change {
    /// The command, for root, about a path that is a word already. A second time it changes nothing. `None` when a name is
    /// nothing that a person could read.
    pub(crate) fn command(&self, path: &str) -> Option<String> {
        let readable = |name: &str| (printable(name) == name && !name.contains(char::is_whitespace)).then_some(());
        Some(match self {
            Self::Owner { name, .. } => {
                readable(name)?;
                format!("chown {name} {path}")
            }
            Self::LinkOwner => format!("chown -h root {path}"),
            Self::Mode { class, adds, rights } => {
                format!("chmod {class}{}{} {path}", if *adds { '+' } else { '-' }, letters(*rights))
            }
            Self::Forget { entry, .. } => {
                readable(entry)?;
                format!("setfacl -n -x {entry} {path}")
            }
            Self::Let { name, rights, mask, .. } => {
                readable(name)?;
                format!("setfacl -n -m u:{name}:{},m::{} {path}", letters(*rights), letters(*mask))
            }
        })
    }

    /// Does it to what was seen.
    pub(crate) fn apply(&self, step: &mut Standing) {
        match self {
            Self::Owner { uid, .. } => step.uid = *uid,
            Self::LinkOwner => step.uid = 0,
            Self::Mode { class, adds, rights } => {
                let (shift, tag) = match class {
                    'u' => (6, Tag::Owner),
                    // What chmod calls the group is the mask where there is one.
                    'g' => (3, Tag::Mask),
                    _ => (0, Tag::Others),
                };
                step.mode = if *adds { step.mode | (rights << shift) } else { step.mode & !(rights << shift) };
                if let Acl::List(list) = &mut step.acl {
                    list.put(tag, (step.mode >> shift) & 7);
                }
            }
            Self::Forget { tag, .. } => {
                if let Acl::List(list) = &mut step.acl {
                    list.remove(*tag);
                }
            }
            Self::Let { uid, rights, mask, .. } => {
                if let Acl::List(list) = &mut step.acl {
                    list.put(Tag::User(*uid), *rights);
                    list.put(Tag::Mask, *mask);
                    step.mode = (step.mode & !0o070) | (mask << 3);
                }
            }
        }
    }
}

fn letters(rights: u32) -> String {
    let letters: String =
        [(4, 'r'), (2, 'w'), (1, 'x')].into_iter().filter(|(bit, _)| rights & bit != 0).map(|(_, letter)| letter).collect();
    if letters.is_empty() { "-".to_owned() } else { letters }
}
