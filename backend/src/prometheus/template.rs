//! Names that are made of labels: `{namespace}/{pod}`.

use core::str::FromStr;

use super::labels::value_of;
use super::wire::Label;

/// A text with places for labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Label(String),
}

impl Template {
    /// Whether it always comes to nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text; each place has the label of the first of `labels` that has it, and is empty where none has.
    pub(super) fn render(&self, labels: &[&[Label]]) -> String {
        let of = |name: &str| labels.iter().map(|labels| value_of(labels, name)).find(|value| !value.is_empty());
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Label(name) => of(name).unwrap_or_default(),
        });
        parts.collect()
    }

    /// Whether every place of it has a label to fill it.
    pub(super) fn is_filled(&self, labels: &[&[Label]]) -> bool {
        let has = |name: &str| labels.iter().any(|labels| !value_of(labels, name).is_empty());
        self.0.iter().all(|part| !matches!(part, Part::Label(name) if !has(name)))
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let label = rest[at..].strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let Some((name, after)) = label.filter(|(name, _)| !name.is_empty() && !name.contains('{')) else {
                return Err(format!(
                    "is `{text}`; expected a text with names of labels in braces, as {{namespace}}/{{pod}}"
                ));
            };
            if at > 0 {
                parts.push(Part::Text(rest[..at].to_owned()));
            }
            parts.push(Part::Label(name.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }
}
