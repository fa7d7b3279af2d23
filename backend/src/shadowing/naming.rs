//! Edits name tenants by index, and the log may begin later, and have others, when their turn comes.

use shared::request::Names;
use shared::scenario::Edit;
use shared::units::TenantIndex;

/// Gives the tenants of edits, which had the indices of `then`, those that they have now.
///
/// # Errors
/// With the name of one that has no request in the log any more.
pub(crate) fn name_anew(edits: &mut [Edit], then: &[String], now: &Names) -> Result<(), String> {
    for edit in edits {
        if let Some(tenant) = edit.tenant_mut() {
            let name = then.get(tenant.usize()).map_or("", String::as_str);
            let gone = || format!("`{name}`, whom an edit is about, has no request in the log any more");
            *tenant = TenantIndex(now.get(name).ok_or_else(gone)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_mean_the_tenants_that_they_meant_when_they_were_ordered() {
        let scale = |tenant| Edit::ScaleDemand { tenant, percent: 200 };
        let then = ["a", "b", "c"].map(str::to_owned);
        let mut edits = [scale(Some(TenantIndex(2))), scale(None)];
        assert!(name_anew(&mut edits, &then, &["c", "b"].into_iter().collect()).is_ok());
        assert_eq!(edits, [scale(Some(TenantIndex(0))), scale(None)]);
        let gone = name_anew(&mut [scale(Some(TenantIndex(0)))], &then, &["c", "b"].into_iter().collect());
        assert!(gone.is_err_and(|reason| reason.starts_with("`a`")));
    }
}
