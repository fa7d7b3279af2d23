//! What stands beside a scenario in the Lab: up to four variants of it, and how they travel in an address.
//!
//! ```text
//! #/lab?s=…&v=base64url( version:u8 · checksum:4 · postcard(variants) )
//! ```
//!
//! The scenario stands before them, in whatever way the address names it; a variant is no more than the edits in the place
//! of the scenario's. The checksum is the beginning of the BLAKE3 hash of what follows it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{LinkError, MAX_LINK_CHARACTERS, Privacy, Revealed, SharedScenario, from_base64, prepared};
use crate::scenario::{Edit, Scenario};
use crate::simulation::Digest;

/// The most variants beside a scenario: more are no longer told apart by colour, or on a narrow screen.
pub const MAX_VARIANTS: usize = 4;

/// The longest name of a variant.
pub const MAX_VARIANT_CHARACTERS: usize = 40;

/// The first byte. A change of [`Edit`] that is no new kind at its end, or of the fields here, needs the next number.
const VERSION: u8 = 1;
const CHECKSUM: usize = 4;

/// Names the variants in the address, beside whatever names the scenario.
pub const VARIANTS_PARAMETER: &str = "v";

/// A scenario changed in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// What it is called.
    pub name: String,
    /// In the place of the scenario's own.
    pub edits: Vec<Edit>,
    /// The digest of the outcome that its sender saw; none where nobody sent it.
    pub digest: Option<Digest>,
}

/// A scenario's variants, all run with the same seed over the same streams, so that runs are compared with themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variants {
    /// Of each of them, and of the scenario.
    pub runs: u32,
    /// Of each of them, and of the scenario.
    pub seed: u64,
    /// At least one, at most [`MAX_VARIANTS`].
    pub all: Vec<Variant>,
    /// Which of them is being changed.
    pub chosen: usize,
    /// Which of them the others are compared with; none for the scenario as it came.
    pub against: Option<usize>,
}

impl SharedScenario {
    /// The text behind [`LINK_ROUTE`](super::LINK_ROUTE), with variants.
    ///
    /// # Errors
    /// [`LinkError::TooLong`] beyond [`MAX_LINK_CHARACTERS`], variants included.
    pub fn to_link_with(&self, variants: &Variants) -> Result<String, LinkError> {
        let text = format!("{}&{VARIANTS_PARAMETER}={}", self.to_link()?, variants.to_text());
        if text.len() > MAX_LINK_CHARACTERS {
            return Err(LinkError::TooLong { length: text.len(), limit: MAX_LINK_CHARACTERS });
        }
        Ok(text)
    }
}

impl Variants {
    /// One variant, which is `scenario` as it came.
    pub fn of(scenario: &Scenario) -> Self {
        let variant = Variant { name: "A".to_owned(), edits: scenario.edits.clone(), digest: None };
        Self { runs: scenario.runs, seed: scenario.seed, all: vec![variant], chosen: 0, against: None }
    }

    /// The scenarios to run: `scenario` as it came, then each variant; the first alone where nothing was changed.
    pub fn columns(&self, scenario: &Scenario) -> Vec<Scenario> {
        let with =
            |edits: &[Edit]| Scenario { runs: self.runs, seed: self.seed, edits: edits.to_vec(), ..scenario.clone() };
        let is_unchanged = self.all.len() == 1 && self.all[0].edits == scenario.edits;
        let variants = self.all.iter().filter(|_| !is_unchanged).map(|variant| with(&variant.edits));
        [with(&scenario.edits)].into_iter().chain(variants).collect()
    }

    /// The variant that is being changed.
    ///
    /// # Panics
    /// When `chosen` is none of them.
    pub fn current(&self) -> &Variant {
        &self.all[self.chosen]
    }

    /// With what `scenario` says as the chosen one. The number of runs and the seed are everyone's: what was seen of the
    /// others with another number is what was seen no longer.
    pub fn changed(mut self, scenario: Scenario) -> Self {
        let Scenario { runs, seed, edits, .. } = scenario;
        if (runs, seed) != (self.runs, self.seed) {
            (self.runs, self.seed) = (runs, seed);
            self.all.iter_mut().for_each(|variant| variant.digest = None);
        }
        let current = &mut self.all[self.chosen];
        if current.edits != edits {
            (current.edits, current.digest) = (edits, None);
        }
        self
    }

