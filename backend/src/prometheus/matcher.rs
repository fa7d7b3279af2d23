//! Conditions on labels, as Prometheus and Alertmanager write them: `instance=~"n-.*"`.

use core::str::FromStr;

use regex::Regex;

use super::labels::Labels;

/// One condition on one label.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    label: String,
    wanted: Wanted,
    /// Whether it has to be otherwise.
    negated: bool,
}

#[derive(Clone, Debug)]
enum Wanted {
    Value(String),
    Pattern(Regex),
}

impl Matcher {
    /// Whether it holds; a label that is not there is empty.
    pub(super) fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label);
        let is = match &self.wanted {
            Wanted::Value(wanted) => value == wanted,
            Wanted::Pattern(pattern) => pattern.is_match(value),
        };
        is != self.negated
    }

    /// The value that the label has to have, where there is but one.
    pub(super) fn only_value_of(&self, label: &str) -> Option<&str> {
        match &self.wanted {
            Wanted::Value(value) if !self.negated && self.label == label => Some(value),
            _ => None,
        }
    }
}

impl FromStr for Matcher {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("is `{text}`; expected a condition such as job=\"node\", mode!=\"idle\" or pod=~\"web-.*\"");
        let at = text.find(['=', '!']).ok_or_else(expected)?;
        let (label, rest) = (text[..at].trim(), &text[at..]);
        let (negated, is_pattern) = match rest.get(..2) {
            Some("=~") => (false, true),
            Some("!~") => (true, true),
            Some("!=") => (true, false),
            _ if rest.starts_with('=') => (false, false),
            _ => return Err(expected()),
        };
        let value = &rest[if negated || is_pattern { 2 } else { 1 }..];
        // Strings of PromQL escape as those of JSON do, in what occurs here.
        let value: String = serde_json::from_str(value.trim()).map_err(|_| expected())?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if label.is_empty() || !label.chars().all(is_name) || label.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(expected());
        }
        let wanted = if is_pattern {
            // The whole value, as in Prometheus.
            let pattern = Regex::new(&format!("^(?s:{value})$"));
            Wanted::Pattern(pattern.map_err(|_| format!("is `{text}`, whose pattern is no regular expression of RE2"))?)
        } else {
            Wanted::Value(value)
        };
        Ok(Self { label: label.to_owned(), wanted, negated })
    }
}
