//! Access control lists, as the kernel keeps them beside the mode, and what they grant.

use crate::accounts::Account;

/// The generation of the kernel's form that is known.
const VERSION: u32 = 2;
const ENTRY_BYTES: usize = 8;

/// Whom an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The owner of the file.
    Owner,
    /// One user by id.
    User(u32),
    /// The group of the file.
    OwningGroup,
    /// One group by id.
    Group(u32),
    /// The most that named users and all groups get.
    Mask,
    /// Everybody else.
    Others,
}

impl Tag {
    /// The place of its kind in the kernel's order.
    const fn class(self) -> u8 {
        match self {
            Self::Owner => 0,
            Self::User(_) => 1,
            Self::OwningGroup => 2,
            Self::Group(_) => 3,
            Self::Mask => 4,
            Self::Others => 5,
        }
    }
}

/// A list that is complete and in the kernel's order; the mode shows its mask where it would show the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessList {
    entries: Vec<(Tag, u32)>,
}

impl AccessList {
    /// Reads the kernel's own form; `None` when it is in no form that is known.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_at_checked(4)?;
        if number(version)? != VERSION || rest.len() % ENTRY_BYTES != 0 {
            return None;
        }
        let entry = |bytes: &[u8]| {
            let (tag, rights) = (u16::from_le_bytes([bytes[0], bytes[1]]), u16::from_le_bytes([bytes[2], bytes[3]]));
            let id = number(&bytes[4..])?;
            let tag = match tag {
                0x01 => Tag::Owner,
                0x02 => Tag::User(id),
                0x04 => Tag::OwningGroup,
                0x08 => Tag::Group(id),
                0x10 => Tag::Mask,
                0x20 => Tag::Others,
                _ => return None,
            };
            (rights <= 7).then_some((tag, u32::from(rights)))
        };
        Self::of(rest.chunks_exact(ENTRY_BYTES).map(entry).collect::<Option<Vec<_>>>()?)
    }

    /// A list of these entries; `None` when one of the three classes is missing, or the mask where one is needed, or when an
    /// entry comes twice or out of order.
    #[must_use]
    pub fn of(entries: Vec<(Tag, u32)>) -> Option<Self> {
        let has = |tag| entries.iter().any(|(found, _)| *found == tag);
        let is_named = entries.iter().any(|(tag, _)| matches!(tag, Tag::User(_) | Tag::Group(_)));
        let is_whole = has(Tag::Owner) && has(Tag::OwningGroup) && has(Tag::Others) && (has(Tag::Mask) || !is_named);
        let is_ordered = entries.is_sorted_by_key(|(tag, _)| tag.class());
        let is_unique = (1..entries.len()).all(|at| entries[..at].iter().all(|(tag, _)| *tag != entries[at].0));
        (is_whole && is_ordered && is_unique).then_some(Self { entries })
    }

    /// Every entry with its rights, before the mask.
    pub fn entries(&self) -> impl Iterator<Item = (Tag, u32)> + '_ {
        self.entries.iter().copied()
    }

    /// The most that named users and groups get.
    #[must_use]
    pub fn mask(&self) -> u32 {
        self.rights(Tag::Mask).unwrap_or(7)
    }

    /// What an entry says, before the mask; `None` when there is none.
    #[must_use]
    pub fn rights(&self, tag: Tag) -> Option<u32> {
        self.entries().find_map(|(found, rights)| (found == tag).then_some(rights))
    }

    /// Sets or adds an entry.
    pub fn put(&mut self, tag: Tag, rights: u32) {
        self.remove(tag);
        let place = self.entries.iter().position(|(found, _)| found.class() > tag.class()).unwrap_or(self.entries.len());
        self.entries.insert(place, (tag, rights));
    }

    /// Takes an entry out; the mask stays as it is.
    pub fn remove(&mut self, tag: Tag) {
        self.entries.retain(|(found, _)| *found != tag);
    }

    /// Whether all of `wanted` is granted to a process of the account, which is not the owner: by the entry of the account;
    /// without one, by one of its groups that alone grants all of it; and by the last class only when no group fits.
    pub(crate) fn grants(&self, group: u32, account: &Account, wanted: u32) -> bool {
        let has = |rights: u32| rights & wanted == wanted;
        if let Some(rights) = self.rights(Tag::User(account.uid)) {
            return has(rights & self.mask());
        }
        let fitting: Vec<u32> = self
            .entries()
            .filter(|(tag, _)| match tag {
                Tag::OwningGroup => account.groups.contains(&group),
                Tag::Group(gid) => account.groups.contains(gid),
                _ => false,
            })
            .map(|(_, rights)| rights)
            .collect();
        match fitting.as_slice() {
            [] => has(self.rights(Tag::Others).unwrap_or(0)),
            fitting => fitting.iter().any(|rights| has(rights & self.mask())),
        }
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the kernel writes it.
    fn raw(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let entry = |(tag, rights, id): &(u16, u16, u32)| [&tag.to_le_bytes()[..], &rights.to_le_bytes(), &id.to_le_bytes()].concat();
        [&VERSION.to_le_bytes()[..], &entries.iter().flat_map(entry).collect::<Vec<u8>>()].concat()
    }

    const NOBODY: u32 = u32::MAX;
    const CLASSES: [(u16, u16, u32); 3] = [(1, 6, NOBODY), (4, 4, NOBODY), (0x20, 0, NOBODY)];

    fn account(uid: u32, groups: &[u32]) -> Account {
        Account { name: "somebody".to_owned(), uid, gid: groups[0], groups: groups.to_vec() }
    }

    #[test]
    fn the_kernels_form_is_read_and_no_other() {
        let named = [(1, 6, NOBODY), (2, 7, 1000), (4, 4, NOBODY), (8, 2, 50), (0x10, 5, NOBODY), (0x20, 0, NOBODY)];
        let list = AccessList::parse(&raw(&named)).expect("the kernel's form");
        assert_eq!((list.rights(Tag::User(1000)), list.rights(Tag::Group(50)), list.mask()), (Some(7), Some(2), 5));
        assert_eq!(AccessList::parse(&raw(&CLASSES)).map(|list| list.mask()), Some(7));
        let without_mask = [(1, 6, NOBODY), (2, 7, 1000), (4, 4, NOBODY), (0x20, 0, NOBODY)];
        let twice = [(1, 6, NOBODY), (2, 7, 9), (2, 7, 9), (4, 4, NOBODY), (0x10, 5, NOBODY), (0x20, 0, NOBODY)];
        let unordered = [CLASSES[1], CLASSES[0], CLASSES[2]];
        let strange = [CLASSES[0], CLASSES[1], (0x40, 0, 0)];
        let wide = [CLASSES[0], (4, 8, NOBODY), CLASSES[2]];
        for bytes in [raw(&CLASSES[..2]), raw(&without_mask), raw(&twice), raw(&unordered), raw(&strange), raw(&wide), raw(&[])] {
            assert_eq!(AccessList::parse(&bytes), None, "{bytes:?}");
        }
        let whole = raw(&CLASSES);
        assert_eq!(AccessList::parse(&[&whole[..], b"x"].concat()), None);
        assert_eq!(AccessList::parse(&[&[3, 0, 0, 0], &whole[4..]].concat()), None);
    }

    #[test]
    fn an_entry_of_the_user_comes_first_then_any_one_group_then_the_rest() {
        let list = AccessList::of(vec![
            (Tag::Owner, 7),
            (Tag::User(1), 2),
            (Tag::OwningGroup, 4),
            (Tag::Group(50), 2),
            (Tag::Mask, 6),
            (Tag::Others, 7),
        ])
        .expect("a list");
        let grants = |uid, groups: &[u32], wanted| list.grants(40, &account(uid, groups), wanted);
        assert!(grants(1, &[40], 2) && !grants(1, &[40], 4));
        assert!(grants(2, &[40], 4) && !grants(2, &[40], 2));
        assert!(grants(2, &[40, 50], 4) && grants(2, &[40, 50], 2));
        assert!(!grants(2, &[40, 50], 6), "no single group grants both");
        assert!(grants(2, &[60], 7));
        assert!(!grants(2, &[50], 1), "who is in a group is none of the others");
    }

    proptest! {
        #[test]
        fn no_bytes_whatever_stop_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..64), count in 0_usize..5) {
            let _ = AccessList::parse(&bytes);
            let valid = raw(&CLASSES);
            prop_assert_eq!(AccessList::parse(&valid[..valid.len() - 1 - count]), None);
        }

        #[test]
        fn what_is_put_is_there_in_order_and_what_is_removed_is_not(ids in proptest::collection::vec(0_u32..9, 0..9), rights in 0_u32..8) {
            let mut list = AccessList::of(vec![(Tag::Owner, 7), (Tag::OwningGroup, 5), (Tag::Others, 0)]).expect("a list");
            list.put(Tag::Mask, 7);
            for id in &ids {
                list.put(Tag::User(*id), rights);
                list.put(Tag::Group(*id), rights);
            }
            prop_assert_eq!(AccessList::of(list.entries().collect()), Some(list.clone()));
            for id in &ids {
                list.remove(Tag::User(*id));
                prop_assert_eq!((list.rights(Tag::User(*id)), list.rights(Tag::Group(*id))), (None, Some(rights)));
            }
        }
    }
}
