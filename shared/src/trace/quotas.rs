//! Quotas: the most that each tenant may hold at once.

use std::collections::BTreeMap;

use crate::input::{InputError, InputProblems, Row, Table, write_table};
use crate::units::{DIMENSIONS, Dimension, Resources};

/// What a quota holds of a dimension that it does not limit.
pub const UNLIMITED: u32 = u32::MAX;

/// The quota of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantQuota {
    /// The line of the file that it stands on, counted from 1; 0 where it comes from elsewhere.
    pub line: u64,
    /// Whose it is.
    pub tenant: String,
    /// The most that the tenant may hold at once; [`UNLIMITED`] where nothing is said.
    pub limit: Resources,
}

/// A quota that limits nothing.
pub const fn unlimited() -> Resources {
    Resources::from_array([UNLIMITED; DIMENSIONS])
}

/// What a quota limits, in words; what it does not limit is left out.
pub fn in_words(quota: Resources) -> String {
    let limits = quota.to_array().map(|limit| if limit == UNLIMITED { 0 } else { limit });
    Resources::from_array(limits).to_string()
}

/// Reads `tenant,vcpu,memory_gib,…`, one row a tenant; a column that is absent or empty limits nothing, and 0 allows
/// nothing.
///
/// # Errors
/// With every wrong line; a tenant that stands there twice is one.
pub fn read_quotas(text: &str) -> Result<Vec<TenantQuota>, InputProblems> {
    let mut table = Table::open(text, None)?;
    let names: Vec<&str> = core::iter::once("tenant").chain(Dimension::ALL.map(Dimension::field)).collect();
    table.expect_only(&names)?;
    let tenant = table.column("tenant")?;
    let limits = Dimension::ALL.map(|dimension| (dimension, table.find(dimension.field())));
    let (mut quotas, mut wrong, mut lines, mut row) = (Vec::new(), Vec::new(), BTreeMap::new(), Row::default());
    while table.next_of(&mut row, &mut wrong) {
        let name = row.get(tenant);
        if name.is_empty() {
            wrong.push(InputError::field(row.line, "tenant", "is empty; expected a name"));
        } else if let Some(earlier) = lines.insert(name.to_owned(), row.line) {
            let message = format!("`{name}` has a quota on line {earlier} already; expected each tenant once");
            wrong.push(InputError::field(row.line, "tenant", message));
        }
        let (mut limit, before) = (unlimited(), wrong.len());
        for (dimension, column) in limits {
            let Some(text) = row.optional(column) else { continue };
            match dimension.parse(text) {
                Ok(amount) => limit[dimension] = amount,
                Err(error) => wrong.push(InputError::field(row.line, dimension.field(), error.to_string())),
            }
        }
        if limit == unlimited() && wrong.len() == before {
            let message = format!("`{name}` is limited in nothing; expected an amount, or no row");
            wrong.push(InputError::field(row.line, "tenant", message));
        }
        quotas.push(TenantQuota { line: row.line, tenant: name.to_owned(), limit });
    }
    if wrong.is_empty() && quotas.is_empty() {
        wrong.push(InputError::whole("has a header and no rows; expected quotas"));
    }
    if wrong.is_empty() { Ok(quotas) } else { Err(InputProblems(wrong)) }
}

/// Quotas as [`read_quotas`] reads them, with a column for what is limited.
///
/// # Panics
/// When a tenant's name cannot be written, which any text can.
pub fn write_quotas(quotas: &[TenantQuota]) -> String {
    let limited = |dimension: &Dimension| quotas.iter().any(|quota| quota.limit[*dimension] != UNLIMITED);
    let dimensions: Vec<Dimension> = Dimension::ALL.into_iter().filter(limited).collect();
    let header: Vec<String> =
        core::iter::once("tenant").chain(dimensions.iter().map(|of| of.field())).map(str::to_owned).collect();
    let row = |quota: &TenantQuota| {
        let cell = |&dimension: &Dimension| match quota.limit[dimension] {
            UNLIMITED => String::new(),
            units => dimension.write(units),
        };
        core::iter::once(quota.tenant.clone()).chain(dimensions.iter().map(cell)).collect()
    };
    write_table(core::iter::once(header).chain(quotas.iter().map(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_limited_and_0_allows_nothing() {
        let quotas = read_quotas("tenant,vcpu,memory_gib,gpu\nshop,8,32.5,0\nlab,,64,\n").unwrap();
        let of = |position: usize, dimension| quotas[position].limit[dimension];
        assert_eq!((of(0, Dimension::Vcpu), of(0, Dimension::Memory), of(0, Dimension::Gpu)), (8_000, 33_280, 0));
        assert_eq!((of(1, Dimension::Vcpu), of(1, Dimension::Memory)), (UNLIMITED, 65_536));
        assert_eq!((of(0, Dimension::Storage), quotas[1].line), (UNLIMITED, 3));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "tenant,vcpu,memory_gib,gpu\nshop,8,32.5,0\n\"a, b\",,0.0009765625,\n";
        assert_eq!(write_quotas(&read_quotas(text).unwrap()), text);
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_field() {
        let check = |text: &str, line: u64, field: Option<&str>, part: &str| {
            let InputProblems(problems) = read_quotas(text).unwrap_err();
            let error = &problems[0];
            assert_eq!((error.line, error.field.as_deref()), (line, field), "{error}");
            assert!(error.message.contains(part), "{error}");
        };
        check("tenant,vcpu\nshop,8\nshop,9\n", 3, Some("tenant"), "`shop` has a quota on line 2 already");
        check("tenant,vcpu\n,8\n", 2, Some("tenant"), "is empty");
        let two = "tenant,vcpu,gpu\nshop,many,1\nlab,2,few\n";
        check(two, 2, Some("vcpu"), "`many`");
        assert_eq!(read_quotas(two).unwrap_err().0[1].line, 3);
        check("tenant,vcpu\nshop,many\n", 2, Some("vcpu"), "`many`");
        check("tenant,vcpu\nshop,\n", 2, Some("tenant"), "is limited in nothing");
        check("tenant,cpu\nshop,8\n", 1, Some("cpu"), "vcpu");
        check("tenant,vcpu\n", 0, None, "no rows");
    }
}
