//! What is assumed where nobody says anything.

use super::{Demand, ENGINE, Scenario};
use crate::control_plane::{Autoscaling, Billing, Fleet, Modules, PlacementPolicy, State};
use crate::pricing::PriceFile;
use crate::request::Catalogue;
use crate::units::{Duration, Instant, Window};

impl Scenario {
    /// A control plane on a fleet, at the prices of a file, with everything else as documented; nobody asks for anything, and
    /// its window is empty.
    pub fn on(fleet: Fleet, prices: PriceFile) -> Self {
        let PriceFile { book: price_book, workers, .. } = prices;
        let mut modules = Modules::priced_in(price_book.currency);
        workers.into_iter().for_each(|(module, rate)| modules[module].rate = rate);
        Self {
            name: "shadow".to_owned(),
            engine: ENGINE,
            seed: 1,
            runs: 1,
            window: Window { start: Instant::default(), end: Instant::default() },
            bin: Duration::from_minutes(5),
            time_zone: "UTC".to_owned(),
            tenants: Vec::new(),
            flavors: Vec::new(),
            terms: Vec::new(),
            fleet,
            placement: PlacementPolicy::FirstFit,
            autoscaling: Autoscaling::default(),
            billing: Billing::Fleet,
            modules,
            price_book,
            demand: Demand::Requests(Vec::new()),
            start: State::default(),
            edits: Vec::new(),
        }
    }

    /// What names of flavors in requests stand for: the shapes that its prices and its machines name.
    pub fn catalogue(&self) -> Catalogue {
        let mut catalogue = self.price_book.catalogue();
        for group in &self.fleet.node_groups {
            catalogue.flavors.entry(group.instance_type.clone()).or_insert(group.capacity);
        }
        catalogue
    }
}
