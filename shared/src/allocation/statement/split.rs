//! Uses put together by account, in one sorted array.

use foldhash::fast::FixedState;
use indexmap::IndexSet;

use crate::allocation::Metering;
use crate::allocation::metering::MeteredUse;
use crate::units::{FlavorIndex, NodeGroupIndex, TenantIndex};

/// All that tells uses apart, whatever they are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account {
    pub(super) tenant: TenantIndex,
    pub(super) flavor: FlavorIndex,
    pub(super) node_group: Option<NodeGroupIndex>,
    pub(super) zone: Option<u32>,
    pub(super) labels: u32,
}

impl MeteredUse {
    /// The account that it is charged to.
    #[inline]
    pub(super) fn account(&self) -> Account {
        let &Self { tenant, flavor, node_group, zone, labels, .. } = self;
        Account { tenant, flavor, node_group, zone, labels }
    }
}

/// Positions of uses by account: a counting sort, in which the order of the records stays.
#[derive(Clone, Debug)]
pub(super) struct ByAccount {
    accounts: IndexSet<Account, FixedState>,
    /// Where the uses of each account begin in `uses`, and where the last ones end.
    starts: Vec<u32>,
    uses: Vec<u32>,
}

impl ByAccount {
    /// Puts the uses of a metering in order.
    pub(super) fn new(metering: &Metering) -> Self {
        let mut accounts: IndexSet<Account, FixedState> = IndexSet::default();
        let mut counts: Vec<u32> = Vec::new();
        let of: Vec<u32> = metering
            .uses
            .iter()
            .map(|used| {
                let account = accounts.insert_full(used.account()).0;
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
        Self { accounts, starts, uses }
    }

    /// Every account with the positions of its uses.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (&Account, &[u32])> {
        let spans = self.starts.windows(2).map(|span| &self.uses[span[0] as usize..span[1] as usize]);
        self.accounts.iter().zip(spans)
    }
}
