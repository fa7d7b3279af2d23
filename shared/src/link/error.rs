//! Why a link or a scenario file cannot be made or read.

/// What is wrong with a link; each message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nothing there.
    #[error("the link is empty; ask the sender to copy it again")]
    Empty,
    /// More characters than an address may have.
    #[error("the scenario needs a link of {length} characters, above the limit of {limit}; send it as a file")]
    TooLong {
        /// How many there are.
        length: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A character that no link has.
    #[error(
        "the link is damaged: `{character}` at character {position} does not belong there; ask the sender to copy it again"
    )]
    Character {
        /// The character.
        character: char,
        /// Where it stands, counted from 1.
        position: usize,
    },
    /// The end is missing.
    #[error("the link is cut short; copy all of it, or ask the sender for a scenario file")]
    Truncated,
    /// Altered on its way.
    #[error("the link is damaged: its checksum does not match; ask the sender to copy it again")]
    Damaged,
    /// Something else altogether.
    #[error(
        "that is no scenario; expected one that the Lab saved, or the JSON of `shadowplane shadow --save-scenario`"
    )]
    Foreign,
    /// Made by a program that came after this one.
    #[error(
        "the link has format version {version}; this page reads versions up to {newest}: reload it, or update Shadowplane"
    )]
    UnknownVersion {
        /// What it says.
        version: u8,
        /// What can be read.
        newest: u8,
    },
    /// Made for a simulator that came after this one.
    #[error("the link was made with engine {theirs}; this page has engine {ours}: reload it, or update Shadowplane")]
    NewerEngine {
        /// The sender's.
        theirs: u32,
        /// The one here.
        ours: u32,
    },
    /// More of something than may be asked for there.
    #[error("asks for {value} {what}; the most is {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        value: u64,
        /// How much there may be.
        limit: u64,
    },
}