    /// With a copy of the chosen one, which is chosen then; as it was where there is no room for one.
    pub fn added(mut self) -> Self {
        if self.all.len() < MAX_VARIANTS {
            let is_free = |name: &String| self.all.iter().all(|variant| variant.name != *name);
            // By its place, so that a renamed one does not give its letter to the next.
            let mut letters = ('A'..='Z').skip(self.all.len()).map(String::from);
            let name = letters.find(is_free).expect("there are fewer variants than letters");
            self.all.push(Variant { name, ..self.current().clone() });
            self.chosen = self.all.len() - 1;
        }
        self
    }

    /// Without one of them; as it was where it is the last.
    pub fn removed(mut self, variant: usize) -> Self {
        if self.all.len() > 1 && variant < self.all.len() {
            self.all.remove(variant);
            let moved = |other: usize| if other > variant { other - 1 } else { other };
            self.chosen = moved(self.chosen).min(self.all.len() - 1);
            self.against = self.against.filter(|&against| against != variant).map(moved);
        }
        self
    }

    /// With another name for one of them, cut to its longest; as it was where the name says nothing.
    pub fn renamed(mut self, variant: usize, name: &str) -> Self {
        let name: String = name.trim().chars().filter(|c| !c.is_control()).take(MAX_VARIANT_CHARACTERS).collect();
        if let Some(of) = self.all.get_mut(variant).filter(|_| !name.is_empty()) {
            of.name = name;
        }
        self
    }

