//! The labels of a series: what it is called, and by what it is told from others.

use core::fmt;

use super::wire::Label;

/// The label with the name of the metric.
const NAME: &str = "__name__";

/// No series has more labels, nor a longer one: the receivers of Mimir and Thanos have limits of this size.
const LABELS_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 4_096;

/// The labels of a series, which are as remote write wants them: texts in order of their names, each once.
#[derive(Clone, Debug)]
pub(super) struct Labels(Vec<Label>);

/// Tells a series from all others.
pub(super) type SeriesId = u128;

impl Labels {
    /// Takes labels over.
    ///
    /// # Errors
    /// With what is wrong with them.
    pub(super) fn new(labels: Vec<Label>) -> Result<Self, String> {
        if labels.len() > LABELS_MAX {
            return Err(format!("has {} labels; expected {LABELS_MAX} at most", labels.len()));
        }
        for Label { name, value } in &labels {
            let texts = core::str::from_utf8(name).is_ok() && core::str::from_utf8(value).is_ok();
            if !texts || name.is_empty() {
                return Err("has a label without a name, or that is no UTF-8".to_owned());
            }
            if name.len() + value.len() > LABEL_BYTES_MAX {
                return Err(format!("has a label of more than {LABEL_BYTES_MAX} bytes"));
            }
        }
        if !labels.is_sorted_by(|a, b| a.name < b.name) {
            return Err("has labels that are not in order of their names, or one twice".to_owned());
        }
        let labels = Self(labels);
        if labels.name().is_empty() {
            return Err(format!("has no `{NAME}`; expected the name of a metric"));
        }
        Ok(labels)
    }

    /// The name of the metric.
    pub(super) fn name(&self) -> &str {
        self.get(NAME)
    }

    /// The value of a label; empty where there is none, which is the same to Prometheus.
    pub(super) fn get(&self, name: &str) -> &str {
        value_of(&self.0, name)
    }

    /// One by one.
    pub(super) fn as_slice(&self) -> &[Label] {
        &self.0
    }

    /// A hash that no two series share.
    pub(super) fn id(&self) -> SeriesId {
        let mut hasher = blake3::Hasher::new();
        for Label { name, value } in &self.0 {
            // No byte of UTF-8 is 0xff.
            hasher.update(name).update(&[0xff]).update(value).update(&[0xff]);
        }
        let hash = hasher.finalize();
        SeriesId::from_le_bytes(core::array::from_fn(|place| hash.as_bytes()[place]))
    }
}

/// The value of one of some labels; empty where it is not among them.
pub(super) fn value_of<'a>(labels: &'a [Label], name: &str) -> &'a str {
    let found = labels.iter().find(|label| label.name == name.as_bytes());
    found.and_then(|label| core::str::from_utf8(&label.value).ok()).unwrap_or_default()
}

impl fmt::Display for Labels {
    /// As Prometheus writes it: `node_load1{instance="a"}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let rest = self.0.iter().filter(|label| label.name != NAME.as_bytes());
        for (place, Label { name, value }) in rest.enumerate() {
            let (before, name) = (if place == 0 { "{" } else { ", " }, String::from_utf8_lossy(name));
            write!(f, "{before}{name}={:?}", String::from_utf8_lossy(value))?;
        }
        f.write_str(if self.0.len() > 1 { "}" } else { "" })
    }
}
