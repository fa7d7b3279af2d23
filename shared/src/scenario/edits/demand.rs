//! What edits do to a stream of requests.

use crate::control_plane::LiveResource;
use crate::random::{Draws, Purpose, key};
use crate::request::{IndexedRequest, Operation};
use crate::scenario::{Burst, Edit};
use crate::stream::scaling_key;
use crate::units::{Duration, FlavorIndex, ResourceIndex, TenantIndex, Window};

/// Keeps the draws of a burst's resources apart from those of everything else.
const BURST: u64 = 0xb0_57;

/// A stream that is edited: the requests of one run of a scenario.
pub(in crate::scenario) struct Stream<'a> {
    pub(in crate::scenario) requests: &'a mut Vec<IndexedRequest>,
    /// Who lives when it begins, by their index as resources.
    pub(in crate::scenario) live: &'a [LiveResource],
    /// Resources from here on are created in it.
    pub(in crate::scenario) first_new: u32,
    pub(in crate::scenario) window: Window,
    pub(in crate::scenario) seed: u64,
    pub(in crate::scenario) run: u32,
    /// How many flavors there are before the next edit.
    pub(in crate::scenario) flavors: usize,
}

impl Stream<'_> {
    /// Does what an edit of demand says; edits of settings leave the stream alone.
    pub(in crate::scenario) fn edit(&mut self, position: usize, edit: &Edit) {
        match *edit {
            Edit::ScaleDemand { tenant, percent } => {
                self.scale(percent, |request| tenant.is_none_or(|tenant| tenant == request.tenant));
            }
            Edit::ScaleFlavor { flavor, percent } => self.scale(percent, |request| request.flavor == flavor),
            Edit::Shift { tenant, by_minutes } => self.shift(tenant, by_minutes),
            Edit::Burst(burst) => self.burst(position, burst),
            Edit::Requested { tenant, flavor, .. } => self.ask_for_own(tenant, flavor),
            Edit::RemoveTenant { tenant } => self.remove(tenant),
            _ => {}
        }
    }

    /// The index of the next resource.
    fn next(&self) -> u32 {
        self.requests.iter().map(|request| request.resource.0 + 1).fold(self.first_new, u32::max)
    }

    /// Multiplies how often what `concerns` picks is created; what comes with a machine stays with it.
    fn scale(&mut self, percent: u32, concerns: impl Fn(&IndexedRequest) -> bool) {
        let (seed, run) = (self.seed, self.run);
        self.multiply(|request| {
            if !concerns(request) {
                return 1;
            }
            let draw = Draws::new(seed, run, Purpose::Thinning, scaling_key(request)).below(0, 100);
            percent / 100 + u32::from(draw < u64::from(percent % 100))
        });
    }

    /// Repeats each create, with all that follows for its resource, as often as `copies` says; the first copy keeps its
    /// index.
    fn multiply(&mut self, copies: impl Fn(&IndexedRequest) -> u32) {
        let (first_new, mut next) = (self.first_new, self.next());
        // Per new resource: how many copies, and the index of the second one.
        let mut plan = vec![(1, 0); (next - first_new) as usize];
        for request in self.requests.iter().filter(|request| request.operation == Operation::Create) {
            let count = copies(request);
            plan[(request.resource.0 - first_new) as usize] = (count, next);
            next += count.saturating_sub(1);
        }
        let repeated = self.requests.drain(..).flat_map(|request| {
            let (count, second) = match request.resource.0.checked_sub(first_new) {
                Some(new) => plan[new as usize],
                None => (1, 0),
            };
            (0..count).map(move |copy| match copy.checked_sub(1) {
                None => request,
                Some(further) => IndexedRequest {
                    resource: ResourceIndex(second + further),
                    draw_key: key(&[request.draw_key, u64::from(copy)]),
                    ..request
                },
            })
        });
        *self.requests = repeated.collect();
    }

    /// Moves what is created in the window, with all that follows for it; what leaves the window is left out, and so is
    /// all that follows a create that does.
    fn shift(&mut self, tenant: Option<TenantIndex>, by_minutes: i32) {
        let by = Duration::from_minutes(i64::from(by_minutes));
        let (first_new, window) = (self.first_new, self.window);
        let mut begins = vec![false; (self.next() - first_new) as usize];
        for request in self.requests.iter_mut() {
            let new = request.resource.0.checked_sub(first_new);
            let moves = new.is_some() && tenant.is_none_or(|tenant| tenant == request.tenant);
            if moves {
                request.at += by;
            }
            let inside = window.start <= request.at && request.at < window.end;
            if let Some(new) = new.filter(|_| request.operation == Operation::Create && inside) {
                begins[new as usize] = true;
            }
        }
        let is_there = |request: &IndexedRequest| {
            request.at < window.end && request.resource.0.checked_sub(first_new).is_none_or(|new| begins[new as usize])
        };
        self.requests.retain(is_there);
        self.requests.sort_by_key(|request| request.at);
    }

    /// Takes out what a tenant asks for, and gives back what it has when the window begins.
    fn remove(&mut self, tenant: TenantIndex) {
        let at = self.window.start;
        let is_its = |(_, live): &(usize, &LiveResource)| live.tenant == tenant;
        let given_back = self.live.iter().enumerate().filter(is_its).map(|(position, live)| IndexedRequest {
            at,
            operation: Operation::Delete,
            tenant,
            resource: ResourceIndex::from_usize(position),
            flavor: live.flavor,
            batch: None,
            lifetime: None,
            terms: None,
            draw_key: live.draw_key,
        });
        let others = self.requests.drain(..).filter(|request| request.tenant != tenant);
        *self.requests = given_back.chain(others).collect();
    }

    /// Has a tenant ask for the flavor that is added for it in place of another.
    fn ask_for_own(&mut self, tenant: TenantIndex, flavor: FlavorIndex) {
        let own = FlavorIndex::from_usize(self.flavors);
        self.flavors += 1;
        let of_both = |request: &&mut IndexedRequest| request.tenant == tenant && request.flavor == flavor;
        self.requests.iter_mut().filter(of_both).for_each(|request| request.flavor = own);
    }

    fn burst(&mut self, position: usize, burst: Burst) {
        let first = self.next();
        for number in 0..burst.count {
            let at = burst.at + Duration::from_micros(spread(burst.over, number, burst.count));
            let create = IndexedRequest {
                at,
                operation: Operation::Create,
                tenant: burst.tenant,
                resource: ResourceIndex(first + number),
                flavor: burst.flavor,
                batch: None,
                lifetime: burst.lifetime,
                terms: None,
                draw_key: key(&[BURST, position as u64, u64::from(number)]),
            };
            let delete = burst
                .lifetime
                .map(|lifetime| IndexedRequest { at: at + lifetime, operation: Operation::Delete, ..create })
                .filter(|delete| delete.at < self.window.end);
            self.requests.extend([create].into_iter().chain(delete));
        }
        self.requests.retain(|request| request.at < self.window.end);
        self.requests.sort_by_key(|request| request.at);
    }
}

/// The microseconds from the beginning of a burst to one of its creates.
fn spread(over: Duration, number: u32, count: u32) -> i64 {
    (i128::from(over.micros()) * i128::from(number) / i128::from(count)) as i64
}
