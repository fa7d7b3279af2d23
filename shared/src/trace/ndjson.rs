//! Requests that are in our format already: checked, mapped to tenants, put in order, without duplicates.

use super::collector::{Collector, Lines};
use super::mapping::{Mapping, TenantMapper};
use crate::input::InputProblems;
use crate::request::{Request, parse_requests};

/// Requests in normal form, and what was met on the way.
#[derive(Clone, Debug)]
pub struct Normalised {
    /// One request a line, in order of time.
    pub lines: Lines,
    /// How many requests there are.
    pub requests: u64,
    /// Requests that were there again, left out.
    pub duplicates: u64,
    /// Deletes and resizes of resources that the log never created; they are kept.
    pub orphans: u64,
    /// Requests that no rule of the mapping matched; they keep their tenant.
    pub unmapped: u64,
}

/// Reads requests, one JSON object a line.
///
/// # Errors
/// With every wrong line, or where lives contradict each other.
pub fn normalise(text: &str, mapping: Option<&Mapping>) -> Result<Normalised, InputProblems> {
    let mut requests: Vec<(u64, Request)> = InputProblems::collect(parse_requests(text))?;
    requests.sort_by_key(|(_, request)| request.at);
    let (mut collector, mut unmapped) = (Collector::new(), 0);
    let mut mapper = mapping.map(TenantMapper::new);
    for (line, mut request) in requests {
        if let Some(mapper) = &mut mapper {
            unmapped += u64::from(!mapper.apply(&mut request));
        }
        collector.push(line, request)?;
    }
    let (lines, log) = collector.finish()?;
    Ok(Normalised {
        requests: lines.iter().count() as u64,
        lines,
        duplicates: log.duplicates,
        orphans: log.orphans,
        unmapped,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::mapping::read_mapping;

    #[test]
    fn requests_are_ordered_and_mapped_and_duplicates_left_out() {
        let create = r#"{"id":"1","at":"2026-01-01T01:00:00+01:00","tenant":"ns","op":"create","class":"compute","resource":"vm","flavor":"a"}"#;
        let delete =
            r#"{"id":"2","at":"2026-01-01T00:30:00Z","tenant":"ns","op":"delete","class":"compute","resource":"vm"}"#;
        let mapping = read_mapping("[[rule]]\ntenant = \"acme\"\nnamespace = \"ns\"\n").unwrap();
        let normalised = normalise(&format!("{delete}\n\n{create}\n{create}\n"), Some(&mapping)).unwrap();
        let lines: Vec<&str> = normalised.lines.iter().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with(r#"{"id":"1","at":"2026-01-01T00:00:00Z","tenant":"acme""#), "{}", lines[0]);
        assert_eq!((normalised.duplicates, normalised.orphans, normalised.unmapped), (1, 0, 0));
    }
}
