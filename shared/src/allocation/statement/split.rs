//! Uses put together by who they are charged to, in one sorted array.

use foldhash::fast::FixedState;
use indexmap::IndexSet;

use super::Key;
use super::group_by::Groups;
use crate::allocation::Metering;
use crate::units::{NodeGroupIndex, TenantIndex};

/// Who uses are charged to together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account {
    pub(super) key: Key,
    /// The group whose nodes they share the price of.
    pub(super) node_group: Option<NodeGroupIndex>,
    /// Whose they are, where that matters.
    pub(super) tenant: Option<TenantIndex>,
}

/// Positions of uses by account: a counting sort, in which the order of the records stays.
pub(super) struct ByAccount {
    accounts: IndexSet<Account, FixedState>,
    /// Where the uses of each account begin in `uses`, and where the last ones end.
    starts: Vec<u32>,
    uses: Vec<u32>,
}

/// Puts the uses of a metering in order.
pub(super) fn by_account(metering: &Metering, groups: &Groups<'_>, by_tenant: bool) -> ByAccount {
    let shared = metering.shared_groups();
    let mut accounts: IndexSet<Account, FixedState> = IndexSet::default();
    let mut counts: Vec<u32> = Vec::new();
    let of: Vec<u32> = metering
        .uses
        .iter()
        .map(|used| {
            let node_group = used.node_group.filter(|group| shared[group.usize()]);
            let tenant = by_tenant.then_some(used.tenant);
            let account = accounts.insert_full(Account { key: groups.of_use(used), node_group, tenant }).0;
            if account == counts.len() {
                counts.push(0);
            }
            counts[account] += 1;
            account as u32
        })
        .collect();
    let mut starts = Vec::with_capacity(counts.len() + 1);
    let mut start = 0;
    for count in counts {
        starts.push(start);
        start += count;
    }
    starts.push(start);
    let (mut next, mut uses) = (starts.clone(), vec![0; of.len()]);
    for (position, account) in of.into_iter().enumerate() {
        let place = &mut next[account as usize];
        uses[*place as usize] = position as u32;
        *place += 1;
    }
    ByAccount { accounts, starts, uses }
}

impl ByAccount {
    /// Every account with the positions of its uses.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (&Account, &[u32])> {
        let spans = self.starts.windows(2).map(|span| &self.uses[span[0] as usize..span[1] as usize]);
        self.accounts.iter().zip(spans)
    }
}