    /// The text for an address.
    pub fn to_text(&self) -> String {
        let packed = postcard::to_allocvec(self).expect("variants are plain data");
        let bytes = [&[VERSION], checksum(&packed).as_slice(), &packed].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the text of an address.
    ///
    /// # Errors
    /// When it is cut, damaged or of a newer version. Whether a scenario can have the edits is for
    /// [`ValidScenario`](crate::scenario::ValidScenario) to say.
    pub fn from_text(text: &str) -> Result<Self, LinkError> {
        if text.len() > MAX_LINK_CHARACTERS {
            return Err(LinkError::TooLong { length: text.len(), limit: MAX_LINK_CHARACTERS });
        }
        let bytes = from_base64(text)?;
        let (&version, rest) = bytes.split_first().ok_or(LinkError::Empty)?;
        if version != VERSION {
            return Err(LinkError::UnknownVersion { version, newest: VERSION });
        }
        let (sum, packed) = rest.split_at_checked(CHECKSUM).ok_or(LinkError::Truncated)?;
        if sum != checksum(packed) {
            return Err(LinkError::Damaged);
        }
        let (variants, rest) = postcard::take_from_bytes::<Self>(packed).map_err(|_| LinkError::Damaged)?;
        if variants.all.len() > MAX_VARIANTS {
            let (value, limit) = (variants.all.len() as u64, MAX_VARIANTS as u64);
            return Err(LinkError::TooLarge { what: "variants", value, limit });
        }
        if rest.is_empty() && variants.is_sound() { Ok(variants) } else { Err(LinkError::Damaged) }
    }

    /// The scenario and its variants as they travel, as [`prepared`] has it of a scenario: the same names are numbered in
    /// the same way in all of them, and prices that any of them uses stay.
    pub fn prepared(&self, scenario: &Scenario, privacy: Privacy) -> (Scenario, Self) {
        let of_variants = self.all.iter().flat_map(|variant| variant.edits.iter().cloned());
        let edits = scenario.edits.iter().cloned().chain(of_variants).collect();
        let together = Scenario { runs: self.runs, seed: self.seed, edits, ..scenario.clone() };
        let mut prepared = prepared(&together, privacy);
        let mut rest = prepared.edits.split_off(scenario.edits.len());
        let mut variants = self.clone();
        for (number, variant) in (1..).zip(&mut variants.all) {
            let others = rest.split_off(variant.edits.len());
            variant.edits = core::mem::replace(&mut rest, others);
            if privacy == Privacy::Pseudonyms {
                variant.name = format!("variant {number}");
            }
        }
        (prepared, variants)
    }

    /// What they tell whoever has the link, beside what [`revealed`](super::revealed) has of the (prepared) scenario.
    pub fn revealed(&self, scenario: &Scenario) -> Revealed {
        let words = |variant: &Variant| match scenario.check_edits(&variant.edits) {
            Ok(()) if variant.edits.is_empty() => format!("{} (as it is)", variant.name),
            Ok(()) => {
                format!("{} ({})", variant.name, scenario.edits_in_words(&variant.edits).join(", ").replace('`', ""))
            }
            Err(_) => format!("{} (which the scenario cannot have)", variant.name),
        };
        Revealed { what: "variants", detail: self.all.iter().map(words).collect::<Vec<_>>().join("; ") }
    }

    fn is_sound(&self) -> bool {
        let named = |variant: &Variant| {
            let characters = variant.name.chars().count();
            (1..=MAX_VARIANT_CHARACTERS).contains(&characters) && !variant.name.chars().any(char::is_control)
        };
        let there = |variant: usize| variant < self.all.len();
        there(self.chosen) && self.against.is_none_or(there) && self.all.iter().all(named)
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    blake3::hash(bytes).as_bytes()[..CHECKSUM].try_into().expect("4 of 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::lab_scenario;
    use crate::pricing::{CommitmentDiscount, Coverage};
    use crate::scenario::Outage;
    use crate::units::{NodeGroupIndex, Rate, TenantIndex};

    fn demand(percent: u32) -> Edit {
        Edit::ScaleDemand { tenant: None, percent }
    }

    /// The example with two variants: half as much again asked for, and twice as much by one tenant.
    fn two() -> Variants {
        let scenario = lab_scenario();
        let with = |edits: Vec<Edit>| Scenario { edits, ..scenario.clone() };
        let first = Variants::of(&scenario).changed(with(vec![demand(150)]));
        first.added().changed(with(vec![Edit::ScaleDemand { tenant: Some(TenantIndex(0)), percent: 200 }]))
    }

    #[test]
    fn what_goes_in_comes_out() {
        let mut variants = two().renamed(0, "  more of\u{7} everything ");
        variants.against = Some(0);
        variants.all[1].digest = Some(Digest([0xA5; 32]));
        assert_eq!(variants.all[0].name, "more of everything");
        let text = variants.to_text();
        assert_eq!(Variants::from_text(&text), Ok(variants));
        // Four without what their senders saw: little beside the 8,000 characters of a link.
        let four = two().added().added();
        assert!(four.to_text().len() < 120, "{}", four.to_text().len());
    }

    #[test]
    fn what_was_cut_or_altered_is_refused() {
        let text = two().to_text();
        assert_eq!(Variants::from_text(""), Err(LinkError::Empty));
        assert_eq!(Variants::from_text(&text[..text.len() - 4]), Err(LinkError::Damaged));
        assert_eq!(Variants::from_text(&text[..4]), Err(LinkError::Truncated));
        assert!(matches!(Variants::from_text("%"), Err(LinkError::Character { character: '%', position: 1 })));
        let newer = URL_SAFE_NO_PAD.encode([VERSION + 1, 0, 0, 0, 0]);
        let unknown = LinkError::UnknownVersion { version: VERSION + 1, newest: VERSION };
        assert_eq!(Variants::from_text(&newer), Err(unknown));
        let (mut none, mut nobody, mut five) = (two(), two(), two().added().added());
        none.all.clear();
        nobody.chosen = 2;
        five.all.push(five.all[0].clone());
        for unsound in [none, nobody] {
            assert_eq!(Variants::from_text(&unsound.to_text()), Err(LinkError::Damaged));
        }
        let many = LinkError::TooLarge { what: "variants", value: 5, limit: 4 };
        assert_eq!(Variants::from_text(&five.to_text()), Err(many));
    }

    #[test]
    fn variants_are_added_and_removed() {
        let scenario = lab_scenario();
        let unchanged = Variants::of(&scenario);
        assert_eq!(unchanged.columns(&scenario), std::slice::from_ref(&scenario), "nothing beside itself");
        let edits = |variants: &Variants| -> Vec<Vec<Edit>> {
            variants.columns(&scenario).into_iter().map(|column| column.edits).collect()
        };
        let of_one = Edit::ScaleDemand { tenant: Some(TenantIndex(0)), percent: 200 };
        assert_eq!(edits(&two()), [vec![], vec![demand(150)], vec![of_one.clone()]]);
        let mut three = two().added();
        assert_eq!((three.current().name.as_str(), three.chosen), ("C", 2));
        three.against = Some(2);
        let without = three.clone().removed(0);
        assert_eq!((without.chosen, without.against, without.all[0].name.as_str()), (1, Some(1), "B"));
        assert_eq!(without.added().current().name, "D", "C is taken");
        let without = three.clone().removed(2);
        assert_eq!((without.chosen, without.against), (1, None));
        assert_eq!(three.added().added().all.len(), MAX_VARIANTS);
        assert_eq!(unchanged.clone().removed(0), unchanged, "the last one stays");
        assert_eq!(unchanged.clone().renamed(0, " "), unchanged);
    }

    #[test]
    fn what_was_seen_is_of_what_was_run() {
        let scenario = lab_scenario();
        let mut seen = two();
        seen.all.iter_mut().for_each(|variant| variant.digest = Some(Digest([1; 32])));
        let digests = |variants: &Variants| -> Vec<bool> {
            variants.all.iter().map(|variant| variant.digest.is_some()).collect()
        };
        let edited = seen.clone().changed(Scenario { edits: vec![demand(90)], ..scenario.clone() });
        assert_eq!(digests(&edited), [true, false], "the other is what it was");
        let edits = seen.current().edits.clone();
        let reseeded = seen.clone().changed(Scenario { seed: scenario.seed + 1, edits, ..scenario });
        assert_eq!(digests(&reseeded), [false, false]);
    }

    /// Names are numbered alike in the scenario and in its variants, and what one variant alone needs is there.
    #[test]
    fn names_of_variants_travel_only_when_wanted() {
        let mut scenario = lab_scenario();
        scenario.fleet.node_groups[0].zone = Some("secret-b".to_owned());
        scenario.fleet.node_groups[1].zone = Some("secret-a".to_owned());
        let used = scenario.price_book.types[0].clone();
        scenario.price_book.types.push(crate::pricing::TypePrice { name: "only-here".to_owned(), ..used });
        let window = scenario.window;
        let zone = "secret-b".to_owned();
        let commitment = CommitmentDiscount {
            name: "secret deal".to_owned(),
            covers: Coverage::Spend { rate: Rate::from_nanos(1), price_percent: 70, families: Vec::new() },
            from: window.start,
            until: window.end,
        };
        let edits = vec![
            Edit::ZoneOutage(Outage { zone, from: window.start, until: window.end }),
            Edit::InstanceType { node_group: NodeGroupIndex(0), instance_type: "only-here".to_owned() },
            Edit::Commitments { commitments: vec![commitment] },
        ];
        let variants = two().renamed(0, "secret plan").changed(Scenario { edits, ..scenario.clone() });
        let (hidden, variants_hidden) = variants.prepared(&scenario, Privacy::Pseudonyms);
        let text = format!("{hidden:?} {variants_hidden:?}");
        assert!(!text.contains("secret"), "{text}");
        let revealed = variants_hidden.revealed(&hidden);
        assert!(
            revealed.detail.starts_with("variant 1 (150 % of the demand); variant 2 (zone zone 2 lost"),
            "{revealed:?}"
        );
        let names: Vec<_> = variants_hidden.all.iter().map(|variant| variant.name.as_str()).collect();
        assert_eq!(names, ["variant 1", "variant 2"]);
        assert_eq!(hidden.edits, scenario.edits);
        assert_eq!(variants_hidden.all[0].edits, [demand(150)]);
        let Edit::ZoneOutage(outage) = &variants_hidden.all[1].edits[0] else { panic!("another edit") };
        assert_eq!(Some(&outage.zone), hidden.fleet.node_groups[0].zone.as_ref());
        assert!(hidden.price_book.types.iter().any(|price| price.name == "only-here"));
        assert_eq!(variants.prepared(&scenario, Privacy::Names).1, variants);
    }
}
