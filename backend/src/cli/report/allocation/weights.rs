//! Who pays how much of the modules, by `--weights`.

use shared::allocation::{Metering, SharedPolicy, read_weights};

use crate::cli::CliError;
use crate::{input, output};

/// What becomes of the modules' cost, before it is known which tenants there are.
pub(super) struct Sharing<'a> {
    policy: &'a str,
    weights: Option<(&'a str, Vec<(String, u64)>)>,
}

impl<'a> Sharing<'a> {
    /// The policy of a name, and the weights in a file where it takes some.
    ///
    /// # Errors
    /// When the file cannot be read, or has no weights.
    pub(super) fn read(policy: &'a str, weights: Option<&'a str>) -> Result<Self, CliError> {
        let read = |path| {
            let weights = read_weights(&input::read_text(path)?).map_err(CliError::in_file(input::name(path)))?;
            Ok::<_, CliError>((path, weights))
        };
        Ok(Self { policy, weights: weights.map(read).transpose()? })
    }

    /// Refuses weights of who is nobody.
    ///
    /// # Errors
    /// When a name is none of a tenant.
    pub(super) fn check(&self, metering: &Metering) -> Result<(), CliError> {
        let Some((path, weights)) = &self.weights else { return Ok(()) };
        let tenants = || metering.tenants.iter().map(|tenant| tenant.name.as_str());
        match weights.iter().find(|(name, _)| !tenants().any(|tenant| tenant == name)) {
            None => Ok(()),
            Some((name, _)) => {
                let (file, name, known) = (input::name(path), output::in_line(name), output::some(tenants()));
                Err(CliError::Data(format!("{file}: nobody is called `{name}`; the tenants are {known}")))
            }
        }
    }

    /// The policy beside the tenants of what was metered; who has no weight pays nothing.
    ///
    /// # Errors
    /// When no policy has the name.
    pub(super) fn of(&self, metering: &Metering) -> Result<SharedPolicy, CliError> {
        let Some((_, weights)) = &self.weights else { return self.policy.parse().map_err(CliError::Usage) };
        let mut by_tenant = vec![0; metering.tenants.len()];
        for (name, weight) in weights {
            if let Some(place) = metering.tenants.iter().position(|tenant| tenant.name == *name) {
                by_tenant[place] = *weight;
            }
        }
        Ok(SharedPolicy::Weighted(by_tenant))
    }
}
