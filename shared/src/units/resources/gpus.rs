//! Which amounts of GPUs there can be: a node has whole devices, a request takes a part of one or whole ones.

use super::{Dimension, Resources};

/// Most GPUs that a node may have.
pub const MAX_DEVICES: usize = 16;

/// A whole device, in milli-GPU.
const WHOLE: u32 = Dimension::Gpu.per_written_unit();

impl Resources {
    /// What is wrong with the GPUs that somebody asks a node for, and what would be right.
    pub fn problem_of_gpus_asked(self) -> Option<String> {
        let gpu = self[Dimension::Gpu];
        (gpu > WHOLE && !gpu.is_multiple_of(WHOLE)).then(|| {
            let written = Dimension::Gpu.write(gpu);
            format!("is {written}; expected a part of one GPU, as 0.5, or a whole number, as {}", gpu / WHOLE)
        })
    }

    /// What is wrong with the GPUs that a node is said to have, and what would be right.
    pub fn problem_of_gpus_owned(self) -> Option<String> {
        let gpu = self[Dimension::Gpu];
        (!gpu.is_multiple_of(WHOLE) || gpu / WHOLE > MAX_DEVICES as u32).then(|| {
            let written = Dimension::Gpu.write(gpu);
            format!("is {written}; expected a whole number of GPUs, and at most {MAX_DEVICES}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_name_what_is_wrong_with_them() {
        let gpu = |milli| Resources::ZERO.with(Dimension::Gpu, milli);
        assert!([0, 1, 999, 1_000, 16_000].into_iter().all(|milli| gpu(milli).problem_of_gpus_asked().is_none()));
        assert!(gpu(1_500).problem_of_gpus_asked().unwrap().starts_with("is 1.5; expected a part of one GPU"));
        assert!([0, 1_000, 16_000].into_iter().all(|milli| gpu(milli).problem_of_gpus_owned().is_none()));
        assert!(gpu(17_000).problem_of_gpus_owned().unwrap().starts_with("is 17; expected a whole number of GPUs"));
        assert!(gpu(500).problem_of_gpus_owned().is_some());
    }
}
