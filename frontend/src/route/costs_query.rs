//! What the address says of the page of costs, so that a link shows the same.

use core::fmt::Display;
use core::str::FromStr;

use js_sys::encode_uri_component;
use shared::allocation::{GroupBy, IdlePolicy, Resolution, SharedPolicy};
use shared::units::Window;

use super::parameter;

/// What is stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CostsQuery {
    /// The window; the last week that has closed where none is said.
    pub(crate) window: Option<Window>,
    /// By what cost is split.
    pub(crate) by: GroupBy,
    /// By what the group of [`Self::of`] is split.
    pub(crate) then: GroupBy,
    /// The group that is looked into; empty for what is of none. All of them where nothing is said.
    pub(crate) of: Option<String>,
    /// The steps of the chart.
    pub(crate) step: Resolution,
    /// What becomes of idle.
    pub(crate) idle: IdlePolicy,
    /// What becomes of the modules.
    pub(crate) shared: SharedPolicy,
}

impl Default for CostsQuery {
    fn default() -> Self {
        Self {
            window: None,
            by: GroupBy::Tenant,
            then: GroupBy::Flavor,
            of: None,
            step: Resolution::Day,
            idle: IdlePolicy::Keep,
            shared: SharedPolicy::Keep,
        }
    }
}

impl CostsQuery {
    /// What stands behind the `?`, or what is wrong with it.
    pub(super) fn parse(query: &str) -> Result<Self, String> {
        let usual = Self::default();
        let window = match (read(query, "from")?, read(query, "to")?) {
            (Some(start), Some(end)) => Some(Window { start, end }),
            (None, None) => None,
            _ => return Err("The address has one end of the window; give both `from` and `to`, or none.".to_owned()),
        };
        let by = read(query, "by")?.unwrap_or(usual.by);
        let step = read(query, "step")?.unwrap_or(usual.step);
        if !matches!(step, Resolution::Hour | Resolution::Day) {
            return Err(format!("The address has `step={}`; expected day or hour.", step.as_str()));
        }
        let then = read(query, "then")?.unwrap_or_else(|| then_of(&by));
        if then == by {
            return Err(format!("The address splits {by} by itself; choose another `then`."));
        }
        Ok(Self {
            window,
            by,
            then,
            of: parameter(query, "of"),
            step,
            idle: read(query, "idle")?.unwrap_or(usual.idle),
            shared: read(query, "shared")?.unwrap_or(usual.shared),
        })
    }

    /// The address of the same.
    pub(crate) fn address(&self) -> String {
        let mut parts = Vec::new();
        let mut add = |name: &str, value: String| {
            // Colons may stand in an address as they are, and are easier to read.
            let value = String::from(encode_uri_component(&value)).replace("%3A", ":");
            parts.push(format!("{name}={value}"));
        };
        if let Some(Window { start, end }) = self.window {
            add("from", start.to_string());
            add("to", end.to_string());
        }
        add("by", self.by.to_string());
        if let Some(of) = &self.of {
            add("of", of.clone());
            add("then", self.then.to_string());
        }
        add("step", self.step.as_str().to_owned());
        if self.idle != IdlePolicy::Keep {
            add("idle", self.idle.as_str().to_owned());
        }
        if self.shared != SharedPolicy::Keep {
            add("shared", self.shared.as_str().to_owned());
        }
        format!("#/costs?{}", parts.join("&"))
    }

    /// The same, grouped by something else and looking into nothing.
    pub(crate) fn grouped(&self, by: GroupBy) -> Self {
        let then = if self.then == by { then_of(&by) } else { self.then.clone() };
        Self { by, then, of: None, ..self.clone() }
    }

    /// By what what is shown is split.
    pub(crate) fn shown_by(&self) -> &GroupBy {
        if self.of.is_some() { &self.then } else { &self.by }
    }
}

/// What a group is split by unless something else is chosen.
fn then_of(by: &GroupBy) -> GroupBy {
    if *by == GroupBy::Tenant { GroupBy::Flavor } else { GroupBy::Tenant }
}

fn read<T: FromStr<Err: Display>>(query: &str, name: &str) -> Result<Option<T>, String> {
    let wrong = |error: T::Err| format!("The address has a wrong `{name}`: {error}.");
    parameter(query, name).map(|text| text.parse().map_err(wrong)).transpose()
}
