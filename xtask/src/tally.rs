//! Sums up what the test binaries report.

use std::fmt;

/// What a test prints, past the harness's capture, where it cannot run; `tests/lib.rs` writes it.
const SKIPPED: &str = "[skipped] ";

/// How many tests passed, failed and were skipped, over every test binary.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
    skipped: u64,
    /// Tests that skipped themselves: the harness counts them as passed.
    skipped_themselves: u64,
}

impl Tally {
    /// Takes in one line of output.
    pub(crate) fn read(&mut self, line: &str) {
        if line.contains(SKIPPED) {
            self.skipped_themselves += 1;
        }
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        self.passed += count(counts, "passed");
        self.failed += count(counts, "failed");
        self.skipped += count(counts, "ignored");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = self.passed.saturating_sub(self.skipped_themselves);
        let skipped = self.skipped + self.skipped_themselves;
        write!(f, "{passed} passed, {} failed, {skipped} skipped", self.failed)
    }
}

/// The number before a word: 12 for `passed` in `ok. 12 passed; 0 failed; …`.
fn count(counts: &str, word: &str) -> u64 {
    let mut words = counts.split([' ', ';']).filter(|part| !part.is_empty());
    let mut previous = "";
    words
        .find_map(|part| {
            let number = (part == word).then(|| previous.parse().ok()).flatten();
            previous = part;
            number
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> String {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally.to_string()
    }

    #[test]
    fn the_binaries_are_summed_up() {
        let output = "
running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: FAILED. 20 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; finished in 1.20s";
        // 3 + 20, 0 + 2, 1 + 0.
        assert_eq!(tally(output), "23 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn a_test_that_skipped_itself_did_not_pass() {
        let output = "
test azure ... [skipped] azure: needs the Azure trace
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(tally(output), "2 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn without_a_result_line_nothing_passed() {
        assert_eq!(tally("12 passed; 0 failed"), "0 passed, 0 failed, 0 skipped");
    }
}
