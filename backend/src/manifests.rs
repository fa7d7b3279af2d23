//! Files for the tools that could carry a recommendation out, with what every one of them says first.

pub(crate) mod karpenter;
pub(crate) mod kubectl;

use serde::Serialize;
use shared::api::RecommendationView;

use crate::output;

/// What came of an export.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Exported {
    /// The files, in order of the recommendations.
    pub(crate) files: Vec<File>,
    /// What the tool cannot express.
    pub(crate) left_out: Vec<LeftOut>,
}

/// One file of one recommendation.
#[derive(Debug, Serialize)]
pub(crate) struct File {
    pub(crate) rank: u32,
    pub(crate) name: String,
    #[serde(skip)]
    pub(crate) content: String,
}

/// A recommendation, or a part of one, that is in no file.
#[derive(Debug, Serialize)]
pub(crate) struct LeftOut {
    pub(crate) rank: u32,
    pub(crate) reason: String,
}

impl Exported {
    /// Adds a file with its comments above what it holds.
    pub(crate) fn add(
        &mut self,
        of: &RecommendationView,
        name: &str,
        extension: &str,
        comments: &[String],
        content: &str,
    ) {
        let first =
            "Written by shadowplane, which never applies it. Read it, fill in what only you know, then apply it.";
        let what = format!("Recommendation {}: {}", of.rank, of.text);
        let risks = of.risks.iter().map(|risk| format!("Risk: {}: {}", risk.kind.as_str(), risk.reason));
        let lines = [first.to_owned(), what].into_iter().chain(risks).chain(comments.iter().cloned());
        let head: String = lines.map(|line| format!("# {}\n", output::in_line(&line))).collect();
        let shell = if extension == "sh" { "#!/bin/sh\n" } else { "" };
        let name = format!("{:02}-{}.{extension}", of.rank, kubernetes_name(name));
        self.files.push(File { rank: of.rank, name, content: format!("{shell}{head}{content}\n") });
    }

    pub(crate) fn leave_out(&mut self, of: &RecommendationView, reason: impl Into<String>) {
        self.left_out.push(LeftOut { rank: of.rank, reason: reason.into() });
    }
}

/// Whether a file has a name as [`Exported::add`] gives them.
pub(crate) fn is_ours(name: &str) -> bool {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let ends = [".yaml", ".sh"].iter().any(|extension| name.ends_with(extension));
    digits >= 2 && name[digits..].starts_with('-') && ends
}

/// A name as Kubernetes wants them (RFC 1123): lower case letters, digits and `-`, at most 63, at the ends no `-`.
pub(crate) fn kubernetes_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().map(plain).take(63).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "unnamed".to_owned() } else { name.to_owned() }
}

/// A word of a POSIX shell, whatever is in it.
pub(crate) fn shell_quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_are_what_tools_take() {
        assert_eq!(kubernetes_name("m5.2xlarge spot"), "m5-2xlarge-spot");
        assert_eq!(kubernetes_name("Ünï_"), "n");
        assert_eq!(kubernetes_name("…"), "unnamed");
        assert_eq!(shell_quoted("deployment/web"), "deployment/web");
        assert_eq!(shell_quoted("a'b; rm -rf $HOME"), r"'a'\''b; rm -rf $HOME'");
        assert_eq!(shell_quoted(""), "''");
        assert!(is_ours("01-general.yaml") && is_ours("12-shop-web.sh"));
        assert!(!is_ours("1-general.yaml") && !is_ours("01general.yaml") && !is_ours("01-general.txt"));
    }
}
