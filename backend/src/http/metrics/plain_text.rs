//! Metrics in the text format of Prometheus, version 0.0.4, for those who do not read OpenMetrics.

use std::collections::BTreeSet;

/// The same as OpenMetrics has it: there a counter's samples have an ending that its name has not.
pub(super) fn from_openmetrics(text: &str) -> String {
    let described = |line: &str| line.strip_prefix("# TYPE ")?.strip_suffix(" counter").map(str::to_owned);
    let counters: BTreeSet<String> = text.lines().filter_map(described).collect();
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        let mut words = line.splitn(4, ' ');
        match [words.next(), words.next(), words.next(), words.next()] {
            [Some("#"), Some(what), Some(name), Some(rest)] if counters.contains(name) => {
                plain += &format!("# {what} {name}_total {rest}");
            }
            _ => plain += line,
        }
        plain.push('\n');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_called_as_their_samples() {
        let openmetrics = "# HELP sent What was sent.\n# TYPE sent counter\nsent_total{to=\"a b\"} 1\n\
                           # HELP lag_seconds Since.\n# TYPE lag_seconds gauge\n# UNIT lag_seconds seconds\nlag_seconds 2.0\n# EOF\n";
        let plain = "# HELP sent_total What was sent.\n# TYPE sent_total counter\nsent_total{to=\"a b\"} 1\n\
                     # HELP lag_seconds Since.\n# TYPE lag_seconds gauge\nlag_seconds 2.0\n";
        assert_eq!(from_openmetrics(openmetrics), plain);
    }
}
