//! One numbering of tenants, flavors and terms for several logs.

use foldhash::fast::FixedState;
use indexmap::IndexSet;

use super::{Flavor, IndexedRequest, Names, RequestLog, Terms};
use crate::units::{FlavorIndex, TenantIndex, TermsIndex};

/// Tenants, flavors and terms of all logs that were added, in order of first appearance.
///
/// A log's own tables are in order of first use, so adding the log that ends first first keeps the numbers of what
/// was known earlier, whatever comes later.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Tenants by index.
    pub tenants: Names,
    flavors: IndexSet<Flavor, FixedState>,
    terms: IndexSet<Terms, FixedState>,
}

/// Where a log's tenants, flavors and terms are in the [`Tables`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableMap {
    tenants: Vec<TenantIndex>,
    flavors: Vec<FlavorIndex>,
    terms: Vec<TermsIndex>,
}

impl Tables {
    /// Tables that begin with these, in this order.
    pub fn starting_with<'t>(tenants: impl IntoIterator<Item = &'t str>, flavors: &[Flavor], terms: &[Terms]) -> Self {
        Self {
            tenants: tenants.into_iter().collect(),
            flavors: flavors.iter().cloned().collect(),
            terms: terms.iter().cloned().collect(),
        }
    }

    /// Takes in the tables of a log; equal names are the same tenant, equal names with equal shapes the same flavor.
    pub fn add(&mut self, log: &RequestLog) -> TableMap {
        let tenants = log.tenants.iter().map(|name| TenantIndex(self.tenants.intern(name))).collect();
        let flavor = |flavor: &Flavor| FlavorIndex::from_usize(self.flavors.insert_full(flavor.clone()).0);
        let flavors = log.flavors.iter().map(flavor).collect();
        let terms = log.terms.iter().map(|terms| TermsIndex::from_usize(self.terms.insert_full(terms.clone()).0));
        TableMap { tenants, flavors, terms: terms.collect() }
    }

    /// Flavors in order of their index.
    pub fn flavors(&self) -> impl Iterator<Item = &Flavor> {
        self.flavors.iter()
    }

    /// The index of a flavor, if it is there.
    pub fn flavor_of(&self, flavor: &Flavor) -> Option<FlavorIndex> {
        self.flavors.get_index_of(flavor).map(FlavorIndex::from_usize)
    }

    /// The index of terms, if they are there.
    pub fn terms_of(&self, terms: &Terms) -> Option<TermsIndex> {
        self.terms.get_index_of(terms).map(TermsIndex::from_usize)
    }

    /// Terms in order of their index.
    pub fn terms(&self) -> impl Iterator<Item = &Terms> {
        self.terms.iter()
    }
}

impl TableMap {
    /// The tenant of the tables that is the log's `tenant`.
    pub fn tenant(&self, tenant: TenantIndex) -> TenantIndex {
        self.tenants[tenant.usize()]
    }

    /// The log's tenant that is the tables' `tenant`, where the log has it.
    pub fn own_tenant(&self, tenant: TenantIndex) -> Option<TenantIndex> {
        self.tenants.iter().position(|&mapped| mapped == tenant).map(TenantIndex::from_usize)
    }

    /// The flavor of the tables that is the log's `flavor`.
    pub fn flavor(&self, flavor: FlavorIndex) -> FlavorIndex {
        self.flavors[flavor.usize()]
    }

    /// The terms of the tables that are the log's `terms`.
    pub fn terms(&self, terms: TermsIndex) -> TermsIndex {
        self.terms[terms.usize()]
    }

    /// A request of the log in the indices of the tables; its resource and batch stay the log's.
    pub fn request(&self, request: IndexedRequest) -> IndexedRequest {
        IndexedRequest {
            tenant: self.tenant(request.tenant),
            flavor: self.flavor(request.flavor),
            terms: request.terms.map(|terms| self.terms(terms)),
            ..request
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Catalogue, RequestLogBuilder, read_requests};

    fn log(tenants_and_flavors: &[(&str, &str)]) -> RequestLog {
        let mut builder = RequestLogBuilder::new(Catalogue::default());
        for (i, (tenant, flavor)) in tenants_and_flavors.iter().enumerate() {
            let line = format!(
                r#"{{"id":"{i}","at":"2026-01-01T00:00:0{i}Z","tenant":"{tenant}","op":"create","class":"compute","resource":"{i}","flavor":"{flavor}","requested":{{"vcpu":2}}}}"#
            );
            read_requests(&line, &mut builder).unwrap();
        }
        builder.finish().unwrap()
    }

    #[test]
    fn equal_names_get_one_number_and_earlier_ones_keep_theirs() {
        let (first, second) = (log(&[("acme", "s"), ("zeta", "m")]), log(&[("beta", "m"), ("acme", "s")]));
        let mut tables = Tables::default();
        let (one, two) = (tables.add(&first), tables.add(&second));
        assert_eq!(tables.tenants.iter().collect::<Vec<_>>(), ["acme", "zeta", "beta"]);
        assert_eq!(tables.flavors().map(|flavor| flavor.name.as_str()).collect::<Vec<_>>(), ["s", "m"]);
        assert!(first.requests.iter().all(|&request| one.request(request) == request));
        let mapped: Vec<_> =
            second.requests.iter().map(|&r| two.request(r)).map(|r| (r.tenant.0, r.flavor.0)).collect();
        assert_eq!(mapped, [(2, 1), (0, 0)]);
    }
}
