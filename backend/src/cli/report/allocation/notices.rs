//! What to know about a statement before it is believed.

use shared::allocation::{GroupBy, Metering, Metric, SharedPolicy, Statement, readings_outside};

use crate::output::{counted, in_line};

/// What is not where somebody would look for it.
pub(super) fn of(statement: &Statement, metering: &Metering, metrics: &[Metric]) -> Vec<String> {
    let settings = &statement.settings;
    let mut notices = Vec::new();
    let outside = readings_outside(metrics, settings.window);
    if outside > 0 {
        let readings = counted(outside as u64, "reading");
        notices.push(format!("{readings} of --metric outside of the window are counted nowhere"));
    }
    for (by, names) in settings.by.iter().zip(&statement.names) {
        if let GroupBy::Label(label) = by
            && names.is_empty()
        {
            notices.push(format!("nothing has the label `{}`", in_line(label)));
        }
    }
    let shared = settings.shared != SharedPolicy::Keep;
    notices.extend(shared.then(|| where_shares_go(&settings.by, metering)).flatten());
    notices
}

/// Modules are paid by tenants: what groups by something else shows their shares as nobody's.
fn where_shares_go(by: &[GroupBy], metering: &Metering) -> Option<String> {
    if by.contains(&GroupBy::Tenant) {
        return None;
    }
    let label = by.iter().find_map(|by| if let GroupBy::Label(label) = by { Some(label) } else { None });
    let Some(label) = label else {
        return Some("tenants pay for the modules, and --by does not tell them apart; add tenant to see it".to_owned());
    };
    let without = metering.tenants.iter().filter(|tenant| !tenant.labels.contains_key(label)).count();
    (without > 0).then(|| {
        let tenants = counted(without as u64, "tenant");
        let label = in_line(label);
        format!("tenants pay for the modules by labels of their own: {tenants} have no `{label}`, whatever their requests have")
    })
}
